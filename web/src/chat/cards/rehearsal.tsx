/** A test run: proposed, going on second by second, and what came of it. */

import { useEffect, useState } from "preact/hooks";
import { useAction } from "../../act";
import * as api from "../../api";
import { lang, t } from "../../language";
import { useRefresh } from "../../load";
import { dollars } from "../../money";
import { KindBadge, StatusBadge } from "../../parts/badge";
import { count } from "../../parts/facts";
import { Markdown } from "../../parts/markdown";
import { ProblemCard } from "../../parts/problem-card";
import { Cost } from "../../parts/when";
import { to } from "../../route";
import { now } from "../../state";
import type { Execution } from "../../types";
import { type Acts, type CardProps, useKey } from "../acts";
import { rehearse } from "../routes";
import type { RehearsalCard as Rehearsal, RehearsalState } from "../types";
import { Left } from "./left";

export const isEnded = (state: RehearsalState): boolean =>
  state !== "proposed" && state !== "queued" && state !== "running";

export function RehearsalCard({ data, isNewest, acts, replace }: CardProps<"rehearsal">) {
  const { shown, ask } = useProgress(data);
  const over = isEnded(shown.state);
  const refused = shown.allowable ?? shown.hosts.filter(({ allowed }) => !allowed).map(({ host }) => host);
  const began = (execution: Execution) =>
    replace({ ...data, state: "queued", executionId: execution.id, hosts: [], artifacts: [], result: null });
  // A proposal that a newer one has replaced offers nothing any more.
  if (shown.state === "proposed" && !isNewest) return null;
  return (
    <section class="card told" aria-label={t("cardRehearsal")} data-card="rehearsal" data-state={shown.state}>
      <p class="row spread">
        <span class="kind">{t("cardRehearsal")}</span>
        {shown.state === "proposed" ? (
          <span class="badge">{t("rehearseProposed")}</span>
        ) : (
          <span class="row">
            {shown.resultKind && shown.resultKind !== "done" && (
              <KindBadge execution={{ resultKind: shown.resultKind, resultKindSource: null }} />
            )}
            <StatusBadge status={shown.state} />
          </span>
        )}
      </p>
      {shown.state === "proposed" && (
        <>
          <p>{t("rehearseCap", { cap: dollars(shown.cap) ?? "" })}</p>
          <div class="row">
            <RehearseButton revision={data.revision} acts={acts} words={t("rehearse")} began={began} main />
          </div>
        </>
      )}
      {shown.state !== "proposed" && !over && <Going shown={shown} ask={ask} />}
      {over && <Outcome shown={shown} />}
      {over && isNewest && (
        <div class="row">
          {refused.length > 0 && (
            <RehearseButton
              revision={data.revision}
              acts={acts}
              allow={refused}
              words={t("rehearseAllow", { hosts: refused.join(", ") })}
              main
            />
          )}
          <RehearseButton revision={data.revision} acts={acts} words={t("rehearseAgain")} />
          {shown.executionId && (
            <a class="button" href={to.execution(shown.executionId)}>
              {t("rehearseRun")}
            </a>
          )}
        </div>
      )}
    </section>
  );
}

/** The card as the platform tells it, and between that what its execution says itself. */
function useProgress(data: Rehearsal): { shown: Rehearsal; ask: () => void } {
  const [execution, setExecution] = useState<Execution | null>(null);
  const { executionId: id, state } = data;
  const isGoing = id !== null && !isEnded(state) && state !== "proposed";
  const ask = () => {
    if (id !== null) void api.execution(id).then(setExecution, () => undefined);
  };
  useRefresh(isGoing, ask);
  useEffect(() => {
    if (isGoing) ask();
  }, [id]);
  if (!isGoing || execution === null || execution.id !== id) return { shown: data, ask };
  return { shown: { ...data, ...told(execution) }, ask };
}

function told(execution: Execution): Partial<Rehearsal> {
  const { status, startTime, endTime, error } = execution;
  const end = endTime ? new Date(endTime) : now.value;
  const state =
    status === "launching" ? "queued" : status === "skipped" || status === "missed" ? "failed" : status;
  return {
    state,
    seconds: startTime ? Math.max(0, Math.floor((end.getTime() - Date.parse(startTime)) / 1000)) : null,
    result: execution.result,
    resultKind: execution.resultKind,
    error: error === null ? null : { ko: error, en: error },
    tokenUsage: execution.tokenUsage,
    costMicroUsd: execution.costMicroUsd,
    hosts: execution.hosts,
    artifacts: execution.artifacts,
  };
}

function Going({ shown, ask }: { shown: Rehearsal; ask: () => void }) {
  const stopping = useAction();
  const { executionId: id } = shown;
  const stop = () =>
    stopping.start(async () => {
      if (id !== null) await api.cancel(id);
      ask();
    });
  return (
    <div class="row spread">
      <p class="progress">
        <span class="dot" aria-hidden="true" />
        {t(shown.state === "queued" ? "waitingTurn" : "running")}
        {shown.seconds != null && <span>{t("rehearseSeconds", { count: shown.seconds })}</span>}
      </p>
      <button type="button" class="small" disabled={stopping.busy || id === null} onClick={stop}>
        {t("rehearseStop")}
      </button>
      {stopping.problem && <ProblemCard problem={stopping.problem} />}
    </div>
  );
}

function Outcome({ shown }: { shown: Rehearsal }) {
  const usage = shown.tokenUsage;
  return (
    <>
      {shown.error && <p class="wrong">{shown.error[lang.value]}</p>}
      {shown.result && (
        <div class="result-box">
          <Markdown text={shown.result} />
        </div>
      )}
      <dl class="pairs">
        {shown.seconds != null && (
          <>
            <dt>{t("duration")}</dt>
            <dd>{t("rehearseSeconds", { count: shown.seconds })}</dd>
          </>
        )}
        <dt>{t("tokens")}</dt>
        <dd>
          {usage ? t("tokensBoth", { input: count(usage.input), output: count(usage.output) }) : t("unknown")}
        </dd>
        <dt>{t("cost")}</dt>
        <dd>
          <Cost shown={dollars(shown.costMicroUsd)} />{" "}
          <span class="muted">{t("costAgainst", { cap: dollars(shown.cap) ?? "" })}</span>
        </dd>
      </dl>
      <Left executionId={shown.executionId} hosts={shown.hosts} artifacts={shown.artifacts} />
    </>
  );
}

interface RehearseProps {
  revision: number;
  acts: Acts;
  words: string;
  allow?: string[];
  disabled?: boolean;
  main?: boolean;
  began?: (execution: Execution) => void;
}

/** Starts a test run: this press is what allows it to cost something. */
export function RehearseButton(props: RehearseProps) {
  const { revision, acts, words, allow = [], disabled = false, main = false, began } = props;
  const starting = useAction();
  const once = useKey();
  const start = () =>
    starting.start(async () => {
      const execution = await once((key) => rehearse(acts.conversationId, revision, allow, key));
      began?.(execution);
    });
  return (
    <>
      <button
        type="button"
        class={main ? "primary" : ""}
        disabled={disabled || starting.busy}
        onClick={start}
      >
        {starting.busy ? t("starting") : words}
      </button>
      {starting.problem && <ProblemCard problem={starting.problem} />}
    </>
  );
}
