/** The conversation that is open: its transcript as it grows, what is being sent, and the state of the connection. */

import { batch, type Signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { newKey } from "../api";
import { Problem } from "../problem";
import { renamed, to } from "../route";
import { whileSeen } from "../seen";
import { streamUrl } from "../state";
import { type FeedState, follow, pause } from "../stream";
import { frames } from "./frames";
import { type Kept, keepOnTheirWay, onTheirWay, placeOf } from "./kept";
import { type Accepted, conversation, openConversation, say } from "./routes";
import { EMPTY, grown, type Transcript } from "./transcript";
import type { ChatEvent, Conversation, Upload } from "./types";

/** A message that the platform has not taken yet. */
export interface Sending extends Kept {
  problem: Problem | null;
}

export interface Room {
  about: Signal<Conversation | null>;
  transcript: Signal<Transcript>;
  sending: Signal<Sending[]>;
  feed: Signal<FeedState>;
  problem: Signal<Problem | null>;
  /** Everything that had been said when the page came is here. */
  caughtUp: Signal<boolean>;
  send: (text: string, files: Upload[], runId?: string | null) => void;
  again: (message: Sending) => void;
  drop: (message: Sending) => void;
  /** Shows at once what the platform answered to a person's act. */
  show: (event: ChatEvent) => void;
}

export function useRoom(id: string | null, agentId: string | null, onBegun: () => void): Room {
  const room = {
    about: useSignal<Conversation | null>(null),
    transcript: useSignal<Transcript>(EMPTY),
    sending: useSignal<Sending[]>([]),
    feed: useSignal<FeedState>("connecting"),
    problem: useSignal<Problem | null>(null),
    caughtUp: useSignal(false),
  };
  /** The conversation that a message of this page began: what is shown of it stays. */
  const begun = useRef<string | null>(null);
  const place = useRef({ id, agentId });
  place.current = { id, agentId };
  const here = placeOf(id, agentId);
  const setSending = (sending: Sending[]) => put(room, here, sending);
  useEffect(() => {
    const abort = new AbortController();
    const isOurs = id !== null && begun.current === id;
    if (!isOurs) {
      clear(room);
      // Whether they arrived before the page was left nobody knows: the person may send them again, as the same.
      const lost = onTheirWay(here);
      room.sending.value = lost.map((message) => ({ ...message, problem: Problem.offline() }));
    }
    room.caughtUp.value = isOurs || id === null;
    if (id !== null)
      watch(id, room, abort.signal).catch((error: unknown) => failed(room, error, abort.signal));
    return () => abort.abort();
  }, [id, agentId]);

  const transmit = async (message: Sending): Promise<void> => {
    const from = place.current;
    try {
      const accepted = await say(
        {
          ...(id === null ? agentId !== null && { agentId } : { conversationId: id }),
          message: message.text,
          clientMessageId: message.clientMessageId,
          ...(message.files.length > 0 && { files: message.files.map((file) => file.id) }),
          ...(message.runId !== undefined && { runId: message.runId }),
        },
        streamUrl.value,
        new AbortController().signal,
      );
      // Who has gone elsewhere meanwhile stays there: the conversation stands in the list.
      if (place.current.id === from.id && place.current.agentId === from.agentId) taken(accepted);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setSending(
        room.sending.value.map((one) =>
          one.clientMessageId === message.clientMessageId ? { ...one, problem: error } : one,
        ),
      );
    }
  };
  const taken = (accepted: Accepted): void => {
    if (id !== null) return;
    batch(() => {
      // Nothing came before the first event of a conversation; that of another waits for its turn in the stream.
      room.transcript.value = grown(EMPTY, [accepted]);
      setSending(notYet(room.sending.value, room.transcript.value));
    });
    begun.current = accepted.conversationId;
    onBegun();
    renamed(to.chat(accepted.conversationId));
  };
  return {
    ...room,
    send(text, files, runId = null) {
      const about = runId === null ? {} : { runId };
      const message = { clientMessageId: newKey(), text, files, ...about, problem: null };
      setSending([...room.sending.value, message]);
      void transmit(message);
    },
    again(message) {
      const fresh = { ...message, problem: null };
      setSending(room.sending.value.map((one) => (one === message ? fresh : one)));
      void transmit(fresh);
    },
    drop(message) {
      setSending(room.sending.value.filter((one) => one !== message));
    },
    show(event) {
      room.transcript.value = grown(room.transcript.value, [event]);
    },
  };
}

type State = Omit<Room, "send" | "again" | "drop" | "show">;

/** Shows these as on their way in that place, and keeps them over a reload. */
function put(room: State, place: string, sending: Sending[]): void {
  if (room.sending.value === sending) return;
  room.sending.value = sending;
  keepOnTheirWay(place, sending);
}

function clear(room: State): void {
  batch(() => {
    room.about.value = null;
    room.transcript.value = EMPTY;
    room.sending.value = [];
    room.problem.value = null;
    room.feed.value = "connecting";
  });
}

function failed(room: State, error: unknown, signal: AbortSignal): void {
  if (signal.aborted) return;
  if (!(error instanceof Problem)) throw error;
  batch(() => {
    room.problem.value = error;
    room.caughtUp.value = true;
  });
}

async function watch(id: string, room: State, signal: AbortSignal): Promise<void> {
  room.about.value = await conversation(id, signal);
  const { lastSeq } = room.about.value;
  const isCaughtUp = () => room.transcript.value.lastSeq >= lastSeq;
  room.caughtUp.value ||= isCaughtUp();
  const arrive = frames<ChatEvent>((events) => {
    if (signal.aborted) return;
    batch(() => {
      room.transcript.value = grown(room.transcript.value, events);
      put(room, id, notYet(room.sending.value, room.transcript.value));
      room.caughtUp.value ||= isCaughtUp();
    });
  });
  const feed = {
    event: arrive,
    state: (state: FeedState) => {
      room.feed.value = state;
    },
  };
  const source = {
    open: (seq: number, closed: AbortSignal) => openConversation(id, seq, streamUrl.value, closed),
    pause,
  };
  await whileSeen((seen) => follow(source, room.transcript.value.lastSeq, feed, seen), signal);
  // A stream that ends by itself belongs to a conversation that is gone: asking for it says so.
  if (!signal.aborted) room.about.value = await conversation(id, signal);
}

/** Those that no turn stands for yet. */
const notYet = (sending: Sending[], { turns }: Transcript): Sending[] => {
  const left = sending.filter((one) => !turns.some((turn) => turn.clientMessageId === one.clientMessageId));
  return left.length === sending.length ? sending : left;
};
