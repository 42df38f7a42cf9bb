/** The figures of one execution. */

import type { ComponentChildren } from "preact";
import { lang, type PlainWord, t } from "../language";
import { dollars } from "../money";
import { to } from "../route";
import { now, user } from "../state";
import { duration } from "../time";
import { type Agent, type Email, type Execution, isOver, type Trigger } from "../types";
import { Cost, When } from "./when";

const triggerWords: Record<Trigger, PlainWord> = {
  manual: "manual",
  schedule: "scheduled",
  webhook: "webhook",
  chat: "chat",
  retry: "retry",
};

export function startedBy({ trigger, rehearsal }: Execution): string {
  return t(rehearsal ? "cardRehearsal" : triggerWords[trigger]);
}

export function Facts({ execution, agent }: { execution: Execution; agent: Agent | null }) {
  const usage = execution.tokenUsage;
  const tokens = (amount: number | null | undefined) =>
    amount == null && !isOver(execution.status) ? t("counting") : count(amount);
  return (
    <dl class="facts">
      <Fact name={t("trigger")}>{startedBy(execution)}</Fact>
      {execution.attempt > 1 && (
        <Fact name={t("attemptFact")}>
          {t("attemptOf", { count: execution.attempt })}{" "}
          {execution.retryOf && <a href={to.execution(execution.retryOf)}>{t("attemptBefore")}</a>}
        </Fact>
      )}
      {execution.startAfter && !execution.startTime && !isOver(execution.status) && (
        <Fact name={t("startsAfter")}>
          <When at={execution.startAfter} />
        </Fact>
      )}
      <Fact name={t("started")}>
        <When at={execution.startTime} />
      </Fact>
      <Fact name={t("ended")}>
        <When at={execution.endTime} />
      </Fact>
      <Fact name={t("duration")}>{spent(execution)}</Fact>
      <Fact name={t("tokensIn")}>{tokens(usage?.input)}</Fact>
      <Fact name={t("tokensOut")}>{tokens(usage?.output)}</Fact>
      <Fact name={t("tokensCache")}>{tokens(usage && usage.cacheRead + usage.cacheWrite)}</Fact>
      <Fact name={t("cost")}>
        <CostOfCap execution={execution} cap={agent?.limits.maxCostMicroUsd ?? null} />
      </Fact>
    </dl>
  );
}

const Fact = ({ name, children }: { name: string; children: ComponentChildren }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

function CostOfCap({ execution, cap }: { execution: Execution; cap: number | null }) {
  const cost = execution.costMicroUsd;
  return (
    <>
      <span data-testid="cost">
        {cost === null && !isOver(execution.status) ? t("counting") : <Cost shown={dollars(cost)} />}
      </span>
      {execution.costPartial && <span class="exact">{t("costPartial")}</span>}
      {cap !== null && <span class="exact">{t("costAgainst", { cap: dollars(cap) ?? "" })}</span>}
      {cap !== null && cost !== null && (
        <meter
          min={0}
          max={cap}
          value={Math.min(cost, cap)}
          aria-label={t("costAgainst", { cap: dollars(cap) ?? "" })}
        />
      )}
    </>
  );
}

/** How long it took, or has been taking so far. */
export function spent(execution: Pick<Execution, "startTime" | "endTime" | "status">): string {
  if (!execution.startTime) return "–";
  const end = execution.endTime ? new Date(execution.endTime) : isOver(execution.status) ? null : now.value;
  return end === null ? "–" : duration(end.getTime() - new Date(execution.startTime).getTime(), lang.value);
}

/** A run that has not ended, or never began, has no figures yet; a dash, as unknown is what nobody will ever know. */
const hasFigures = ({ status, startTime }: Execution): boolean => isOver(status) && startTime !== null;

export function tokensOf(execution: Execution): string {
  const { tokenUsage: usage } = execution;
  return usage || hasFigures(execution) ? count(usage && usage.input + usage.output) : "–";
}

export const CostOf = ({ execution }: { execution: Execution }) =>
  execution.costMicroUsd !== null || hasFigures(execution) ? (
    <Cost shown={dollars(execution.costMicroUsd)} />
  ) : (
    <>–</>
  );

/** When an agent mails; a guest has no address that anything could be sent to. */
export const Mailed = ({ when }: { when: Email }) => (
  <>
    {t(`email_${when}`)}
    {when !== "never" && user.value?.kind === "guest" && user.value.email === null && (
      <span class="exact">{t("mailOfGuest")}</span>
    )}
  </>
);

/** Where an agent may go, in words; searching the web is the model's own and needs no host. */
export const reachOf = (hosts: readonly string[], tools: readonly string[]): string =>
  hosts.join(", ") || t(tools.includes("WebSearch") ? "networkSearch" : "networkNone");

export function count(tokens: number | null | undefined): string {
  return tokens === null || tokens === undefined ? t("unknown") : tokens.toLocaleString("en-US");
}

export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const [amount, unit] = bytes < 1024 ** 2 ? [bytes / 1024, "KB"] : [bytes / 1024 ** 2, "MB"];
  return `${amount < 10 ? amount.toFixed(1) : Math.round(amount)} ${unit}`;
}
