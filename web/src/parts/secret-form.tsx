/** Giving an agent a secret, or another value for one that it has. */

import { useState } from "preact/hooks";
import { useAction } from "../act";
import * as api from "../api";
import { t } from "../language";
import { choices, type SecretFields, secretOf, wrongOf } from "../secrets";
import { notify } from "../state";
import type { Agent } from "../types";
import { Below, Field } from "./field";
import { ProblemCard } from "./problem-card";
import { Select } from "./select";

interface SecretFormProps {
  agent: Agent;
  first: SecretFields;
  kept: () => void;
  leave: () => void;
}

export function SecretForm({ agent, first, kept, leave }: SecretFormProps) {
  const [fields, setFields] = useState(first);
  const saving = useAction();
  const isNew = first.name === "";
  const wrong = wrongOf(saving.problem?.errors ?? []);
  const { exact, below } = choices(agent.network.allow);
  const set = (change: Partial<SecretFields>) => setFields((before) => ({ ...before, ...change }));
  const mark = (host: string, marked: boolean) =>
    set({ chosen: marked ? [...fields.chosen, host] : fields.chosen.filter((other) => other !== host) });
  const submit = (event: Event) => {
    event.preventDefault();
    saving.start(async () => {
      await api.putSecret(agent.id, fields.name.trim(), secretOf(fields));
      notify(t("secretSaved", { name: fields.name.trim() }));
      kept();
    });
  };
  return (
    <form class="form" onSubmit={submit} noValidate aria-label={t(isNew ? "secretAdd" : "secretReplace")}>
      {isNew ? (
        <Field
          name="secret-name"
          label={t("name")}
          hint={t("secretNameHint")}
          value={fields.name}
          wrong={wrong.name}
          onInput={(name) => set({ name })}
          required
        />
      ) : (
        <h3>{first.name}</h3>
      )}
      <Field
        name="secret-value"
        label={t("secretValue")}
        hint={t("secretValueHint")}
        value={fields.value}
        wrong={wrong.value}
        onInput={(value) => set({ value })}
        required
        hidden
      />
      <fieldset aria-describedby={wrong.hosts ? "hint-secret-hosts wrong-secret-hosts" : "hint-secret-hosts"}>
        <legend>{t("secretHosts")}</legend>
        <div class="choices">
          {exact.map((host) => (
            <label key={host} class="choice">
              <input
                type="checkbox"
                checked={fields.chosen.includes(host)}
                onChange={(event) => mark(host, event.currentTarget.checked)}
              />
              <span>{host}</span>
            </label>
          ))}
        </div>
        <Below name="secret-hosts" hint={t("secretHostsHint")} wrong={wrong.hosts} />
      </fieldset>
      {below.length > 0 && (
        <Field
          name="secret-typed"
          label={t("secretBelow", { hosts: below.join(", ") })}
          hint={t("secretBelowHint")}
          value={fields.typed}
          wrong={undefined}
          onInput={(typed) => set({ typed })}
        />
      )}
      <Select
        name="secret-way"
        label={t("secretWay")}
        value={fields.way}
        options={[
          ["bearer", "Authorization: Bearer …"],
          ["header", t("secretWayHeader")],
        ]}
        onInput={(way) => set({ way: way === "header" ? "header" : "bearer" })}
      />
      {(fields.way === "header" || wrong.header) && (
        <Field
          name="secret-header"
          label={t("secretHeader")}
          hint={t("secretHeaderHint")}
          value={fields.way === "header" ? fields.header : "Authorization"}
          wrong={wrong.header}
          onInput={(header) => set({ header, way: "header" })}
          required
        />
      )}
      {saving.problem && <ProblemCard problem={saving.problem} />}
      <div class="row">
        <button type="submit" class="primary" disabled={saving.busy}>
          {t(saving.busy ? "saving" : "save")}
        </button>
        <button type="button" onClick={leave}>
          {t("cancelEdit")}
        </button>
      </div>
    </form>
  );
}
