/** Why an agent does not run by itself, and how it goes on. */

import { useAction } from "../act";
import * as api from "../api";
import { t } from "../language";
import type { Agent } from "../types";
import { Icon } from "./icon";
import { ProblemCard } from "./problem-card";

export function Standstill({ agent, changed }: { agent: Agent; changed: (agent: Agent) => void }) {
  const resuming = useAction();
  if (!agent.pausedReason) return null;
  const resume = () => resuming.start(async () => changed(await api.setStatus(agent, "active")));
  return (
    <section class="notice bad" aria-labelledby="standstill-title" data-testid="standstill">
      <h2 id="standstill-title" class="notice-title">
        <Icon name="warn" />
        {t("standsStill")}
      </h2>
      <p>{t(`why_${agent.pausedReason}`)}</p>
      {agent.pausedReason === "failures" && (
        <div class="row">
          <button type="button" class="small" disabled={resuming.busy} onClick={resume}>
            {t("goOn")}
          </button>
          {agent.lastExecution && <a href={`#/executions/${agent.lastExecution.id}`}>{t("lastFailure")}</a>}
        </div>
      )}
      {resuming.problem && <ProblemCard problem={resuming.problem} />}
    </section>
  );
}
