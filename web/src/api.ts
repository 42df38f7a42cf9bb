/** The platform's HTTP API, one function per route. Every failure is a Problem; nothing here shows anything. */

import { lang } from "./language";
import { Problem } from "./problem";
import type {
  Agent,
  AgentDraft,
  Artifact,
  CalendarEntry,
  Config,
  Delivery,
  Execution,
  Hook,
  Mail,
  Model,
  NewHook,
  Page,
  Schedule,
  SchedulePreview,
  Secret,
  SecretDraft,
  Session,
  Template,
  User,
  WebhookSecret,
  WorkspaceFile,
} from "./types";

interface Request {
  body?: BodyInit;
  json?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** Makes a POST that creates safe to send again; such a request is repeated when no answer came. */
  key?: string;
}

const RESENDS = 2;
const LINK = "/api/auth/link";
const GOOGLE = "/api/auth/google";

let whenSignedOut = (): void => undefined;
/** Called whenever the platform answers that nobody is signed in. */
export function onSignedOut(act: () => void): void {
  whenSignedOut = act;
}

/** Random 128 bits; `randomUUID` is missing where a page is served without TLS. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}

async function send(method: string, path: string, request: Request = {}): Promise<Response> {
  const headers: Record<string, string> = { "Accept-Language": lang.value, ...request.headers };
  if (request.json !== undefined) headers["Content-Type"] = "application/json";
  if (request.key !== undefined) headers["Idempotency-Key"] = request.key;
  const init: RequestInit = { method, headers, credentials: "same-origin" };
  if (request.json !== undefined) init.body = JSON.stringify(request.json);
  else if (request.body !== undefined) init.body = request.body;
  if (request.signal) init.signal = request.signal;
  const response = await reach(path, init, request.key === undefined ? 0 : RESENDS);
  if (response.ok) return response;
  const problem = await Problem.of(response);
  // A link or a sign-in that is refused says nothing about the session.
  if (problem.status === 401 && path !== LINK && path !== GOOGLE) whenSignedOut();
  throw problem;
}

async function reach(path: string, init: RequestInit, resends: number): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    if (resends === 0) throw Problem.offline();
    await new Promise((resolve) => setTimeout(resolve, 600));
    return reach(path, init, resends - 1);
  }
}

export async function read<T>(method: string, path: string, request?: Request): Promise<T> {
  const response = await send(method, path, request);
  try {
    return (await response.json()) as T;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw Problem.offline();
  }
}

export async function done(method: string, path: string, request?: Request): Promise<void> {
  await send(method, path, request);
}

export const part = encodeURIComponent;
/** A path inside a workspace: its slashes stay, everything else is escaped. */
const parts = (path: string): string => path.split("/").map(part).join("/");
const version = (agent: Agent): Record<string, string> => ({ "If-Match": `"${agent.version}"` });

/** The first page and those at `cursors`, as one: what a list shows after "more" was pressed. */
export async function upTo<T>(
  cursors: readonly string[],
  page: (cursor: string | null) => Promise<Page<T>>,
): Promise<Page<T>> {
  const pages = await Promise.all([null, ...cursors].map(page));
  return { items: pages.flatMap(({ items }) => items), nextCursor: pages.at(-1)?.nextCursor ?? null };
}

// Sign in
export const config = () => read<Config>("GET", "/config.json");
export const session = () => read<Session>("GET", "/api/auth/session");
export const signInAsGuest = () => read<{ user: User }>("POST", "/api/auth/guest");
export const signInByLink = (code: string) => read<{ user: User }>("POST", LINK, { json: { code } });
export const googleNonce = () => read<{ nonce: string }>("POST", "/api/auth/nonce");
export const signInWithGoogle = (credential: string, nonce: string) =>
  read<{ user: User }>("POST", GOOGLE, { json: { credential, nonce } });
export const signOut = () => done("POST", "/api/auth/logout");

// Agents
export const templates = (signal?: AbortSignal) => read<Page<Template>>("GET", "/api/templates", { signal });
export const models = (signal?: AbortSignal) => read<Page<Model>>("GET", "/api/models", { signal });
export const agents = (cursor: string | null, signal?: AbortSignal) =>
  read<Page<Agent>>("GET", `/api/agents?limit=50${cursor ? `&cursor=${part(cursor)}` : ""}`, { signal });
export const agent = (id: string, signal?: AbortSignal) =>
  read<Agent>("GET", `/api/agents/${part(id)}`, { signal });
export const createAgent = (draft: AgentDraft, key: string) =>
  read<Agent>("POST", "/api/agents", { json: draft, key });
export const changeAgent = (before: Agent, draft: AgentDraft) =>
  read<Agent>("PATCH", `/api/agents/${part(before.id)}`, { json: draft, headers: version(before) });
export const setStatus = (before: Agent, status: Agent["status"]) =>
  read<Agent>("PATCH", `/api/agents/${part(before.id)}`, { json: { status }, headers: version(before) });
export const deleteAgent = (id: string) => done("DELETE", `/api/agents/${part(id)}`);
export const restoreAgent = (id: string) => read<Agent>("POST", `/api/agents/${part(id)}/restore`);
export const importAgent = (text: string, key: string) =>
  read<Agent>("POST", "/api/agents/import", {
    body: text,
    key,
    headers: { "Content-Type": "text/markdown" },
  });
export const exportHref = (id: string): string => `/api/agents/${part(id)}/export`;

