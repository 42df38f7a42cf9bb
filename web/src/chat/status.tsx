/** What happens now, and what it has cost: one line of fixed height, so that nothing jumps. */

import { t } from "../language";
import { dollars } from "../money";
import type { Transcript, Turn } from "./transcript";

export function StatusLine({ turn, stopping }: { turn: Turn | null; stopping: boolean }) {
  const words =
    turn === null ? "" : stopping ? t("statusStopping") : (turn.status?.text ?? t("statusThinking"));
  // Seconds that count up are for the eye: a screen reader hears only what is new about it.
  const said = words.replace(/\s*\d+\s*(초|s\b|seconds?\b)/g, "").trim();
  return (
    <div class="status-line">
      {words !== "" && (
        <p class="progress" aria-hidden="true" data-testid="status">
          <span class="dot" />
          <span class="one-line">{words}</span>
        </p>
      )}
      <span class="unseen" role="status">
        {said}
      </span>
    </div>
  );
}

export function Meter({ transcript, isWide }: { transcript: Transcript; isWide: boolean }) {
  const { meter } = transcript;
  if (meter === null) return null;
  const cost = dollars(meter.costMicroUsd) ?? t("unknown");
  const budget = meter.budgetMicroUsd;
  if (budget === null) return <span class="muted used">{t("conversationSpent", { cost })}</span>;
  return (
    <span class="muted used meter" data-testid="meter">
      <span title={t("conversationCost")}>
        {t(isWide ? "conversationBudget" : "conversationShort", { cost, budget: dollars(budget) ?? "" })}
      </span>
      <meter
        min={0}
        max={budget}
        value={Math.min(meter.costMicroUsd ?? 0, budget)}
        aria-label={t("conversationCost")}
      />
    </span>
  );
}
