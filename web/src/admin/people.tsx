/** Who uses the platform: suspending somebody, and setting a plan. */

import { useState } from "preact/hooks";
import { planWords } from "../account/plan";
import { useAction } from "../act";
import { t } from "../language";
import { useLoad } from "../load";
import { Field } from "../parts/field";
import { ProblemCard } from "../parts/problem-card";
import { Skeleton } from "../parts/skeleton";
import { When } from "../parts/when";
import * as api from "./api";

const PLANS = ["guest", "waiting", "approved", "admin"] as const;

export function People() {
  const [email, setEmail] = useState("");
  const [asked, setAsked] = useState("");
  const [cursor, setCursor] = useState<string | null>(null);
  const listed = useLoad(`people ${asked} ${cursor}`, (signal) => api.people(asked, cursor, signal));
  return (
    <section class="card" aria-labelledby="people-title">
      <h2 id="people-title">{t("people")}</h2>
      <form
        class="form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          setCursor(null);
          setAsked(email.trim());
        }}
      >
        <Field
          name="person-email"
          label={t("peopleFind")}
          hint={t("peopleFindHint")}
          value={email}
          wrong={undefined}
          onInput={setEmail}
        />
        <p class="row">
          <button type="submit" class="small">
            {t("find")}
          </button>
        </p>
      </form>
      {listed.problem && <ProblemCard problem={listed.problem} again={listed.reload} />}
      {!listed.data && !listed.problem && <Skeleton lines={3} />}
      {listed.data?.items.length === 0 && <p class="muted">{t("peopleNone")}</p>}
      <ul class="plain-list">
        {listed.data?.items.map((person) => (
          <Row key={person.id} person={person} changed={listed.reload} />
        ))}
      </ul>
      <p class="row">
        {cursor !== null && (
          <button type="button" class="small" onClick={() => setCursor(null)}>
            {t("peopleNewest")}
          </button>
        )}
        {listed.data?.nextCursor && (
          <button type="button" class="small" onClick={() => setCursor(listed.data?.nextCursor ?? null)}>
            {t("more")}
          </button>
        )}
      </p>
    </section>
  );
}

function Row({ person, changed }: { person: api.Person; changed: () => void }) {
  const acting = useAction();
  const act = (work: () => Promise<unknown>) =>
    acting.start(async () => {
      await work();
      changed();
    });
  const isFixed = person.kind === "owner" || person.deletedAt !== null;
  return (
    <li data-person={person.id}>
      <p class="row spread">
        <strong>{person.name}</strong>
        <span class="muted row">
          {person.email && <span>{person.email}</span>}
          <When at={person.createdAt} brief />
        </span>
      </p>
      <p class="row">
        <label class="row">
          <span class="muted">{t("personPlan")}</span>
          <select
            value={person.plan}
            disabled={isFixed || acting.busy}
            onChange={(event) => {
              const plan = event.currentTarget.value;
              act(() => api.setPlan(person.id, plan));
            }}
          >
            {isFixed && <option value={person.plan}>{planWords(person.plan)}</option>}
            {PLANS.map((plan) => (
              <option key={plan} value={plan}>
                {t(`plan_${plan}`)}
              </option>
            ))}
          </select>
        </label>
        {person.suspendedAt !== null ? (
          <>
            <span class="badge bad">{t("act_suspended")}</span>
            <button
              type="button"
              class="small"
              disabled={acting.busy}
              onClick={() => act(() => api.unsuspend(person.id))}
            >
              {t("unsuspend")}
            </button>
          </>
        ) : (
          !isFixed && (
            <button
              type="button"
              class="small danger"
              disabled={acting.busy}
              onClick={() => act(() => api.suspend(person.id))}
            >
              {t("suspend")}
            </button>
          )
        )}
      </p>
      {acting.problem && <ProblemCard problem={acting.problem} />}
    </li>
  );
}
