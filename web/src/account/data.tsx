/** One's data: taking it along, signing out everywhere, ending the account, and what was done to it. */

import { useState } from "preact/hooks";
import { useAction } from "../act";
import { lang, t } from "../language";
import { useLoad } from "../load";
import { Field } from "../parts/field";
import { ProblemCard } from "../parts/problem-card";
import { Skeleton } from "../parts/skeleton";
import { When } from "../parts/when";
import { notify, signedOutHere } from "../state";
import type { User } from "../types";
import * as api from "./api";

export function Data({ person }: { person: User }) {
  const leaving = useAction();
  const leave = () =>
    leaving.start(async () => {
      await api.signOutEverywhere();
      signedOutHere();
      notify(t("signedOutEverywhere"));
    });
  return (
    <section class="card" aria-labelledby="data-title">
      <h2 id="data-title">{t("data")}</h2>
      <p class="muted">{t("dataHint")}</p>
      <p class="row">
        <a class="button" href={api.EXPORT} download>
          {t("dataExport")}
        </a>
        <button type="button" disabled={leaving.busy} onClick={leave}>
          {t("signOutEverywhere")}
        </button>
      </p>
      {leaving.problem && <ProblemCard problem={leaving.problem} />}
      {person.kind !== "owner" && <Ending />}
    </section>
  );
}

function Ending() {
  const [isOpen, setOpen] = useState(false);
  const [typed, setTyped] = useState("");
  const ending = useAction();
  const words = lang.value === "ko" ? "계정 삭제" : "delete my account";
  const end = () =>
    ending.start(async () => {
      await api.endAccount(typed);
      signedOutHere();
      notify(t("accountEnding"));
    });
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t("accountEnd")}</summary>
      <form
        class="form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          end();
        }}
      >
        <p>{t("accountEndHint")}</p>
        <Field
          name="confirmation"
          label={t("accountEndType", { words })}
          hint={t("accountEndFinal")}
          value={typed}
          wrong={ending.problem?.errors[0]?.message}
          onInput={setTyped}
          required
        />
        {ending.problem && ending.problem.errors.length === 0 && <ProblemCard problem={ending.problem} />}
        <p class="row">
          <button type="submit" class="danger" disabled={ending.busy || typed !== words}>
            {t("accountEnd")}
          </button>
        </p>
      </form>
    </details>
  );
}

const KNOWN = [
  "beta_approved",
  "beta_rejected",
  "suspended",
  "unsuspended",
  "plan_set",
  "bounce_noted",
  "exported",
  "erasure_asked",
] as const;

export function Activity() {
  const listed = useLoad("audit", (signal) => api.audit(signal));
  return (
    <section class="card" aria-labelledby="activity-title">
      <h2 id="activity-title">{t("activity")}</h2>
      <p class="muted">{t("activityHint")}</p>
      {listed.problem && <ProblemCard problem={listed.problem} again={listed.reload} />}
      {!listed.data && !listed.problem && <Skeleton lines={2} />}
      {listed.data?.items.length === 0 && <p class="muted">{t("activityNone")}</p>}
      <ul class="plain-list">
        {listed.data?.items.map((entry) => (
          <li key={`${entry.at} ${entry.act}`} data-act={entry.act}>
            <p class="row spread">
              <span>{actWords(entry.act)}</span>
              <span class="muted">
                {t(entry.by === "me" ? "byMe" : "byAdministrator")} <When at={entry.at} brief />
              </span>
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}

function actWords(act: string): string {
  const known = KNOWN.find((name) => name === act);
  return known ? t(`act_${known}`) : act;
}
