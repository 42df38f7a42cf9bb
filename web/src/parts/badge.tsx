/** States as an icon and a word: colour alone says nothing. */

import { t } from "../language";
import type { Execution, ExecutionStatus, LastExecution, ResultKind } from "../types";
import { Icon, type IconName } from "./icon";

type Tone = "good" | "bad" | "busy" | "calm";

const LOOKS: Record<ExecutionStatus, [Tone, IconName]> = {
  queued: ["busy", "clock"],
  launching: ["busy", "clock"],
  running: ["busy", "play"],
  succeeded: ["good", "check"],
  failed: ["bad", "cross"],
  cancelled: ["calm", "stop"],
  timed_out: ["bad", "clock"],
  skipped: ["calm", "skip"],
  missed: ["calm", "skip"],
};

export const statusIcons = Object.fromEntries(
  Object.entries(LOOKS).map(([status, [, icon]]) => [status, icon]),
) as Record<ExecutionStatus, IconName>;

export function StatusBadge({ status }: { status: ExecutionStatus }) {
  const [tone, icon] = LOOKS[status];
  return (
    <span class={`badge ${tone}`} data-status={status}>
      <Icon name={icon} />
      {t(status)}
    </span>
  );
}

export const PlannedBadge = () => (
  <span class="badge calm" data-status="planned">
    <Icon name="clock" />
    {t("planned")}
  </span>
);

const KINDS: Record<ResultKind, [Tone, IconName]> = {
  done: ["good", "check"],
  partial: ["calm", "warn"],
  nothing_new: ["calm", "skip"],
  blocked: ["bad", "stop"],
};

/** How a run ended, by what came of it: one that was kept from its work is no plain success. */
export const EndBadge = ({ last }: { last: LastExecution }) =>
  last.resultKind && last.resultKind !== "done" ? (
    <KindBadge execution={{ resultKind: last.resultKind, resultKindSource: null }} />
  ) : (
    <StatusBadge status={last.status} />
  );

/** What kind of result a run left; one that was only inferred says so. */
export function KindBadge({ execution }: { execution: Pick<Execution, "resultKind" | "resultKindSource"> }) {
  const { resultKind: kind, resultKindSource: source } = execution;
  if (!kind) return null;
  const [tone, icon] = KINDS[kind];
  const isGuess = source === "inferred";
  return (
    <span class={`badge ${tone}`} data-kind={kind} title={isGuess ? t("kindInferredHint") : undefined}>
      <Icon name={icon} />
      {t(`kind_${kind}`)}
      {isGuess && ` (${t("kindInferred")})`}
    </span>
  );
}

export const DemoBadge = ({ words }: { words: "demo" | "demoRun" | "demoShort" }) => (
  <span class="badge demo" title={t("demoHint")}>
    <Icon name="warn" />
    {t(words)}
  </span>
);
