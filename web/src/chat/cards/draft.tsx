/** The agent as the conversation has designed it so far: to be read, changed by hand, tried and saved. */

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { useAction } from "../../act";
import { fieldsOf } from "../../fields";
import { lang, t } from "../../language";
import { dollars } from "../../money";
import { Form } from "../../pages/agent-form";
import { Mailed, reachOf } from "../../parts/facts";
import { toolName } from "../../parts/field";
import { Icon } from "../../parts/icon";
import { ProblemCard } from "../../parts/problem-card";
import { to } from "../../route";
import { notify } from "../../state";
import type { AgentDraft } from "../../types";
import type { CardProps } from "../acts";
import { useKey } from "../acts";
import { changeDraft, saveDraft } from "../routes";
import type { DraftCard as Draft } from "../types";
import { RehearseButton } from "./rehearsal";

/** `isFirst`: no draft came before it in this conversation. */
export function DraftCard({ isFirst, ...props }: CardProps<"draft"> & { isFirst: boolean }) {
  const { data, isNewest } = props;
  // Of what is new altogether, everything has changed: saying so says nothing.
  const isNew = isFirst && data.agentId === null && data.revision <= 1;
  const changed = data.saved || isNew ? [] : data.changed;
  const [isEditing, setEditing] = useState(false);
  const name = data.agent.name ?? t("untitledAgent");
  if (!isNewest) {
    return (
      <details class="card told old">
        <summary>
          {t("cardDraftOld")}: {name}
        </summary>
        <Facts draft={data} changed={changed} />
      </details>
    );
  }
  return (
    <section class="card told" aria-label={`${t("cardDraft")}: ${name}`} data-card="draft">
      <p class="row spread">
        <span class="kind">{t("cardDraft")}</span>
        {data.saved && (
          <span class="badge good">
            <Icon name="check" />
            {t("cardSaved")}
          </span>
        )}
      </p>
      {isEditing ? (
        <Edit {...props} done={() => setEditing(false)} />
      ) : (
        <>
          <h3>{name}</h3>
          <Facts draft={data} changed={changed} />
          {data.missing.length > 0 && <p class="muted">{t("cardMissing")}</p>}
          <Buttons {...props} edit={() => setEditing(true)} />
        </>
      )}
    </section>
  );
}

function Facts({ draft, changed }: { draft: Draft; changed: string[] }) {
  const { agent } = draft;
  const row = (field: string, words: string, shown: ComponentChildren) =>
    shown ? <Row words={words} isChanged={changed.includes(field)} shown={shown} /> : null;
  const when = draft.scheduleText?.[lang.value] ?? agent.schedule?.cron ?? t("cardByHand");
  const hosts = agent.network?.allow ?? [];
  return (
    <>
      {agent.description && <p class="muted">{agent.description}</p>}
      <dl class="pairs">
        {row("schedule", t("cardWhen"), when)}
        {row("tools", t("tools"), (agent.tools ?? []).map(toolName).join(", ") || t("none"))}
        {row("network", t("network"), reachOf(hosts, agent.tools ?? []))}
        {row("notify", t("cardMail"), agent.notify?.email && <Mailed when={agent.notify.email} />)}
        {row("model", t("model"), agent.model)}
        {row("limits", t("costLimit"), dollars(agent.limits?.maxCostMicroUsd))}
      </dl>
      {agent.finalPrompt && (
        <details open={changed.includes("finalPrompt")}>
          <summary>
            {t("cardWhat")} {changed.includes("finalPrompt") && <Changed />}
          </summary>
          <pre>{agent.finalPrompt}</pre>
        </details>
      )}
    </>
  );
}

const Changed = () => <span class="badge busy">{t("cardChanged")}</span>;

const Row = (props: { words: string; isChanged: boolean; shown: ComponentChildren }) => (
  <>
    <dt>{props.words}</dt>
    <dd>
      {props.shown} {props.isChanged && <Changed />}
    </dd>
  </>
);

function Buttons({ data, acts, replace, edit }: CardProps<"draft"> & { edit: () => void }) {
  const saving = useAction();
  const once = useKey();
  const isNew = data.agentId === null;
  const hasTimes = data.agent.schedule != null;
  const save = (activate: boolean) =>
    saving.start(async () => {
      const agent = await once((key) => saveDraft(acts.conversationId, data.revision, activate, key));
      replace({ ...data, saved: true, agentId: agent.id });
      notify(t("cardSavedNow", { name: agent.name }));
    });
  const blocked = saving.busy || data.missing.length > 0;
  return (
    <>
      <div class="row">
        {!data.saved && (
          // An agent that stands still goes on doing so: its own page starts it again.
          <button type="button" class="primary" disabled={blocked} onClick={() => save(isNew)}>
            {t(saving.busy ? "saving" : !isNew ? "cardSaveNext" : hasTimes ? "cardSaveActive" : "cardSave")}
          </button>
        )}
        {!data.saved && isNew && hasTimes && (
          <button type="button" disabled={blocked} onClick={() => save(false)}>
            {t("cardSaveOff")}
          </button>
        )}
        {data.saved && data.agentId !== null && (
          <a class="button primary" href={to.agent(data.agentId)}>
            {t("cardOpen")}
          </a>
        )}
        <RehearseButton
          revision={data.revision}
          disabled={data.missing.length > 0}
          acts={acts}
          words={t("rehearse")}
        />
        <button type="button" onClick={edit}>
          {t("cardEdit")}
        </button>
      </div>
      {saving.problem && <ProblemCard problem={saving.problem} />}
    </>
  );
}

function Edit({ data, acts, replace, done }: CardProps<"draft"> & { done: () => void }) {
  const before = { ...data.agent, name: data.agent.name ?? "", finalPrompt: data.agent.finalPrompt ?? "" };
  const save = async (draft: AgentDraft) => {
    const changes = changesOf(before, draft);
    if (Object.keys(changes).length > 0)
      replace(await changeDraft(acts.conversationId, data.revision, changes));
    done();
  };
  return <Form first={fieldsOf(before)} before={before} save={save} back={done} />;
}

/** The fields that differ, so that the designer hears of what was changed and of nothing else. */
function changesOf(before: AgentDraft, after: AgentDraft): Partial<AgentDraft> {
  const differs = ([field, value]: [string, unknown]) => {
    const was = before[field as keyof AgentDraft];
    // An object of the form has fewer fields than the platform's: those it leaves out stay as they are.
    if (value !== null && typeof value === "object" && !Array.isArray(value) && was) {
      const kept = was as Record<string, unknown>;
      return Object.entries(value).some(([key, one]) => JSON.stringify(kept[key]) !== JSON.stringify(one));
    }
    return JSON.stringify(was ?? null) !== JSON.stringify(value ?? null);
  };
  return Object.fromEntries(Object.entries(after).filter(differs));
}