// Schedules
export const previewSchedule = (
  schedule: Schedule | { text: string; timezone: string },
  signal?: AbortSignal,
) => read<SchedulePreview>("POST", "/api/schedules/preview", { json: schedule, signal });

export const calendar = (agentId: string, from: Date, to: Date, signal?: AbortSignal) =>
  read<Page<CalendarEntry>>(
    "GET",
    `/api/agents/${part(agentId)}/calendar?from=${from.toISOString()}&to=${to.toISOString()}`,
    { signal },
  ).then(({ items }) => items);

// Executions
export const run = (agentId: string, key: string) =>
  read<Execution>("POST", `/api/agents/${part(agentId)}/executions`, { json: {}, key });
export const executions = (agentId: string, cursor: string | null, signal?: AbortSignal) =>
  read<Page<Execution>>(
    "GET",
    `/api/executions?agentId=${part(agentId)}&limit=20${cursor ? `&cursor=${part(cursor)}` : ""}`,
    { signal },
  );
export const execution = (id: string, signal?: AbortSignal) =>
  read<Execution>("GET", `/api/executions/${part(id)}`, { signal });
export const cancel = (id: string) => done("POST", `/api/executions/${part(id)}/cancel`);
export const retry = (id: string, key: string) =>
  read<Execution>("POST", `/api/executions/${part(id)}/retry`, { key });
export const artifactHref = (id: string, artifact: Artifact): string =>
  `/api/executions/${part(id)}/artifacts/${parts(artifact.path)}`;

export const openStream = (id: string, after: number, streamUrl: string | null, signal: AbortSignal) =>
  openEvents("GET", `/api/executions/${part(id)}/stream?after=${after}`, streamUrl, { signal });

/** One connection that says events; `streamUrl` is null where the stream has the page's own origin. */
export async function openEvents(
  method: string,
  path: string,
  streamUrl: string | null,
  request: { json?: unknown; signal: AbortSignal },
): Promise<ReadableStream<Uint8Array>> {
  const headers: Record<string, string> = { Accept: "text/event-stream" };
  if (streamUrl !== null) headers.Authorization = `Bearer ${await ticket(request.signal)}`;
  const response = await send(method, `${streamUrl ?? ""}${path}`, { ...request, headers });
  if (response.body === null) throw Problem.offline();
  return response.body;
}

/** One use and 60 seconds: another origin gets no cookie. */
async function ticket(signal: AbortSignal): Promise<string> {
  return (await read<{ ticket: string }>("POST", "/api/stream/ticket", { signal })).ticket;
}

// Secrets
const secretsOf = (agentId: string): string => `/api/agents/${part(agentId)}/secrets`;
export const secrets = (agentId: string, signal?: AbortSignal) =>
  read<Page<Secret>>("GET", secretsOf(agentId), { signal });
export const putSecret = (agentId: string, name: string, draft: SecretDraft) =>
  read<Secret>("PUT", `${secretsOf(agentId)}/${part(name)}`, { json: draft });
export const deleteSecret = (agentId: string, name: string) =>
  done("DELETE", `${secretsOf(agentId)}/${part(name)}`);

// Mails
export const mails = (cursor: string | null, signal?: AbortSignal) =>
  read<Page<Mail>>("GET", `/api/outbox?limit=20${cursor ? `&cursor=${part(cursor)}` : ""}`, { signal });
export const mail = (id: string, signal?: AbortSignal) =>
  read<Mail>("GET", `/api/outbox/${part(id)}`, { signal });

// The workspace
const filesOf = (agentId: string): string => `/api/agents/${part(agentId)}/files`;
export const files = (agentId: string, signal?: AbortSignal) =>
  read<Page<WorkspaceFile>>("GET", filesOf(agentId), { signal });
export const fileHref = (agentId: string, path: string): string => `${filesOf(agentId)}/${parts(path)}`;
export const deleteFile = (agentId: string, path: string) => done("DELETE", fileHref(agentId, path));
export function uploadFile(agentId: string, file: File): Promise<void> {
  const body = new FormData();
  body.append("file", file);
  return done("POST", filesOf(agentId), { body });
}

// A word to those who run the platform
export const giveFeedback = (text: string, place: string, mood: "good" | "bad" | null) =>
  done("POST", "/api/feedback", { json: { text, place, mood } });

// Outgoing webhooks
export const deliveries = (agentId: string, cursor: string | null, signal?: AbortSignal) =>
  read<Page<Delivery>>(
    "GET",
    `/api/agents/${part(agentId)}/deliveries?limit=10${cursor ? `&cursor=${part(cursor)}` : ""}`,
    { signal },
  );
export const webhookSecret = (agentId: string) =>
  read<WebhookSecret>("GET", `/api/agents/${part(agentId)}/webhook-secret`);
export const rotateWebhookSecret = (agentId: string) =>
  read<WebhookSecret>("POST", `/api/agents/${part(agentId)}/webhook-secret`);

// Incoming webhooks
const hooksOf = (agentId: string): string => `/api/agents/${part(agentId)}/hooks`;
export const hooks = (agentId: string, signal?: AbortSignal) =>
  read<Page<Hook>>("GET", hooksOf(agentId), { signal });
export const createHook = (agentId: string) => read<NewHook>("POST", hooksOf(agentId));
export const rotateHook = (agentId: string, id: string) =>
  read<NewHook>("POST", `${hooksOf(agentId)}/${part(id)}/rotate`);
export const deleteHook = (agentId: string, id: string) => done("DELETE", `${hooksOf(agentId)}/${part(id)}`);
