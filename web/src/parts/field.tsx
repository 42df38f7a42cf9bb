/** Form fields: a label, a hint, and what is wrong, all tied together for screen readers. */

import type { ComponentChildren } from "preact";
import * as api from "../api";
import { TOOLS, type ToolName } from "../fields";
import { type PlainWord, t } from "../language";
import { useLoad } from "../load";
import { EMAILS, type Email, type Model } from "../types";
import { Icon } from "./icon";

interface FieldProps {
  name: string;
  label: string;
  hint: string;
  value: string;
  wrong: string | undefined;
  onInput: (value: string) => void;
  rows?: number;
  required?: boolean;
  decimal?: boolean;
  /** What is typed is shown as dots. */
  hidden?: boolean;
}

/** What every control of a field carries, so that its hint and its error are read with it. */
export const described = (name: string, wrong: string | undefined) => ({
  id: `field-${name}`,
  "aria-describedby": wrong ? `hint-${name} wrong-${name}` : `hint-${name}`,
  "aria-invalid": wrong !== undefined,
});

export function Field({
  name,
  label,
  hint,
  value,
  wrong,
  onInput,
  rows,
  required,
  decimal,
  hidden,
}: FieldProps) {
  const common = {
    ...described(name, wrong),
    value,
    "aria-required": required ?? false,
    onInput: (event: Event) => onInput((event.currentTarget as HTMLInputElement | HTMLTextAreaElement).value),
  };
  return (
    <Frame name={name} label={label} hint={hint} wrong={wrong} optional={!required && !decimal}>
      {rows ? (
        <textarea {...common} rows={rows} />
      ) : hidden ? (
        <input {...common} type="password" autoComplete="new-password" />
      ) : (
        <input {...common} type="text" inputMode={decimal ? "decimal" : "text"} autoComplete="off" />
      )}
    </Frame>
  );
}

export const HostsField = (props: Pick<FieldProps, "name" | "value" | "wrong" | "onInput">) => (
  <Field {...props} label={t("networkLabel")} hint={t("networkHint")} rows={3} />
);

interface FrameProps {
  name: string;
  label: string;
  hint: string;
  wrong: string | undefined;
  optional?: boolean;
  children: ComponentChildren;
}

export const Frame = ({ name, label, hint, wrong, optional, children }: FrameProps) => (
  <div class="field">
    <label for={`field-${name}`}>
      {label}
      {optional && <span class="muted"> ({t("optional")})</span>}
    </label>
    {children}
    <Below name={name} hint={hint} wrong={wrong} />
  </div>
);

export const Below = ({ name, hint, wrong }: { name: string; hint: string; wrong: string | undefined }) => (
  <>
    <p class="hint" id={`hint-${name}`}>
      {hint}
    </p>
    {wrong && (
      <p class="wrong" id={`wrong-${name}`}>
        <Icon name="warn" />
        {wrong}
      </p>
    )}
  </>
);

interface ModelProps {
  value: string;
  wrong: string | undefined;
  onInput: (value: string) => void;
}

interface EmailProps {
  value: Email | undefined;
  wrong: string | undefined;
  onInput: (value: Email) => void;
}

export function EmailField({ value = "on_failure", wrong, onInput }: EmailProps) {
  const choose = (chosen: string) => {
    const email = EMAILS.find((known) => known === chosen);
    if (email) onInput(email);
  };
  return (
    <Frame name="email" label={t("emailLabel")} hint={t("emailHint")} wrong={wrong}>
      <select
        {...described("email", wrong)}
        value={value}
        onChange={(event) => choose(event.currentTarget.value)}
      >
        {EMAILS.map((email) => (
          <option key={email} value={email}>
            {t(`email_${email}`)}
          </option>
        ))}
      </select>
    </Frame>
  );
}

interface RetryProps {
  times: string;
  afterCalls: boolean;
  wrong: string | undefined;
  onTimes: (value: string) => void;
  onAfterCalls: (value: boolean) => void;
}

/** What happens when the platform loses a run. */
export const RetryField = ({ times, afterCalls, wrong, onTimes, onAfterCalls }: RetryProps) => (
  <Frame name="retries" label={t("retryLabel")} hint={t("retryHint")} wrong={wrong}>
    <select
      {...described("retries", wrong)}
      value={times}
      onChange={(event) => onTimes(event.currentTarget.value)}
    >
      <option value="0">{t("retry_0")}</option>
      <option value="1">{t("retry_1")}</option>
      <option value="2">{t("retry_2")}</option>
    </select>
    {times !== "0" && (
      <label class="choice">
        <input
          type="checkbox"
          checked={afterCalls}
          onChange={(event) => onAfterCalls(event.currentTarget.checked)}
        />
        <span>{t("retryAfterCalls")}</span>
      </label>
    )}
  </Frame>
);

export function ModelField({ value, wrong, onInput }: ModelProps) {
  const models = useLoad("models", (signal) => api.models(signal)).data?.items ?? [];
  const chosen = models.find((model) => model.id === value || model.aliases.includes(value));
  return (
    <Frame name="model" label={t("model")} hint={t("modelHint")} wrong={wrong}>
      <select
        {...described("model", wrong)}
        value={chosen ? nameOf(chosen) : value}
        onChange={(event) => onInput(event.currentTarget.value)}
      >
        {value === "" && <option value="">{t("modelDefault")}</option>}
        {value !== "" && !chosen && <option value={value}>{value}</option>}
        {models.map((model) => (
          <option key={model.id} value={nameOf(model)}>
            {model.id === "demo" ? t("demoModel") : model.name}
          </option>
        ))}
      </select>
    </Frame>
  );
}

/** A model's alias where it has one of its own: an agent that names it moves on with the model. */
const nameOf = (model: Model): string => (model.aliases.length === 1 && model.aliases[0]) || model.id;

const toolWords: Record<ToolName, PlainWord> = {
  Bash: "toolBash",
  Read: "toolRead",
  Write: "toolWrite",
  Edit: "toolEdit",
  Glob: "toolGlob",
  Grep: "toolGrep",
  WebFetch: "toolWebFetch",
  WebSearch: "toolWebSearch",
};

/** A tool as people say it; one that the page does not know by its own name. */
export function toolName(tool: string): string {
  const known = TOOLS.find((one) => one === tool);
  return known ? t(toolWords[known]) : tool;
}

interface ToolsProps {
  value: string[];
  wrong: string | undefined;
  onInput: (value: string[]) => void;
}

export const ToolsField = ({ value, wrong, onInput }: ToolsProps) => (
  <fieldset aria-describedby={wrong ? "hint-tools wrong-tools" : "hint-tools"}>
    <legend>{t("tools")}</legend>
    <div class="choices">
      {TOOLS.map((tool) => (
        <label key={tool} class="choice">
          <input
            type="checkbox"
            checked={value.includes(tool)}
            onChange={(event) =>
              onInput(
                event.currentTarget.checked ? [...value, tool] : value.filter((other) => other !== tool),
              )
            }
          />
          <span>
            {t(toolWords[tool])} <span class="muted">{tool}</span>
          </span>
        </label>
      ))}
    </div>
    <Below name="tools" hint={t("toolsHint")} wrong={wrong} />
  </fieldset>
);
