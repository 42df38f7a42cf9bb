/** What a run left: its result, its files, and what is worth knowing about it. */

import * as api from "../api";
import { t } from "../language";
import { to } from "../route";
import { doing, type Step } from "../steps";
import { type Execution, isOver } from "../types";
import { DemoBadge, KindBadge } from "./badge";
import { Copy } from "./copy";
import { size } from "./facts";
import { Icon } from "./icon";
import { Markdown } from "./markdown";

export function Result({ execution, steps }: { execution: Execution; steps: Step[] }) {
  const { result, status, modelMode } = execution;
  return (
    <section class="card result" aria-labelledby="result-title" aria-busy={!isOver(status)}>
      <div class="row spread">
        <h2 id="result-title" class="row">
          {t("result")}
          <KindBadge execution={execution} />
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

export function Artifacts({ execution }: { execution: Execution }) {
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

export function Notes({ execution }: { execution: Execution }) {
  if (execution.notes.length === 0) return null;
  return (
    <section class="card" aria-labelledby="notes-title">
      <h2 id="notes-title">{t("notes")}</h2>
      <ul class="files">
        {execution.notes.map((note) => (
          <li key={note}>{note}</li>
        ))}
      </ul>
    </section>
  );
}

/** `isEditable`: the agent is there, so what was refused can be allowed to it. */
export function Hosts({ execution, isEditable }: { execution: Execution; isEditable: boolean }) {
  if (execution.hosts.length === 0) return null;
  const isRefused = execution.hosts.some(({ allowed }) => !allowed);
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
      {isRefused && isEditable && (
        <p>
          <a href={to.edit(execution.agentId)}>{t("hostsAllow")}</a>
        </p>
      )}
    </section>
  );
}
