/** A run that did not succeed, in plain words: what happened, what to do, and its number. */

import { openWith } from "../chat/starters";
import { t } from "../language";
import { to } from "../route";
import { hasChat } from "../state";
import type { Execution } from "../types";
import { Copy } from "./copy";
import { Icon } from "./icon";

const HELPED_BY_EDITING = ["budget", "timeout", "max_turns"];
const TITLES = { failed: "failedTitle", timed_out: "timedOutTitle", cancelled: "cancelledTitle" } as const;

export function Failure({ execution }: { execution: Execution }) {
  const { status, errorCode, error, agentId, id } = execution;
  if (status !== "failed" && status !== "timed_out" && status !== "cancelled") return null;
  const cancelled = status === "cancelled";
  return (
    <div class={cancelled ? "notice" : "notice bad"} role="status">
      <p class="notice-title">
        <Icon name={cancelled ? "stop" : "warn"} />
        {t(TITLES[status])}
      </p>
      {error && <p>{error}</p>}
      {!cancelled && <p class="muted">{t("seeBelow")}</p>}
      {execution.retriedBy && (
        <p data-testid="retried">
          {t("retriedBy")} <a href={to.execution(execution.retriedBy)}>{t("retriedByLink")}</a>
        </p>
      )}
      <p class="row">
        {HELPED_BY_EDITING.includes(errorCode ?? "") && (
          <a class="button small" href={to.edit(agentId)}>
            {t("edit")}
          </a>
        )}
        {!cancelled && hasChat.value && (
          <button type="button" class="small" onClick={() => openWith(t("fixWish"), agentId, id)}>
            {t("fixByChat")}
          </button>
        )}
        <span class="muted row">
          {t("executionId")} <code>{id}</code>
          <Copy text={id} label={t("copy")} />
        </span>
      </p>
    </div>
  );
}
