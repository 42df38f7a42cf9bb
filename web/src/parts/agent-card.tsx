import { useAction } from "../act";
import * as api from "../api";
import { t } from "../language";
import { dollars } from "../money";
import { go, to } from "../route";
import { now } from "../state";
import type { Agent } from "../types";
import { EndBadge } from "./badge";
import { Icon } from "./icon";
import { ProblemCard } from "./problem-card";
import { ScheduleWords } from "./schedule-words";
import { Cost, When } from "./when";

/** One agent in the list: what it is, how it went last, what it has cost. */
export function AgentCard({ agent }: { agent: Agent }) {
  const last = agent.lastExecution;
  return (
    <article class="card agent">
      <div class="row spread">
        <h2>
          <a href={to.agent(agent.id)}>{agent.name}</a>
        </h2>
        {agent.pausedReason ? (
          <span class="badge bad" data-paused={agent.pausedReason}>
            <Icon name="warn" />
            {t("standsStillShort")}
          </span>
        ) : (
          <span class="badge calm">{t(agent.status)}</span>
        )}
      </div>
      {agent.description && <p class="muted clamp">{agent.description}</p>}
      <dl class="pairs grow">
        <dt>{t("lastRun")}</dt>
        <dd class="row">
          {last ? (
            <>
              <a href={to.execution(last.id)}>
                <EndBadge last={last} />
              </a>
              {last.endTime && <When at={last.endTime} brief />}
            </>
          ) : (
            <span class="muted">{t("neverRun")}</span>
          )}
        </dd>
        <dt>{t("runs")}</dt>
        <dd>{runsOf(agent)}</dd>
        <dt>{t("totalCost")}</dt>
        <dd>
          <Cost shown={dollars(agent.totalCostMicroUsd)} />
        </dd>
        {agent.schedule && (
          <>
            <dt>{t("schedule")}</dt>
            <dd>
              <ScheduleWords agent={agent} />
            </dd>
          </>
        )}
        {agent.nextRunAt && (
          <>
            <dt>{t("nextRun")}</dt>
            <dd>
              <When at={agent.nextRunAt} />
            </dd>
          </>
        )}
      </dl>
      <RunButton agent={agent} />
    </article>
  );
}

export function runsOf(agent: Agent): string {
  const { totalRuns: total, successfulRuns: good } = agent;
  return total === 0 ? t("runsNone") : t("runsOf", { total, good });
}

/** Whether its time has come, so that it will look different soon. */
export const isDue = (agent: Agent): boolean =>
  agent.nextRunAt !== null && new Date(agent.nextRunAt) <= now.value;

/** Starts a run and goes there. */
export function RunButton({ agent, main = false }: { agent: Agent; main?: boolean }) {
  const starting = useAction();
  const run = () =>
    starting.start(async () => {
      const execution = await api.run(agent.id, api.newKey());
      go(to.execution(execution.id));
    });
  return (
    <>
      <button
        type="button"
        class={main ? "primary" : ""}
        disabled={starting.busy}
        aria-label={starting.busy ? undefined : t("runNowOf", { name: agent.name })}
        onClick={run}
      >
        {t(starting.busy ? "starting" : "runNow")}
      </button>
      {starting.problem && <ProblemCard problem={starting.problem} />}
    </>
  );
}
