/** One agent: how it is set up, its runs, and its workspace. */

import { useState } from "preact/hooks";
import { useAction } from "../act";
import * as api from "../api";
import { TalkButton } from "../chat/talk";
import { t } from "../language";
import { useLoad, useRefresh } from "../load";
import { dollars } from "../money";
import { isDue, RunButton, runsOf } from "../parts/agent-card";
import { DemoBadge, KindBadge, StatusBadge } from "../parts/badge";
import { Calendar } from "../parts/calendar";
import { Deliveries } from "../parts/deliveries";
import { CostOf, Mailed, reachOf, spent, startedBy, tokensOf } from "../parts/facts";
import { toolName } from "../parts/field";
import { Files } from "../parts/files";
import { Hooks } from "../parts/hooks";
import { Icon } from "../parts/icon";
import { ProblemCard } from "../parts/problem-card";
import { ScheduleWords } from "../parts/schedule-words";
import { Secrets } from "../parts/secrets";
import { Skeleton } from "../parts/skeleton";
import { Standstill } from "../parts/standstill";
import { Cost, When } from "../parts/when";
import { go, to } from "../route";
import { hasChat, hasSchedules, notify } from "../state";
import { useTitle } from "../title";
import { type Agent, isOver } from "../types";
import { useUpdates } from "../updates";

export function AgentPage({ id }: { id: string }) {
  const loaded = useLoad(id, (signal) => api.agent(id, signal));
  const agent = loaded.data;
  useTitle(agent?.name);
  useUpdates(["agent", "execution"], loaded.reload);
  useRefresh(agent !== null && (agent.activeExecutionId != null || isDue(agent)), loaded.reload);
  return (
    <>
      <a class="back" href={to.agents()}>
        <Icon name="back" />
        {t("agents")}
      </a>
      {!agent && <h1 class="unseen">{t("agents")}</h1>}
      {loaded.problem && <ProblemCard problem={loaded.problem} again={loaded.reload} />}
      {!agent && !loaded.problem && <Skeleton lines={5} />}
      {agent && (
        <>
          <Title agent={agent} changed={loaded.replace} />
          <Standstill agent={agent} changed={loaded.replace} />
          <Setup agent={agent} />
          {(hasSchedules.value || agent.schedule) && <Calendar agent={agent} />}
          <History agent={agent} />
          <Files agentId={agent.id} />
          <Secrets agent={agent} />
          <Hooks agentId={agent.id} />
          <Deliveries agent={agent} />
        </>
      )}
    </>
  );
}

function Title({ agent, changed }: { agent: Agent; changed: (agent: Agent) => void }) {
  const removal = useAction();
  const switching = useAction();
  const isActive = agent.status === "active";
  const toggle = () =>
    switching.start(async () => changed(await api.setStatus(agent, isActive ? "paused" : "active")));
  const problem = removal.problem ?? switching.problem;
  const remove = () => removal.start(() => removeWithUndo(agent));
  return (
    <div class="title">
      <div class="row spread">
        <h1>{agent.name}</h1>
        <div class="row">
          <RunButton agent={agent} main />
          <a class="button" href={to.edit(agent.id)}>
            {t("edit")}
          </a>
          {hasChat.value && (
            <a class="button" href={to.chatAbout(agent.id)}>
              {t("changeByChat")}
            </a>
          )}
          {hasChat.value && <TalkButton agent={agent} />}
          <button type="button" disabled={switching.busy} onClick={toggle}>
            {t(isActive ? "pause" : "resume")}
          </button>
          <a class="button" href={api.exportHref(agent.id)} download>
            {t("exportFile")}
          </a>
          <button type="button" class="danger" disabled={removal.busy} onClick={remove}>
            {t("remove")}
          </button>
        </div>
      </div>
      {agent.description && <p class="muted">{agent.description}</p>}
      {problem && <ProblemCard problem={problem} />}
    </div>
  );
}

