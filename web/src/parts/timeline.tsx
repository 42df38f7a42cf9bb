/** What a run did, step by step. Everything here comes from the agent, so all of it is plain text. */

import { useState } from "preact/hooks";
import { type PlainWord, t } from "../language";
import { gist, type Step, seqOf, textOf, timeOf } from "../steps";
import type { ExecutionStatus } from "../types";
import { words } from "../words";
import { size } from "./facts";
import { Icon, type IconName } from "./icon";
import { When } from "./when";

const SHOWN = 200;

const ICONS: Record<Step["kind"], IconName> = {
  said: "said",
  tool: "tool",
  network: "globe",
  log: "clock",
  status: "play",
  artifact: "file",
};

export function Timeline({ steps }: { steps: Step[] }) {
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
              <Icon name={ICONS[step.kind]} />
            </span>
            <div class="step-body">
              <StepBody step={step} />
            </div>
            <span class="step-time">
              <When at={timeOf(step)} brief />
            </span>
          </li>
        ))}
      </ol>
    </>
  );
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
          {step.event.reason && <span class="muted"> {step.event.reason}</span>}
        </p>
      );
    case "log":
      return <p class="muted">{step.event.text}</p>;
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
        <span class={answer?.isError ? "state bad" : "state"}>{t(state)}</span>
      </summary>
      <h3>{t("input")}</h3>
      <pre>{textOf(call.input)}</pre>
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
