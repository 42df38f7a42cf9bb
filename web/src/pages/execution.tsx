/** One execution: the result first, then its files, then what it did, live. */

import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useAction } from "../act";
import * as api from "../api";
import { t } from "../language";
import { useLoad } from "../load";
import { DemoBadge, StatusBadge } from "../parts/badge";
import { Copy } from "../parts/copy";
import { Facts, size } from "../parts/facts";
import { Failure } from "../parts/failure";
import { Icon } from "../parts/icon";
import { Markdown } from "../parts/markdown";
import { ProblemCard } from "../parts/problem-card";
import { Skeleton } from "../parts/skeleton";
import { Timeline } from "../parts/timeline";
import { go, to } from "../route";
import { doing, type Step, stepsOf } from "../steps";
import { useTitle } from "../title";
import { type Agent, type Execution, isOver } from "../types";
import { useExecution } from "../watch";

export function ExecutionPage({ id }: { id: string }) {
  const watched = useExecution(id);
  const execution = watched.execution.value;
  const problem = watched.problem.value;
  const steps = useComputed(() => stepsOf(watched.events.value)).value;
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
          <section class="card" aria-labelledby="timeline-title">
            <h2 id="timeline-title">{t("timeline")}</h2>
            {steps.length === 0 ? (
              <p class="muted">{t("timelineNone")}</p>
            ) : (
              <Timeline steps={steps} since={new Date(execution.startTime ?? execution.createdAt)} />
            )}
          </section>
          <Hosts execution={execution} />
        </>
      )}
    </AgentOf>
  );
}

/** The agent, or null while it loads and when it is gone: a run outlives its agent. */
function AgentOf({ id, children }: { id: string; children: (agent: Agent | null) => JSX.Element }) {
  return children(useLoad(id, (signal) => api.agent(id, signal)).data);
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

function Result({ execution, steps }: { execution: Execution; steps: Step[] }) {
  const { result, resultKind, status, modelMode } = execution;
  return (
    <section class="card result" aria-labelledby="result-title" aria-busy={!isOver(status)}>
      <div class="row spread">
        <h2 id="result-title" class="row">
          {t("result")}
          {resultKind && resultKind !== "done" && <span class="badge calm">{t(resultKind)}</span>}
          {modelMode === "demo" && <DemoBadge words="demoRun" />}
        </h2>
        {result && <Copy text={result} label={t("copyResult")} />}
      </div>
      {result ? (
        <Markdown text={result} />
      ) : (
        <p class="muted">{t(isOver(status) ? "resultNone" : "resultSoon")}</p>
      )}
      {!isOver(status) && <Progress status={status} steps={steps} />}
    </section>
  );
}

function Progress({ status, steps }: { status: Execution["status"]; steps: Step[] }) {
  const tool = doing(steps);
  const words =
    status !== "running"
      ? t(status === "queued" ? "waitingTurn" : "launching")
      : tool
        ? t("nowDoing", { what: `${tool.tool} ${tool.gist}`.trim() })
        : t("nowDoing", { what: t("thinking") });
  return (
    <p class="progress" role="status">
      <span class="dot" aria-hidden="true" />
      <span class="clamp">{words}</span>
    </p>
  );
}

function Artifacts({ execution }: { execution: Execution }) {
  if (execution.artifacts.length === 0) return null;
  return (
    <section class="card" aria-labelledby="artifacts-title">
      <h2 id="artifacts-title">{t("artifacts")}</h2>
      <ul class="files">
        {execution.artifacts.map((artifact) => (
          <li key={artifact.path}>
            <Icon name="file" />
            <a
              href={api.artifactHref(execution.id, artifact)}
              download
              aria-label={t("download", { name: artifact.path })}
            >
              {artifact.path}
            </a>
            <span class="muted">{size(artifact.bytes)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Hosts({ execution }: { execution: Execution }) {
  if (execution.hosts.length === 0) return null;
  return (
    <section class="card" aria-labelledby="hosts-title">
      <h2 id="hosts-title">{t("hosts")}</h2>
      <ul class="files">
        {execution.hosts.map(({ host, allowed, requests }) => (
          <li key={`${host} ${allowed}`}>
            <Icon name={allowed ? "check" : "cross"} />
            <code>{host}</code>
            <span>{t(allowed ? "hostAllowed" : "hostRefused")}</span>
            <span class="muted">{t("hostUse", { count: requests })}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
