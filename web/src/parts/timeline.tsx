/** What a run did, step by step. Everything here comes from the agent, so all of it is plain text. */

import { useState } from "preact/hooks";
import { lang, type PlainWord, t } from "../language";
import { logged } from "../said";
import { zone } from "../state";
import { gist, linesOf, type Step, seqOf, textOf, timeOf } from "../steps";
import { absolute, duration } from "../time";
import type { ExecutionStatus } from "../types";
import { words } from "../words";
import { statusIcons } from "./badge";
import { size } from "./facts";
import { Icon, type IconName } from "./icon";

const SHOWN = 200;

const ICONS: Record<Exclude<Step["kind"], "status">, IconName> = {
  said: "said",
  tool: "tool",
  network: "globe",
  log: "clock",
  artifact: "file",
};

/** `since` is the instant that the times of the steps count from. */
export function Timeline({ steps, since }: { steps: Step[]; since: Date }) {
  const [wanted, setWanted] = useState(SHOWN);
  const hidden = Math.max(0, steps.length - wanted);
  return (
    <>
      {hidden > 0 && (
        <button type="button" class="small" onClick={() => setWanted(wanted + SHOWN)}>
          {t("earlier", { count: Math.min(SHOWN, hidden) })}
        </button>
      )}
      <ol class="timeline" aria-label={t("timeline")}>
        {steps.slice(hidden).map((step) => (
          <li key={seqOf(step)} class={`step ${step.kind}`} data-seq={seqOf(step)}>
            <span class="step-icon">
              <Icon name={iconOf(step)} />
            </span>
            <div class="step-body">
              <StepBody step={step} />
            </div>
            <span class="step-time">
              <Elapsed at={new Date(timeOf(step))} since={since} />
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}

function Elapsed({ at, since }: { at: Date; since: Date }) {
  return (
    <time dateTime={at.toISOString()} title={absolute(at, zone.value, lang.value)}>
      {duration(at.getTime() - since.getTime(), lang.value)}
    </time>
  );
}

function iconOf(step: Step): IconName {
  if (step.kind !== "status") return ICONS[step.kind];
  return step.event.status in statusIcons ? statusIcons[step.event.status as ExecutionStatus] : "play";
}

function StepBody({ step }: { step: Step }) {
  switch (step.kind) {
    case "said":
      return <p class="said">{step.event.text}</p>;
    case "tool":
      return <Tool step={step} />;
    case "network":
      return (
        <p>
          <code>{step.event.host}</code> {t(step.event.allowed ? "hostAllowed" : "hostRefused")}
          {step.event.reason && <span class="muted"> {logged(step.event.reason)}</span>}
        </p>
      );
    case "log":
      return <p class="muted">{logged(step.event.text)}</p>;
    case "artifact":
      return (
        <p>
          {t("artifacts")}: <code>{step.event.path}</code> <span class="muted">{size(step.event.bytes)}</span>
        </p>
      );
    case "status":
      return (
        <p class="muted">
          {statusWords(step.event.status)}
          {step.event.text && ` · ${step.event.text}`}
        </p>
      );
  }
}

function Tool({ step: { call, answer } }: { step: Extract<Step, { kind: "tool" }> }) {
  const state: PlainWord = answer === null ? "toolRunning" : answer.isError ? "toolFailed" : "toolDone";
  return (
    <details>
      <summary>
        <b>{call.name}</b>
        <span class="gist">{gist(call.input)}</span>
        <span class={`state ${answer === null ? "busy" : answer.isError ? "bad" : ""}`}>{t(state)}</span>
      </summary>
      <h3>{t("input")}</h3>
      <pre>{linesOf(call.input)}</pre>
      {answer && (
        <>
          <h3>{t("output")}</h3>
          <pre>{textOf(answer.output)}</pre>
        </>
      )}
    </details>
  );
}

function statusWords(status: string): string {
  return status in words ? t(status as ExecutionStatus) : status;
}
