/** Making an agent, and changing one: the same form. */

import { useEffect, useRef, useState } from "preact/hooks";
import { useAction } from "../act";
import * as api from "../api";
import {
  BLANK,
  draftOf,
  type FieldName,
  type Fields,
  fieldsOf,
  isDraft,
  placed,
  type Wrong,
} from "../fields";
import { t } from "../language";
import { useLoad } from "../load";
import { EmailField, Field, HostsField, ModelField, RetryField, ToolsField } from "../parts/field";
import { ProblemCard } from "../parts/problem-card";
import { ScheduleEditor } from "../parts/schedule-editor";
import { Skeleton } from "../parts/skeleton";
import { go, to } from "../route";
import { hasSchedules, notify } from "../state";
import { useTitle } from "../title";
import type { Agent, AgentDraft, FieldError } from "../types";

let template: AgentDraft | null = null;
/** What the next new form begins with. */
export function startFrom(draft: AgentDraft | null): void {
  template = draft;
}

export function NewPage() {
  const [start] = useState(() => template);
  const first = start ? fieldsOf(start) : BLANK;
  useTitle(t("createTitle"));
  const sent = useRef({ body: "", key: "" });
  const save = async (draft: AgentDraft) => {
    // The same form sent again is the same request; a changed one needs a key of its own.
    const body = JSON.stringify(draft);
    if (sent.current.body !== body) sent.current = { body, key: api.newKey() };
    const agent = await api.createAgent(draft, sent.current.key);
    startFrom(null);
    notify(t("created"));
    go(to.agent(agent.id));
  };
  return (
    <>
      <h1>{t("createTitle")}</h1>
      <Form first={first} before={start} save={save} back={to.agents()} />
    </>
  );
}

export function EditPage({ id }: { id: string }) {
  const loaded = useLoad(id, (signal) => api.agent(id, signal));
  useTitle(t("editTitle"));
  const before = loaded.data;
  const save = async (draft: AgentDraft) => {
    if (!before) return;
    await api.changeAgent(before, draft);
    notify(t("saved"));
    go(to.agent(id));
  };
  return (
    <>
      <h1>{t("editTitle")}</h1>
      {loaded.problem && <ProblemCard problem={loaded.problem} again={loaded.reload} />}
      {!before && !loaded.problem && <Skeleton lines={6} />}
      {before && (
        <Form key={before.version} first={fieldsOf(before)} before={before} save={save} back={to.agent(id)} />
      )}
    </>
  );
}

/** `back` is where to go without saving, or what to do then. */
interface FormProps {
  first: Fields;
  before: Agent | AgentDraft | null;
  save: (draft: AgentDraft) => Promise<void>;
  back: string | (() => void);
}

export function Form({ first, before, save, back }: FormProps) {
  const [fields, setFields] = useState(first);
  const [typing, setTyping] = useState<Wrong>({});
  const saving = useAction();
  const form = useRef<HTMLFormElement>(null);
  const { wrong: refused, rest } = placed(saving.problem?.errors ?? []);
  const wrong = { ...refused, ...typing };
  const set = <F extends FieldName>(field: F, value: Fields[F]) =>
    setFields((before) => ({ ...before, [field]: value }));
  const text = (name: FieldName) => ({
    name,
    value: String(fields[name]),
    wrong: wrong[name],
    onInput: (value: string) => set(name, value),
  });

  const submit = (event: Event) => {
    event.preventDefault();
    const schedule = hasSchedules.value ? fields.schedule : undefined;
    const made = draftOf({ ...fields, schedule }, before, t("notAmount"));
    saving.clear();
    setTyping(isDraft(made) ? {} : made);
    if (isDraft(made)) saving.start(() => save(made));
  };
  const firstWrong = Object.keys(wrong).join();
  useEffect(() => {
    if (firstWrong) form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [firstWrong]);

  return (
    <form ref={form} class="card form" onSubmit={submit} noValidate>
      <Field {...text("name")} label={t("name")} hint={t("nameHint")} required />
      <Field {...text("description")} label={t("description")} hint={t("descriptionHint")} />
      <Field {...text("finalPrompt")} label={t("prompt")} hint={t("promptHint")} rows={8} required />
      <ModelField value={fields.model} wrong={wrong.model} onInput={(value) => set("model", value)} />
      <ToolsField value={fields.tools} wrong={wrong.tools} onInput={(value) => set("tools", value)} />
      <HostsField {...text("hosts")} />
      {hasSchedules.value && (
        <ScheduleEditor
          first={first.schedule ?? null}
          wrong={wrong.schedule}
          onInput={(value) => setFields((before) => ({ ...before, schedule: value }))}
        />
      )}
      <EmailField value={fields.email} wrong={wrong.email} onInput={(value) => set("email", value)} />
      <Field {...text("webhookUrl")} label={t("webhookUrlLabel")} hint={t("webhookUrlHint")} />
      <RetryField
        times={fields.retries}
        afterCalls={fields.afterCalls}
        wrong={wrong.retries}
        onTimes={(value) => set("retries", value)}
        onAfterCalls={(value) => set("afterCalls", value)}
      />
      <fieldset>
        <legend>{t("limits")}</legend>
        <div class="two limits">
          <Field {...text("dollars")} label={t("costLimitLabel")} hint={t("limitHint")} decimal />
          <Field {...text("monthly")} label={t("monthLimitLabel")} hint={t("monthLimitHint")} decimal />
          <Field {...text("minutes")} label={t("timeLimitLabel")} hint={t("limitHint")} decimal />
          <Field {...text("turns")} label={t("turnLimitLabel")} hint={t("turnLimitHint")} decimal />
        </div>
      </fieldset>
      {saving.problem && <ProblemCard problem={saving.problem} />}
      {rest.length > 0 && <Rest errors={rest} />}
      <div class="row">
        <button type="submit" class="primary" disabled={saving.busy}>
          {t(saving.busy ? "saving" : "save")}
        </button>
        {typeof back === "string" ? (
          <a class="button" href={back}>
            {t("cancelEdit")}
          </a>
        ) : (
          <button type="button" onClick={back}>
            {t("cancelEdit")}
          </button>
        )}
      </div>
    </form>
  );
}

const Rest = ({ errors }: { errors: FieldError[] }) => (
  <ul>
    {errors.map((error) => (
      <li key={error.field}>
        <code>{error.field}</code> {error.message}
      </li>
    ))}
  </ul>
);
