/** A run by which an agent answered itself: how long it took to start, what it cost and what it left. */

import { t } from "../../language";
import { dollars } from "../../money";
import { StatusBadge } from "../../parts/badge";
import { count } from "../../parts/facts";
import { Cost } from "../../parts/when";
import { to } from "../../route";
import type { CardProps } from "../acts";
import { Left } from "./left";

const OVER = ["succeeded", "failed", "cancelled", "timed_out"];

export function RunCard({ data }: CardProps<"run">) {
  const { tokenUsage: usage, startSeconds } = data;
  return (
    <section class="card told" aria-label={t("cardRun")} data-card="run" data-state={data.state}>
      <p class="row spread">
        <a class="kind" href={to.execution(data.executionId)}>
          {t("cardRun")}
        </a>
        <StatusBadge status={data.state} />
      </p>
      {OVER.includes(data.state) && (
        <>
          <p class="muted used">
            {startSeconds !== null && `${t("runStarted", { seconds: startSeconds.toFixed(1) })} · `}
            {t("rehearseSeconds", { count: Math.round(data.seconds) })}
            {" · "}
            {usage
              ? t("tokensBoth", { input: count(usage.input), output: count(usage.output) })
              : t("unknown")}
            {" · "}
            <Cost shown={dollars(data.costMicroUsd)} />
          </p>
          <Left executionId={data.executionId} hosts={data.hosts} artifacts={data.artifacts} />
        </>
      )}
    </section>
  );
}
