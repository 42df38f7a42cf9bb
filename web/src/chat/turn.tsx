/** One message and its answer. */

import { lang, t } from "../language";
import { dollars } from "../money";
import { Copy } from "../parts/copy";
import { count, size } from "../parts/facts";
import { Icon } from "../parts/icon";
import { ProblemCard } from "../parts/problem-card";
import { to } from "../route";
import type { Acts } from "./acts";
import { DraftCard } from "./cards/draft";
import { RehearsalCard } from "./cards/rehearsal";
import { RunCard } from "./cards/run";
import { AgentCard, ChoiceCard, PriceCard, ScheduleCard } from "./cards/told";
import { Growing } from "./growing";
import type { Sending } from "./room";
import { type Turn, wordsOf } from "./transcript";
import type { Card, ChatEvent, Upload } from "./types";

interface TurnProps {
  turn: Turn;
  isLast: boolean;
  /** The conversation's own budget ended it: another conversation has one of its own.  A month's end it does not help. */
  isSpent: boolean;
  /** The newest card of each kind in the whole conversation, as `turn card`. */
  newest: ReadonlySet<string>;
  firstDraft: string | null;
  acts: Acts;
  onEdit: (text: string) => void;
}

export function TurnView({ turn, isLast, isSpent, newest, firstDraft, acts, onEdit }: TurnProps) {
  const over = turn.end !== null;
  const words = wordsOf(turn);
  return (
    <article class="turn" data-turn={turn.id} data-end={turn.end?.reason}>
      <Mine text={turn.text} files={turn.files} runId={turn.runId}>
        {over && (
          <div class="row acts">
            <Copy text={turn.text} label={t("copyMessage")} />
            {isLast && (
              <button type="button" class="small" onClick={() => onEdit(turn.text)}>
                {t("editLast")}
              </button>
            )}
          </div>
        )}
      </Mine>
      <div class="answer">
        <span class="unseen">{t("designer")}: </span>
        {turn.notice && (
          <p class="notice" data-testid="turn-notice">
            {turn.notice[lang.value]}
          </p>
        )}
        {turn.items.map((item) =>
          item.kind === "text" ? (
            <Growing key={`text ${item.part}`} text={item.text} />
          ) : (
            <CardView
              key={`card ${item.id}`}
              card={item.card}
              isNewest={newest.has(`${turn.id} ${item.id}`)}
              isFirst={firstDraft === `${turn.id} ${item.id}`}
              isAnswered={!isLast}
              acts={acts}
              replace={(card) =>
                acts.show({ type: "card", turn: turn.id, card: item.id, ...card } as ChatEvent)
              }
            />
          ),
        )}
        {over && <End turn={turn} isSpent={isSpent} again={isLast ? () => acts.say(turn.text) : null} />}
        {over && (
          <div class="row foot">
            {words !== "" && <Copy text={words} label={t("copyMessage")} />}
            <Used turn={turn} />
          </div>
        )}
      </div>
    </article>
  );
}

interface CardViewProps {
  card: Card;
  isNewest: boolean;
  isFirst: boolean;
  isAnswered: boolean;
  acts: Acts;
  replace: (card: Card) => void;
}

function CardView({ card, replace, isAnswered, isFirst, ...common }: CardViewProps) {
  switch (card.kind) {
    case "draft":
      return (
        <DraftCard
          {...common}
          isFirst={isFirst}
          data={card.data}
          replace={(data) => replace({ kind: "draft", data })}
        />
      );
    case "schedule":
      return <ScheduleCard {...common} data={card.data} replace={() => undefined} />;
    case "price":
      return <PriceCard {...common} data={card.data} replace={() => undefined} />;
    case "rehearsal":
      return (
        <RehearsalCard
          {...common}
          data={card.data}
          replace={(data) => replace({ kind: "rehearsal", data })}
        />
      );
    case "agent":
      return <AgentCard {...common} data={card.data} replace={() => undefined} />;
    case "choice":
      return <ChoiceCard {...common} isAnswered={isAnswered} data={card.data} replace={() => undefined} />;
    case "run":
      return <RunCard {...common} data={card.data} replace={() => undefined} />;
    default:
      // A kind that this page does not know yet.
      return null;
  }
}

interface MineProps {
  text: string;
  files: Upload[];
  runId: string | null;
  children?: preact.ComponentChildren;
}

const Mine = ({ text, files, runId, children }: MineProps) => (
  <div class="mine">
    <span class="unseen">{t("me")}: </span>
    <p class="bubble">{text}</p>
    {runId !== null && (
      <p class="chips">
        <a class="chip" href={to.execution(runId)}>
          <Icon name="clock" />
          {t("aboutRun")}
        </a>
      </p>
    )}
    {files.length > 0 && (
      <ul class="chips" aria-label={t("attached")}>
        {files.map((file) => (
          <li key={file.id} class="chip">
            <Icon name="file" />
            {file.name} <span class="muted">{size(file.bytes)}</span>
          </li>
        ))}
      </ul>
    )}
    {children}
  </div>
);

interface EndProps {
  turn: Turn;
  isSpent: boolean;
  again: (() => void) | null;
}

function End({ turn, isSpent, again }: EndProps) {
  const { end } = turn;
  if (end === null || end.reason === "done") return null;
  return (
    <div class={end.reason === "stopped" ? "notice" : "notice bad"}>
      <p class="notice-title">
        <Icon name={end.reason === "stopped" ? "stop" : "warn"} />
        {t(`end_${end.reason}`)}
      </p>
      {end.detail && <p>{end.detail[lang.value]}</p>}
      {end.reason === "budget" && !isSpent && (
        <p>
          <a href={to.account()}>{t("seeLimits")}</a>
        </p>
      )}
      {isSpent ? (
        <>
          <p>{t("budgetNext")}</p>
          <p>
            <a class="button small" href={to.chat()}>
              {t("newConversation")}
            </a>
          </p>
        </>
      ) : (
        again && (
          <p>
            <button type="button" class="small" onClick={again}>
              {t("sayAgain")}
            </button>
          </p>
        )
      )}
    </div>
  );
}

function Used({ turn }: { turn: Turn }) {
  if (turn.usage === null) return null;
  const { tokenUsage, costMicroUsd } = turn.usage;
  return (
    <span class="muted used" data-testid="turn-usage">
      {t("tokensBoth", { input: count(tokenUsage.input), output: count(tokenUsage.output) })}
      {" · "}
      {t("costOf", { cost: dollars(costMicroUsd) ?? t("unknown") })}
    </span>
  );
}

interface WaitingProps {
  message: Sending;
  onAgain: () => void;
  onDrop: () => void;
}

/** A message that the platform has not taken yet, or refused. */
export const Waiting = ({ message, onAgain, onDrop }: WaitingProps) => (
  <article class="turn" data-sending>
    <Mine text={message.text} files={message.files} runId={message.runId ?? null}>
      {message.problem === null ? (
        <p class="muted used">{t("sendingNow")}</p>
      ) : (
        <div class="acts">
          <ProblemCard problem={message.problem} again={onAgain} />
          <button type="button" class="small" onClick={onDrop}>
            {t("discard")}
          </button>
        </div>
      )}
    </Mine>
  </article>
);
