/** The workspace: conversations beside each other, one of them open, in which an agent is designed. */

import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useAction } from "../act";
import * as api from "../api";
import type { Acts } from "../chat/acts";
import { isEnded } from "../chat/cards/rehearsal";
import { Composer } from "../chat/composer";
import { placeOf } from "../chat/kept";
import { ConversationList, useConversations } from "../chat/list";
import { Log } from "../chat/log";
import { type Room, useRoom } from "../chat/room";
import { stop } from "../chat/routes";
import { Shortcuts, useShortcuts } from "../chat/shortcuts";
import { Starters } from "../chat/starters";
import { Meter, StatusLine } from "../chat/status";
import { cardsOf, running, type Transcript, type Turn } from "../chat/transcript";
import { TurnView, Waiting } from "../chat/turn";
import type { Card, Conversation } from "../chat/types";
import { t } from "../language";
import { useLoad } from "../load";
import { Dialog } from "../parts/dialog";
import { Icon } from "../parts/icon";
import { ProblemCard } from "../parts/problem-card";
import { Skeleton } from "../parts/skeleton";
import { to } from "../route";
import { useTitle } from "../title";
import { useUpdates } from "../updates";
import { useWide } from "../wide";

interface ChatProps {
  id: string | null;
  about: string | null;
}

export function ChatPage({ id, about }: ChatProps) {
  const listed = useConversations();
  const room = useRoom(id, about, listed.reload);
  const isWide = useWide();
  const [dialog, setDialog] = useState<"list" | "keys" | null>(null);
  const said = useSignal(0);
  const field = useRef<HTMLTextAreaElement>(null);
  const stopping = useAction();
  const [stopped, setStopped] = useState<string | null>(null);

  const transcript = room.transcript.value;
  const turn = running(transcript);
  const waiting = room.sending.value;
  const isSending = waiting.some((message) => message.problem === null);
  const isSpent = spent(transcript);
  const title = room.about.value?.title ?? transcript.turns[0]?.text ?? t("newConversation");
  useTitle(id === null ? t("workspace") : title);
  useUpdates(["conversation"], listed.reload);
  // A title and a place in the list come with the end of a turn, also where nothing tells of updates.
  useEffect(() => {
    if (id !== null) listed.reload();
  }, [turn?.id]);
  useEffect(() => focusComposer(field.current), [id, about]);

  const say = (text: string, files: Parameters<Room["send"]>[1] = [], runId: string | null = null) => {
    said.value += 1;
    room.send(text, files, runId);
  };
  const askStop = () => {
    if (id === null || turn === null || stopping.busy || stopped === turn.id) return;
    stopping.start(async () => {
      await stop(id);
      setStopped(turn.id);
    });
  };
  const edit = (text: string) => {
    const area = field.current;
    if (!area) return;
    area.value = text;
    area.dispatchEvent(new Event("input", { bubbles: true }));
    area.focus();
  };
  useShortcuts({ stop: askStop, focus: () => field.current?.focus(), list: () => setDialog("keys") });
  const list = <ConversationList listed={listed} open={id} onChosen={() => setDialog(null)} />;
  const isEmpty = id === null && transcript.turns.length === 0 && waiting.length === 0;
  const begun = room.about.value?.mode === "agent" && room.caughtUp.value ? room.about.value : null;
  const isStopping = stopping.busy || (turn !== null && stopped === turn.id);
  return (
    <div class="workspace">
      {isWide && <div class="side">{list}</div>}
      <section class="talk" aria-label={t("workspace")}>
        <div class="talk-head">
          {!isWide && (
            <button
              type="button"
              class="small"
              aria-label={t("conversationsShow")}
              onClick={() => setDialog("list")}
            >
              <Icon name="list" />
            </button>
          )}
          <h1 class="one-line">{isEmpty ? t("workspaceTitle") : title}</h1>
          <Meter transcript={transcript} isWide={isWide} />
          <button type="button" class="small" title={t("shortcuts")} onClick={() => setDialog("keys")}>
            <span aria-hidden="true">?</span>
            <span class="unseen">{t("shortcuts")}</span>
          </button>
        </div>
        {room.feed.value === "reconnecting" && room.problem.value === null && (
          <div class="notice slim" role="status" data-testid="reconnecting">
            {t("chatReconnecting")}
          </div>
        )}
        <Log of={id ?? ""} busy={turn !== null || !room.caughtUp.value} said={said.value}>
          {room.problem.value && <ProblemCard problem={room.problem.value} again={() => location.reload()} />}
          {!room.caughtUp.value && !room.problem.value && <Skeleton lines={6} />}
          {isEmpty && <Empty about={about} choose={edit} />}
          {begun && transcript.turns.length === 0 && waiting.length === 0 && <Begun talk={begun} />}
          {room.caughtUp.value && (
            <Turns
              transcript={transcript}
              room={room}
              id={id}
              busy={turn !== null || isSending}
              say={say}
              edit={edit}
            />
          )}
          {waiting.map((message) => (
            <Waiting
              key={message.clientMessageId}
              message={message}
              onAgain={() => room.again(message)}
              onDrop={() => room.drop(message)}
            />
          ))}
        </Log>
        {stopping.problem && <ProblemCard problem={stopping.problem} />}
        <StatusLine turn={turn} stopping={isStopping} />
        <Composer
          field={field}
          place={placeOf(id, about)}
          busy={turn !== null || isSending}
          stopDisabled={turn === null || isStopping}
          closed={isSpent || room.problem.value?.isFinal === true}
          last={transcript.turns.at(-1)?.text ?? null}
          onSend={say}
          onStop={askStop}
        />
      </section>
      {dialog === "keys" && <Shortcuts onClose={() => setDialog(null)} />}
      {dialog === "list" && !isWide && (
        <Dialog title={t("conversations")} drawer onClose={() => setDialog(null)}>
          {list}
        </Dialog>
      )}
    </div>
  );
}