async function removeWithUndo(agent: Agent): Promise<void> {
  await api.deleteAgent(agent.id);
  go(to.agents());
  notify(t("deleted", { name: agent.name }), () => {
    api.restoreAgent(agent.id).then(
      () => {
        notify(t("restored", { name: agent.name }));
        go(to.agent(agent.id));
      },
      () => notify(t("brokenTitle")),
    );
  });
}

function Setup({ agent }: { agent: Agent }) {
  const { limits } = agent;
  return (
    <section class="card" aria-labelledby="settings-title">
      <h2 id="settings-title">{t("settings")}</h2>
      <dl class="pairs">
        <dt>{t("state")}</dt>
        <dd>{t(agent.status)}</dd>
        <dt>{t("model")}</dt>
        <dd>{agent.model}</dd>
        <dt>{t("tools")}</dt>
        <dd>{agent.tools.map(toolName).join(", ") || t("none")}</dd>
        <dt>{t("network")}</dt>
        <dd>{reachOf(agent.network.allow, agent.tools)}</dd>
        <dt>{t("costLimit")}</dt>
        <dd>{dollars(limits.maxCostMicroUsd)}</dd>
        <dt>{t("monthLimit")}</dt>
        <dd>{dollars(limits.monthlyCostMicroUsd)}</dd>
        <dt>{t("timeLimit")}</dt>
        <dd>{t("minutesOf", { count: Math.round(limits.timeoutSeconds / 6) / 10 })}</dd>
        <dt>{t("cardMail")}</dt>
        <dd>
          <Mailed when={agent.notify.email} />
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
        <dt>{t("runs")}</dt>
        <dd>{runsOf(agent)}</dd>
        <dt>{t("totalCost")}</dt>
        <dd>
          <Cost shown={dollars(agent.totalCostMicroUsd)} />
        </dd>
      </dl>
      <details>
        <summary>{t("instructions")}</summary>
        <pre>{agent.finalPrompt}</pre>
      </details>
    </section>
  );
}

function History({ agent }: { agent: Agent }) {
  const [cursors, setCursors] = useState<string[]>([]);
  const listed = useLoad(agent.id, (signal) =>
    api.upTo(cursors, (cursor) => api.executions(agent.id, cursor, signal)),
  );
  const isRunning = listed.data?.items.some(({ status }) => !isOver(status)) ?? false;
  useRefresh(isRunning || isDue(agent) || agent.activeExecutionId != null, listed.reload);
  useUpdates(["execution"], listed.reload);
  const next = listed.data?.nextCursor;
  return (
    <section class="card" aria-labelledby="history-title">
      <h2 id="history-title">{t("history")}</h2>
      {listed.problem && <ProblemCard problem={listed.problem} again={listed.reload} />}
      {listed.data?.items.length === 0 && <p class="muted">{t("historyNone")}</p>}
      {listed.data && listed.data.items.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
        <section class="scroll" tabIndex={0} aria-label={t("historyTable")}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t("state")}</th>
                <th scope="col">{t("started")}</th>
                <th scope="col">{t("trigger")}</th>
                <th scope="col">{t("duration")}</th>
                <th scope="col">{t("tokens")}</th>
                <th scope="col">{t("cost")}</th>
              </tr>
            </thead>
            <tbody>
              {listed.data.items.map((execution) => (
                <tr key={execution.id}>
                  <td>
                    <a class="row" href={to.execution(execution.id)}>
                      <StatusBadge status={execution.status} />
                    </a>
                    {execution.resultKind !== "done" && <KindBadge execution={execution} />}
                    {execution.modelMode === "demo" && <DemoBadge words="demoShort" />}
                  </td>
                  <td>
                    <When at={execution.startTime ?? execution.createdAt} brief />
                  </td>
                  <td>{startedBy(execution)}</td>
                  <td>{spent(execution)}</td>
                  <td>{tokensOf(execution)}</td>
                  <td>
                    <CostOf execution={execution} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {next && (
        <button
          type="button"
          class="small"
          onClick={() => {
            setCursors([...cursors, next]);
            listed.reload();
          }}
        >
          {t("more")}
        </button>
      )}
    </section>
  );
}
