/** A run that did not succeed, in plain words: what happened, what to do, and its number. */

import { type PlainWord, t } from "../language";
import { to } from "../route";
import type { Execution } from "../types";
import { Copy } from "./copy";
import { Icon } from "./icon";

const FIXES: Record<string, PlainWord> = {
  budget: "fixBudget",
  upstream: "fixUpstream",
  timeout: "fixTimeout",
  memory: "fixMemory",
  disk: "fixDisk",
  output: "fixOutput",
  sandbox: "fixSandbox",
  lost: "fixLost",
  killed: "fixLost",
  max_turns: "fixMaxTurns",
  workspace: "fixWorkspace",
};
const FIXED_BY_EDITING = ["budget", "timeout", "max_turns"];

export function Failure({ execution }: { execution: Execution }) {
  const { status, errorCode, error, agentId, id } = execution;
  if (status !== "failed" && status !== "timed_out" && status !== "cancelled") return null;
  const code = errorCode ?? (status === "timed_out" ? "timeout" : "");
  const cancelled = status === "cancelled";
  return (
    <div class={cancelled ? "notice" : "notice bad"} role="status">
      <p class="notice-title">
        <Icon name={cancelled ? "stop" : "warn"} />
        {t(cancelled ? "cancelledTitle" : status === "timed_out" ? "timedOutTitle" : "failedTitle")}
      </p>
      {!cancelled && <p>{t(FIXES[code] ?? "fixOther")}</p>}
      {!cancelled && error && (
        <p class="muted">
          {t("reason")}: {error}
        </p>
      )}
      <p class="row">
        {FIXED_BY_EDITING.includes(code) && (
          <a class="button small" href={to.edit(agentId)}>
            {t("edit")}
          </a>
        )}
        <span class="muted row">
          {t("executionId")} <code>{id}</code>
          <Copy text={id} label={t("copy")} />
        </span>
      </p>
    </div>
  );
}
