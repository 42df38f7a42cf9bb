/** One execution: the result first, then its files, then what it did, live. */

import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useAction } from "../act";
import * as api from "../api";
import { t } from "../language";
import { useLoad } from "../load";
import { StatusBadge } from "../parts/badge";
import { Facts } from "../parts/facts";
import { Failure } from "../parts/failure";
import { Icon } from "../parts/icon";
import { Artifacts, Hosts, Notes, Result } from "../parts/outcome";
import { ProblemCard } from "../parts/problem-card";
import { Skeleton } from "../parts/skeleton";
import { Timeline } from "../parts/timeline";
import { go, to } from "../route";
import { besideResult, stepsOf } from "../steps";
import { useTitle } from "../title";
import { type Agent, type Execution, isOver } from "../types";
import { useExecution } from "../watch";

export function ExecutionPage({ id }: { id: string }) {
  const watched = useExecution(id);
  const execution = watched.execution.value;
  const problem = watched.problem.value;
  const steps = useComputed(() =>
    besideResult(stepsOf(watched.events.value), watched.execution.value?.result ?? null),
  ).value;
  if (!execution) {
    return (
      <>
        <h1 class="unseen">{t("execution")}</h1>
        {problem ? <ProblemCard problem={problem} again={() => location.reload()} /> : <Skeleton lines={5} />}
      </>
    );
  }
  return (
    <AgentOf id={execution.agentId}>
      {(agent) => (
        <>
          <Head execution={execution} agent={agent} />
          {watched.feed.value === "reconnecting" && !isOver(execution.status) && (
            <div class="notice" role="status" data-testid="reconnecting">
              {t("reconnecting")}
            </div>
          )}
          {problem && <ProblemCard problem={problem} again={() => location.reload()} />}
          <Failure execution={execution} />
          <Result execution={execution} steps={steps} />
          <Artifacts execution={execution} />
          <Notes execution={execution} />
          <section class="card" aria-labelledby="timeline-title">
            <h2 id="timeline-title">{t("timeline")}</h2>
            {steps.length === 0 ? (
              <p class="muted">{t("timelineNone")}</p>
            ) : (
              <Timeline steps={steps} since={new Date(execution.startTime ?? execution.createdAt)} />
            )}
          </section>
          <Hosts execution={execution} isEditable={agent !== null} />
        </>
      )}
    </AgentOf>
  );
}

/** The agent, or null when it is gone: a run outlives its agent. */
function AgentOf({ id, children }: { id: string; children: (agent: Agent | null) => JSX.Element }) {
  const loaded = useLoad(id, (signal) => api.agent(id, signal));
  return loaded.data || loaded.problem ? children(loaded.data) : <Skeleton lines={5} />;
}

function Head({ execution, agent }: { execution: Execution; agent: Agent | null }) {
  const words = agent ? t("executionOf", { name: agent.name }) : t("execution");
  useTitle(`${t(execution.status)}: ${words}`);
  return (
    <>
      <a class="back" href={agent ? to.agent(agent.id) : to.agents()}>
        <Icon name="back" />
        {agent?.name ?? t("agents")}
      </a>
      <div class="row spread title">
        <h1 class="row">
          {words}
          <StatusBadge status={execution.status} />
        </h1>
        <Actions execution={execution} agent={agent} />
      </div>
      <section class="card" aria-label={t("execution")}>
        <Facts execution={execution} agent={agent} />
      </section>
    </>
  );
}

function Actions({ execution, agent }: { execution: Execution; agent: Agent | null }) {
  const stopping = useAction();
  const again = useAction();
  const [asked, setAsked] = useState(false);
  const stop = () => stopping.start(() => api.cancel(execution.id).then(() => setAsked(true)));
  const isStopping = stopping.busy || asked || execution.cancelRequestedAt != null;
  const repeat = () =>
    again.start(async () => {
      const next = await api.run(execution.agentId, api.newKey());
      go(to.execution(next.id));
    });
  const problem = stopping.problem ?? again.problem;
  return (
    <div class="row">
      {isOver(execution.status) ? (
        agent && (
          <button type="button" class="primary" disabled={again.busy} onClick={repeat}>
            {t(again.busy ? "starting" : "runAgain")}
          </button>
        )
      ) : (
        <button type="button" class="danger" disabled={isStopping} onClick={stop}>
          <Icon name="stop" />
          {t(isStopping ? "stopping" : "stop")}
        </button>
      )}
      {problem && <ProblemCard problem={problem} />}
    </div>
  );
}