/** Where a touch would bring up a keyboard over half of the screen, the person opens it. */
function focusComposer(area: HTMLTextAreaElement | null): void {
  if (!area || !matchMedia("(hover: hover)").matches) return;
  area.focus({ preventScroll: true });
  area.setSelectionRange(area.value.length, area.value.length);
}

function spent({ meter }: Transcript): boolean {
  return meter !== null && meter.budgetMicroUsd !== null && (meter.costMicroUsd ?? 0) >= meter.budgetMicroUsd;
}

interface TurnsProps {
  transcript: Transcript;
  room: Room;
  id: string | null;
  busy: boolean;
  say: (text: string) => void;
  edit: (text: string) => void;
}

const KINDS: Card["kind"][] = ["draft", "rehearsal", "price", "choice"];

/** What a price depends on: the draft as it is now, and the test runs that have ended. */
function standingOf({ turns }: Transcript): string {
  const cards = turns.flatMap((turn) =>
    turn.items.flatMap((item) => (item.kind === "card" ? [item.card] : [])),
  );
  const revisions = cards.map((card) => (card.kind === "draft" ? card.data.revision : 0));
  const ended = cards.filter((card) => card.kind === "rehearsal" && isEnded(card.data.state));
  return `${Math.max(0, ...revisions)} ${ended.length}`;
}

function Turns({ transcript, room, id, busy, say, edit }: TurnsProps) {
  const current = useRef({ say, edit });
  current.current = { say, edit };
  const standing = standingOf(transcript);
  const acts = useMemo<Acts>(
    () => ({
      conversationId: id ?? "",
      busy,
      standing,
      say: (text) => current.current.say(text),
      show: room.show,
    }),
    [id, busy, standing],
  );
  const marks = KINDS.map((kind) => cardsOf(transcript, kind).at(-1)).join("\n");
  const newest = useMemo(() => new Set(marks.split("\n")), [marks]);
  const firstDraft = cardsOf(transcript, "draft")[0] ?? null;
  const last = transcript.turns.at(-1);
  const isSpent = spent(transcript);
  // A turn that has not changed keeps its drawing: while one grows, the others cost nothing.
  const drawn = useMemo(() => new WeakMap<Turn, VNode>(), [acts, newest, firstDraft, last?.id, isSpent]);
  return (
    <>
      {transcript.turns.map((turn) => {
        const before = drawn.get(turn);
        if (before) return before;
        const now = (
          <TurnView
            key={turn.id}
            turn={turn}
            isLast={turn === last}
            isSpent={isSpent && turn === last}
            newest={newest}
            firstDraft={firstDraft}
            acts={acts}
            onEdit={(text) => current.current.edit(text)}
          />
        );
        drawn.set(turn, now);
        return now;
      })}
    </>
  );
}

function Empty({ about, choose }: { about: string | null; choose: (text: string) => void }) {
  return (
    <div class="welcome-chat">
      <h2>{t("workspaceEmpty")}</h2>
      {about !== null && <About id={about} />}
      <p class="muted">{t("workspaceHint")}</p>
      {about === null && <Starters choose={choose} />}
    </div>
  );
}

/** With an agent itself, before the first message. */
function Begun({ talk }: { talk: Conversation }) {
  return (
    <div class="welcome-chat">
      <h2>{t("talkEmpty", { name: talk.title })}</h2>
      <p class="muted">{t("talkHint")}</p>
      {talk.agentId !== null && <a href={to.agent(talk.agentId)}>{t("cardOpen")}</a>}
    </div>
  );
}

function About({ id }: { id: string }) {
  const { data } = useLoad(id, (signal) => api.agent(id, signal));
  return (
    <p>
      {data && t("workspaceAbout", { name: data.name })} {data && <a href={to.agent(id)}>{t("cardOpen")}</a>}
    </p>
  );
}
