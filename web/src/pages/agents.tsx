/** All agents of the person who is signed in. */

import { useRef, useState } from "preact/hooks";
import { useAction } from "../act";
import * as api from "../api";
import { openWith, Starters } from "../chat/starters";
import { lang, t } from "../language";
import { useLoad, useRefresh } from "../load";
import { AgentCard, isDue } from "../parts/agent-card";
import { Icon } from "../parts/icon";
import { ProblemCard } from "../parts/problem-card";
import { Skeleton } from "../parts/skeleton";
import type { Problem } from "../problem";
import { go, to } from "../route";
import { hasChat, notify } from "../state";
import { useTitle } from "../title";
import { type Agent, type AgentDraft, isOver } from "../types";
import { useUpdates } from "../updates";
import { startFrom } from "./agent-form";

export function AgentsPage() {
  const [cursors, setCursors] = useState<string[]>([]);
  const listed = useLoad("agents", (signal) => api.upTo(cursors, (cursor) => api.agents(cursor, signal)));
  useRefresh(listed.data?.items.some(isRunning) ?? false, listed.reload);
  useUpdates(["agent", "execution"], listed.reload);
  useTitle(t("agents"));
  const agents = listed.data?.items;
  const next = listed.data?.nextCursor;
  return (
    <>
      <div class="row spread title">
        <h1>{t("agents")}</h1>
        <div class="row">
          <Import />
          <a
            class={hasChat.value ? "button" : "button primary"}
            href={to.new()}
            onClick={() => startFrom(null)}
          >
            <Icon name="plus" />
            {t("newAgent")}
          </a>
          {hasChat.value && (
            <a class="button primary" href={to.chat()}>
              <Icon name="said" />
              {t("makeByChat")}
            </a>
          )}
        </div>
      </div>
      {listed.problem && <ProblemCard problem={listed.problem} again={listed.reload} />}
      {!agents && !listed.problem && <Skeleton />}
      {agents?.length === 0 && <Empty />}
      {agents && agents.length > 0 && (
        <div class="cards">
          {agents.map((agent) => (
            <AgentCard key={agent.id} agent={agent} />
          ))}
        </div>
      )}
      {next && (
        <button
          type="button"
          onClick={() => {
            setCursors([...cursors, next]);
            listed.reload();
          }}
        >
          {t("more")}
        </button>
      )}
    </>
  );
}

function isRunning(agent: Agent): boolean {
  return (
    isDue(agent) ||
    agent.activeExecutionId != null ||
    (agent.lastExecution !== null && !isOver(agent.lastExecution.status))
  );
}

function Import() {
  const action = useAction();
  const picker = useRef<HTMLInputElement>(null);
  const bring = (file: File) =>
    action.start(async () => {
      const agent = await api.importAgent(await file.text(), api.newKey());
      notify(t("imported", { name: agent.name }));
      go(to.agent(agent.id));
    });
  return (
    <>
      <input
        ref={picker}
        class="unseen"
        type="file"
        accept=".md,text/markdown"
        tabIndex={-1}
        aria-label={t("importFile")}
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          event.currentTarget.value = "";
          if (file) bring(file);
        }}
      />
      <button type="button" disabled={action.busy} onClick={() => picker.current?.click()}>
        {t("importFile")}
      </button>
      {action.problem && <ImportProblem problem={action.problem} />}
    </>
  );
}

/** A file has no form to show its errors in, so each is named here. */
function ImportProblem({ problem }: { problem: Problem }) {
  return (
    <div class="below">
      <ProblemCard problem={problem} />
      {problem.errors.length > 0 && (
        <ul>
          {problem.errors.map((error) => (
            <li key={error.field}>
              <code>{error.field}</code> {error.message}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function Empty() {
  return (
    <section aria-labelledby="empty-title">
      <h2 id="empty-title">{t("emptyTitle")}</h2>
      {hasChat.value ? (
        <>
          <div class="by-chat">
            <p class="muted">{t("emptyChatHint")}</p>
            <Starters choose={(wish) => openWith(wish)} />
          </div>
          <details>
            <summary>{t("emptyFormHint")}</summary>
            <Examples />
          </details>
        </>
      ) : (
        <>
          <p class="muted">{t("emptyHint")}</p>
          <Examples />
        </>
      )}
    </section>
  );
}

/** Agents to start the form from. */
function Examples() {
  const templates = useLoad("templates", (signal) => api.templates(signal));
  return (
    <>
      {templates.problem && <ProblemCard problem={templates.problem} again={templates.reload} />}
      <div class="cards examples">
        {templates.data?.items.map(({ id, draft }) => (
          <Starter key={id} draft={draft[lang.value]} />
        ))}
      </div>
    </>
  );
}

const Starter = ({ draft }: { draft: AgentDraft }) => (
  <article class="card">
    <h3>{draft.name}</h3>
    <p class="muted grow">{draft.description}</p>
    <a
      class="button"
      href={to.new()}
      aria-label={`${draft.name}: ${t("useTemplate")}`}
      onClick={() => startFrom(draft)}
    >
      {t("useTemplate")}
    </a>
  </article>
);
