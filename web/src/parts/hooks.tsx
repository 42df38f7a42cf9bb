/** The agent's incoming webhooks: addresses at which other programs start it. A secret is shown once, when it is made. */

import { useState } from "preact/hooks";
import { useAction } from "../act";
import * as api from "../api";
import { t } from "../language";
import { useLoad } from "../load";
import { notify } from "../state";
import type { Hook, NewHook } from "../types";
import { Copy } from "./copy";
import { ProblemCard } from "./problem-card";
import { When } from "./when";

export function Hooks({ agentId }: { agentId: string }) {
  const listed = useLoad(agentId, (signal) => api.hooks(agentId, signal));
  const action = useAction();
  const [fresh, setFresh] = useState<NewHook | null>(null);

  const keep = (work: () => Promise<NewHook>) =>
    action.start(async () => {
      setFresh(await work());
      listed.reload();
    });
  const remove = (hook: Hook) =>
    action.start(async () => {
      await api.deleteHook(agentId, hook.id);
      if (fresh?.id === hook.id) setFresh(null);
      notify(t("hookRemoved"));
      listed.reload();
    });

  const problem = action.problem ?? listed.problem;
  return (
    <section class="card" aria-labelledby="hooks-title">
      <div class="row spread">
        <h2 id="hooks-title">{t("hooks")}</h2>
        <button
          type="button"
          class="small"
          disabled={action.busy}
          onClick={() => keep(() => api.createHook(agentId))}
        >
          {t("hookMake")}
        </button>
      </div>
      <p class="muted">{t("hooksHint")}</p>
      {problem && <ProblemCard problem={problem} again={listed.problem ? listed.reload : undefined} />}
      {fresh && <Secret hook={fresh} done={() => setFresh(null)} />}
      {!listed.data && !listed.problem && (
        <p class="muted" role="status">
          {t("loading")}
        </p>
      )}
      {listed.data?.items.length === 0 && <p class="muted">{t("hooksNone")}</p>}
      <ul class="files">
        {listed.data?.items.map((hook) => (
          <Row
            key={hook.id}
            hook={hook}
            busy={action.busy}
            rotate={() => keep(() => api.rotateHook(agentId, hook.id))}
            remove={() => remove(hook)}
          />
        ))}
      </ul>
    </section>
  );
}

function Secret({ hook, done }: { hook: NewHook; done: () => void }) {
  return (
    <div class="notice" role="status">
      <p class="notice-title">{t("hookSecret")}</p>
      <p>{t(hook.rotatedAt ? "hookSecretRotated" : "hookSecretOnce")}</p>
      <div class="row">
        <code class="long" data-testid="hook-secret">
          {hook.secret}
        </code>
        <Copy text={hook.secret} label={t("hookCopySecret")} />
        <button type="button" class="small" onClick={done}>
          {t("hookSecretDone")}
        </button>
      </div>
    </div>
  );
}

interface RowProps {
  hook: Hook;
  busy: boolean;
  rotate: () => void;
  remove: () => void;
}

function Row({ hook, busy, rotate, remove }: RowProps) {
  const [sure, setSure] = useState(false);
  const buttons = sure ? (
    <>
      <span>{t("hookRemoveSure")}</span>
      <button type="button" class="small danger" disabled={busy} onClick={remove}>
        {t("remove")}
      </button>
      <button type="button" class="small" onClick={() => setSure(false)}>
        {t("cancelEdit")}
      </button>
    </>
  ) : (
    <>
      <Copy text={hook.url} label={t("hookCopyUrl")} />
      <button type="button" class="small" disabled={busy} onClick={rotate}>
        {t("hookRotate")}
      </button>
      <button type="button" class="small plain" disabled={busy} onClick={() => setSure(true)}>
        {t("hookRemove")}
      </button>
    </>
  );
  return (
    <li>
      <code class="long">{hook.url}</code>
      <span class="muted">
        {t("hookLastUsed")} {hook.lastUsedAt ? <When at={hook.lastUsedAt} brief /> : t("hookUnused")}
      </span>
      {buttons}
    </li>
  );
}
