/** The agent's secrets: what each is for, giving one, replacing one, taking one away. */

import { useState } from "preact/hooks";
import { useAction } from "../act";
import * as api from "../api";
import { t } from "../language";
import { useLoad } from "../load";
import { NO_SECRET, replacing, type SecretFields, shown } from "../secrets";
import { notify } from "../state";
import type { Agent } from "../types";
import { Icon } from "./icon";
import { ProblemCard } from "./problem-card";
import { SecretForm } from "./secret-form";
import { Skeleton } from "./skeleton";
import { When } from "./when";

export function Secrets({ agent }: { agent: Agent }) {
  const { allow } = agent.network;
  const listed = useLoad(agent.id, (signal) => api.secrets(agent.id, signal));
  const removal = useAction();
  const [open, setOpen] = useState<SecretFields | null>(null);

  const remove = (name: string) =>
    removal.start(async () => {
      await api.deleteSecret(agent.id, name);
      notify(t("secretRemoved", { name }));
      listed.reload();
    });
  const kept = () => {
    setOpen(null);
    listed.reload();
  };

  const problem = removal.problem ?? listed.problem;
  return (
    <section class="card" aria-labelledby="secrets-title">
      <div class="row spread">
        <h2 id="secrets-title">{t("secrets")}</h2>
        {!open && allow.length > 0 && (
          <button type="button" class="small" onClick={() => setOpen(NO_SECRET)}>
            {t("secretAdd")}
          </button>
        )}
      </div>
      <p class="muted">{t("secretsHint")}</p>
      {problem && <ProblemCard problem={problem} again={listed.problem ? listed.reload : undefined} />}
      {!listed.data && !listed.problem && <Skeleton lines={2} />}
      {listed.data?.items.length === 0 && (
        <p class="muted">{t(allow.length > 0 ? "secretsNone" : "secretsNeedHosts")}</p>
      )}
      <ul class="files">
        {listed.data?.items.map((secret) => (
          <li key={secret.name}>
            <Icon name="lock" />
            <strong class="long">{secret.name}</strong>
            <code class="long">{shown(secret)}</code>
            <span class="muted long">{secret.hosts.join(", ")}</span>
            <span class="muted">
              <When at={secret.updatedAt} brief />
            </span>
            <button
              type="button"
              class="small plain"
              aria-label={t("secretReplaceOf", { name: secret.name })}
              onClick={() => setOpen(replacing(secret, allow))}
            >
              {t("secretReplace")}
            </button>
            <button
              type="button"
              class="small plain"
              aria-label={t("secretRemoveOf", { name: secret.name })}
              disabled={removal.busy}
              onClick={() => remove(secret.name)}
            >
              {t("remove")}
            </button>
          </li>
        ))}
      </ul>
      {open && (
        <SecretForm key={open.name} agent={agent} first={open} kept={kept} leave={() => setOpen(null)} />
      )}
    </section>
  );
}
