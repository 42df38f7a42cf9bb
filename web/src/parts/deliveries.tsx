/** The agent's own webhook: what it was told of each end, what is tried again when, and the key that signs it. */

import { useState } from "preact/hooks";
import { useAction } from "../act";
import * as api from "../api";
import { type PlainWord, t } from "../language";
import { useLoad, useRefresh } from "../load";
import { to } from "../route";
import type { Agent, Delivery, WebhookSecret } from "../types";
import { Copy } from "./copy";
import { Icon, type IconName } from "./icon";
import { ProblemCard } from "./problem-card";
import { When } from "./when";

const LOOKS: Record<Delivery["status"], [tone: string, icon: IconName, word: PlainWord]> = {
  pending: ["busy", "clock", "delivery_pending"],
  delivered: ["good", "check", "delivery_delivered"],
  failed: ["bad", "cross", "delivery_failed"],
};

const REASONS: Record<string, PlainWord> = {
  address_refused: "undelivered_address_refused",
  bad_address: "undelivered_bad_address",
  unknown_host: "undelivered_unknown_host",
  no_connection: "undelivered_no_connection",
  tls: "undelivered_tls",
  timeout: "undelivered_timeout",
  bad_answer: "undelivered_bad_answer",
};

export function Deliveries({ agent }: { agent: Agent }) {
  const [cursors, setCursors] = useState<string[]>([]);
  const listed = useLoad(agent.id, (signal) =>
    api.upTo(cursors, (cursor) => api.deliveries(agent.id, cursor, signal)),
  );
  const found = listed.data?.items;
  const next = listed.data?.nextCursor;
  const url = agent.notify.webhookUrl;
  useRefresh(found?.some(({ status }) => status === "pending") ?? false, listed.reload);
  return (
    <section class="card" aria-labelledby="deliveries-title">
      <div class="row spread">
        <h2 id="deliveries-title">{t("deliveries")}</h2>
        <a class="button small" href={to.edit(agent.id)}>
          {t(url ? "deliveriesChange" : "deliveriesSet")}
        </a>
      </div>
      <p class="muted">{t("deliveriesHint")}</p>
      {url && <code class="long">{url}</code>}
      {url && <Key agentId={agent.id} />}
      {listed.problem && <ProblemCard problem={listed.problem} again={listed.reload} />}
      {!found && !listed.problem && (
        <p class="muted" role="status">
          {t("loading")}
        </p>
      )}
      {found?.length === 0 && <p class="muted">{t(url ? "deliveriesNone" : "deliveriesOff")}</p>}
      <ul class="files">
        {found?.map((delivery) => (
          <Row key={delivery.id} delivery={delivery} />
        ))}
      </ul>
      {next && (
        <button
          type="button"
          class="small"
          onClick={() => {
            setCursors([...cursors, next]);
            listed.reload();
          }}
        >
          {t("more")}
        </button>
      )}
    </section>
  );
}

function Row({ delivery }: { delivery: Delivery }) {
  const [tone, icon, word] = LOOKS[delivery.status];
  const last = delivery.attempts.at(-1);
  return (
    <li data-delivery={delivery.status}>
      <span class={`badge ${tone}`}>
        <Icon name={icon} />
        {t(word)}
      </span>
      <a href={to.execution(delivery.executionId)}>
        <When at={delivery.createdAt} brief />
      </a>
      <span class="muted">{t("deliveryAttempts", { count: delivery.attempts.length })}</span>
      {last && delivery.status !== "delivered" && <span class="muted">{answerOf(last)}</span>}
      {delivery.nextAttemptAt && (
        <span class="muted">
          {t("deliveryNext")} <When at={delivery.nextAttemptAt} brief />
        </span>
      )}
    </li>
  );
}

/** The status of the answer, or why there was none. */
function answerOf(attempt: Delivery["attempts"][number]): string {
  if (attempt.httpStatus !== null) return t("deliveryStatus", { status: attempt.httpStatus });
  return t(REASONS[attempt.error ?? ""] ?? "undelivered_no_answer");
}

function Key({ agentId }: { agentId: string }) {
  const action = useAction();
  const [shared, setShared] = useState<WebhookSecret | null>(null);
  const ask = (work: () => Promise<WebhookSecret>) => action.start(async () => setShared(await work()));
  return (
    <>
      <p class="row">
        <button
          type="button"
          class="small"
          disabled={action.busy}
          onClick={() => (shared ? setShared(null) : ask(() => api.webhookSecret(agentId)))}
        >
          {t(shared ? "webhookSecretHide" : "webhookSecretShow")}
        </button>
        <button
          type="button"
          class="small"
          disabled={action.busy}
          onClick={() => ask(() => api.rotateWebhookSecret(agentId))}
        >
          {t("webhookSecretRotate")}
        </button>
      </p>
      {action.problem && <ProblemCard problem={action.problem} />}
      {shared && (
        <div class="notice" role="status">
          <p class="notice-title">{t("webhookSecret")}</p>
          <p>{t(shared.previousUntil ? "webhookSecretRotated" : "webhookSecretHint")}</p>
          <div class="row">
            <code class="long" data-testid="webhook-secret">
              {shared.secret}
            </code>
            <Copy text={shared.secret} label={t("webhookSecretCopy")} />
          </div>
        </div>
      )}
    </>
  );
}
