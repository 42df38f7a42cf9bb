/** The routes of the workspace. Every failure is a Problem. */

import { done, newKey, openEvents, part, read } from "../api";
import { lang } from "../language";
import { Problem } from "../problem";
import { messages, SILENCE } from "../stream";
import type { Agent, AgentDraft, Execution } from "../types";
import type { ChatEvent, Conversation, Conversations, DraftCard, PriceCard, Upload } from "./types";

const at = (id: string): string => `/api/conversations/${part(id)}`;
const ATTEMPTS = 3;
const BETWEEN = 800;

export interface NewMessage {
  conversationId?: string;
  agentId?: string;
  message: string;
  clientMessageId: string;
  files?: string[];
  /** The run that it is about. */
  runId?: string;
}

/** What the platform says first of a turn; from here on the turn goes on whoever listens. */
export type Accepted = ChatEvent & { conversationId: string };

export const conversations = (cursor: string | null, signal?: AbortSignal) =>
  read<Conversations>("GET", `/api/conversations?limit=30${cursor ? `&cursor=${part(cursor)}` : ""}`, {
    signal,
  });
export const conversation = (id: string, signal?: AbortSignal) =>
  read<Conversation>("GET", at(id), { signal });
export const deleteConversation = (id: string) => done("DELETE", at(id));
/** The press that calls this is the person's consent to what the agent may cost in this conversation. */
export const talkTo = (agentId: string, capMicroUsd: number, key: string) =>
  read<Conversation>("POST", `/api/agents/${part(agentId)}/conversations`, { json: { capMicroUsd }, key });
export const stop = (id: string) => done("POST", `${at(id)}/stop`);
export const openConversation = (id: string, after: number, streamUrl: string | null, signal: AbortSignal) =>
  openEvents("GET", `${at(id)}/stream?after=${after}`, streamUrl, { signal });

/** Begins a turn. The same `clientMessageId` never begins a second one, so it is sent again where no answer came. */
export async function say(
  message: NewMessage,
  streamUrl: string | null,
  signal: AbortSignal,
): Promise<Accepted> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await firstEvent(message, streamUrl, signal);
    } catch (error) {
      if (signal.aborted || attempt === ATTEMPTS || !(error instanceof Problem) || error.status !== 0)
        throw error;
      await new Promise((resolve) => setTimeout(resolve, BETWEEN * attempt));
    }
  }
}

async function firstEvent(
  json: NewMessage,
  streamUrl: string | null,
  signal: AbortSignal,
): Promise<Accepted> {
  const body = await openEvents("POST", "/api/conversation", streamUrl, { json, signal });
  try {
    for await (const message of messages(body, SILENCE)) {
      const event = JSON.parse(message.data) as Accepted | Refused;
      if (event.type === "error") throw new Problem(409, event.code, event.detail ?? null, null);
      if (event.conversationId) return event;
    }
  } catch (error) {
    if (error instanceof Problem || signal.aborted) throw error;
  }
  throw Problem.offline();
}

/** A refusal that came after the stream had begun. */
interface Refused {
  type: "error";
  code: string;
  detail?: string | null;
  conversationId?: string;
}

// The person's acts on cards
export const changeDraft = (id: string, revision: number, agent: Partial<AgentDraft>) =>
  read<DraftCard>("PATCH", `${at(id)}/draft`, { json: { revision, agent } }).catch(atFieldsOf("agent."));
export const saveDraft = (id: string, revision: number, activate: boolean, key: string) =>
  read<Agent>("POST", `${at(id)}/draft/save`, { json: { revision, activate }, key });
export const rehearse = (id: string, revision: number, allow: string[], key: string) =>
  read<Execution>("POST", `${at(id)}/rehearsals`, {
    json: { revision, ...(allow.length > 0 && { allow }) },
    key,
  });

export const price = (id: string, signal?: AbortSignal) =>
  read<PriceCard>("GET", `${at(id)}/price`, { signal });

/** Field errors named as the form names its fields, not as the request does. */
const atFieldsOf = (prefix: string) => (error: unknown) => {
  if (!(error instanceof Problem)) throw error;
  const errors = error.errors.map((one) =>
    one.field.startsWith(prefix) ? { ...one, field: one.field.slice(prefix.length) } : one,
  );
  throw new Problem(error.status, error.code, error.detail, error.requestId, errors, error.retryAfter);
};

/** Puts a file there; `progress` is told the part that has gone, 0 to 1. Fetch tells no progress of what it sends. */
export function upload(file: File, progress: (part: number) => void, signal: AbortSignal): Promise<Upload> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/api/uploads");
    request.setRequestHeader("Accept-Language", lang.value);
    request.setRequestHeader("Idempotency-Key", newKey());
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onerror = () => reject(Problem.offline());
    request.onload = () => settle(request, resolve, reject);
    signal.addEventListener("abort", () => request.abort());
    const body = new FormData();
    body.append("file", file);
    request.send(body);
  });
}

function settle(
  request: XMLHttpRequest,
  resolve: (made: Upload) => void,
  reject: (problem: Problem) => void,
): void {
  const headers = new Headers();
  for (const name of ["content-type", "retry-after", "x-request-id"]) {
    const value = request.getResponseHeader(name);
    if (value !== null) headers.set(name, value);
  }
  const response = new Response(request.responseText, { status: request.status, headers });
  if (!response.ok) Problem.of(response).then(reject);
  else response.json().then(resolve, () => reject(Problem.offline()));
}
