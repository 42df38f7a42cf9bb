/** A request that failed: what happened, what to do about it, and the number to ask with. */

import { t } from "../language";
import type { Problem } from "../problem";
import { to } from "../route";
import { now } from "../state";
import { Copy } from "./copy";
import { Icon } from "./icon";

export function ProblemCard({ problem, again }: { problem: Problem; again?: (() => void) | undefined }) {
  const { title, hint } = sentences(problem);
  const saysMore = problem.detail !== `${title}.` && problem.errors.length === 0;
  return (
    <div class="notice bad" role="alert">
      <p class="notice-title">
        <Icon name="warn" />
        {title}
      </p>
      {problem.detail && saysMore && <p>{problem.detail}</p>}
      {problem.status === 429 ? (
        <Countdown until={problem.at + (problem.retryAfter ?? 1) * 1000} />
      ) : (
        hint && <p>{hint}</p>
      )}
      {problem.code === "plan_limit" && (
        <p>
          <a href={to.account()}>{t("seeLimits")}</a>
        </p>
      )}
      {(again || problem.requestId) && (
        <p class="row">
          {again && (
            <button type="button" class="small" onClick={again}>
              {t("tryAgain")}
            </button>
          )}
          {problem.requestId && (
            <span class="muted row">
              {t("requestId")} <code>{problem.requestId}</code>
              <Copy text={problem.requestId} label={t("copy")} />
            </span>
          )}
        </p>
      )}
    </div>
  );
}

function sentences(problem: Problem): { title: string; hint: string | null } {
  if (problem.status === 0) return { title: t("offlineTitle"), hint: t("offlineHint") };
  if (problem.status === 404) return { title: t("goneTitle"), hint: t("goneHint") };
  if (problem.status === 412) return { title: t("staleTitle"), hint: t("staleHint") };
  if (problem.status === 422) return { title: t("fieldsWrong"), hint: null };
  if (problem.status === 429) return { title: t("busyTitle"), hint: null };
  if (problem.status < 500) return { title: t("refusedTitle"), hint: null };
  return { title: t("brokenTitle"), hint: t("brokenHint") };
}

function Countdown({ until }: { until: number }) {
  const left = Math.ceil((until - now.value.getTime()) / 1000);
  return <p>{left > 0 ? t("busyHint", { count: left }) : t("busyOver")}</p>;
}
