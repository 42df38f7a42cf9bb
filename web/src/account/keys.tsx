/** Keys for commands and programs. A key is shown once, when it is made. */

import { useState } from "preact/hooks";
import { useAction } from "../act";
import { t } from "../language";
import { useLoad } from "../load";
import { Copy } from "../parts/copy";
import { Field } from "../parts/field";
import { ProblemCard } from "../parts/problem-card";
import { Skeleton } from "../parts/skeleton";
import { When } from "../parts/when";
import { notify } from "../state";
import * as api from "./api";

const SCOPES: readonly api.Scope[] = ["read", "run", "write"];

export function Keys() {
  const listed = useLoad("keys", (signal) => api.keys(signal));
  const [fresh, setFresh] = useState<api.NewKey | null>(null);
  const removing = useAction();
  const remove = (key: api.Key) =>
    removing.start(async () => {
      await api.deleteKey(key.id);
      if (fresh?.id === key.id) setFresh(null);
      notify(t("keyRemoved"));
      listed.reload();
    });
  const problem = removing.problem ?? listed.problem;
  return (
    <section class="card" aria-labelledby="keys-title">
      <h2 id="keys-title">{t("keys")}</h2>
      <p class="muted">{t("keysHint")}</p>
      {problem && <ProblemCard problem={problem} again={listed.problem ? listed.reload : undefined} />}
      {!listed.data && !listed.problem && <Skeleton lines={2} />}
      {listed.data?.items.length === 0 && <p class="muted">{t("keysNone")}</p>}
      {fresh && <Shown fresh={fresh} done={() => setFresh(null)} />}
      <ul class="plain-list">
        {listed.data?.items.map((key) => (
          <Row key={key.id} held={key} busy={removing.busy} remove={() => remove(key)} />
        ))}
      </ul>
      <Making
        made={(key) => {
          setFresh(key);
          listed.reload();
        }}
      />
    </section>
  );
}

function Shown({ fresh, done }: { fresh: api.NewKey; done: () => void }) {
  return (
    <div class="notice" role="status">
      <p class="notice-title">{t("keyFresh")}</p>
      <p>{t("keyOnce")}</p>
      <div class="row">
        <code class="long" data-testid="api-key">
          {fresh.key}
        </code>
        <Copy text={fresh.key} label={t("keyCopy")} />
        <button type="button" class="small" onClick={done}>
          {t("hookSecretDone")}
        </button>
      </div>
    </div>
  );
}

interface RowProps {
  held: api.Key;
  busy: boolean;
  remove: () => void;
}

function Row({ held, busy, remove }: RowProps) {
  const [sure, setSure] = useState(false);
  return (
    <li>
      <p class="row spread">
        <strong>{held.name}</strong>
        {sure ? (
          <span class="row">
            {t("keyRemoveSure")}
            <button type="button" class="small danger" disabled={busy} onClick={remove}>
              {t("remove")}
            </button>
            <button type="button" class="small" onClick={() => setSure(false)}>
              {t("cancelEdit")}
            </button>
          </span>
        ) : (
          <button type="button" class="small plain" onClick={() => setSure(true)}>
            {t("keyRemove")}
          </button>
        )}
      </p>
      <p class="muted row">
        <span>{held.scopes.map((scope) => t(`scope_${scope}`)).join(", ")}</span>
        <span>
          {t("hookLastUsed")} {held.lastUsedAt ? <When at={held.lastUsedAt} brief /> : t("hookUnused")}
        </span>
      </p>
    </li>
  );
}

function Making({ made }: { made: (key: api.NewKey) => void }) {
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<readonly api.Scope[]>(SCOPES);
  const making = useAction();
  const wrong = making.problem?.errors.find((error) => error.field.startsWith("name"))?.message;
  const make = () =>
    making.start(async () => {
      made(await api.createKey(name, [...scopes]));
      setName("");
    });
  return (
    <form
      class="form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        make();
      }}
    >
      <Field
        name="key-name"
        label={t("keyName")}
        hint={t("keyNameHint")}
        value={name}
        wrong={wrong}
        onInput={setName}
        required
      />
      <fieldset>
        <legend>{t("keyScopes")}</legend>
        <div class="choices">
          {SCOPES.map((scope) => (
            <label key={scope} class="choice">
              <input
                type="checkbox"
                checked={scopes.includes(scope)}
                onChange={(event) =>
                  setScopes(
                    SCOPES.filter((one) =>
                      one === scope ? event.currentTarget.checked : scopes.includes(one),
                    ),
                  )
                }
              />
              <span>{t(`scope_${scope}`)}</span>
            </label>
          ))}
        </div>
      </fieldset>
      {making.problem && !wrong && <ProblemCard problem={making.problem} />}
      <p class="row">
        <button type="submit" disabled={making.busy || scopes.length === 0}>
          {t("keyMake")}
        </button>
      </p>
    </form>
  );
}
