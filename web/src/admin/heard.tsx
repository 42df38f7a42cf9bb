/** What people said by the button on the page, and what administrators did. */

import { t } from "../language";
import { useLoad } from "../load";
import { ProblemCard } from "../parts/problem-card";
import { Skeleton } from "../parts/skeleton";
import { When } from "../parts/when";
import * as api from "./api";

export function Heard() {
  const listed = useLoad("feedback", (signal) => api.feedback(signal));
  return (
    <section class="card" aria-labelledby="heard-title">
      <h2 id="heard-title">{t("heard")}</h2>
      {listed.problem && <ProblemCard problem={listed.problem} again={listed.reload} />}
      {!listed.data && !listed.problem && <Skeleton lines={2} />}
      {listed.data?.items.length === 0 && <p class="muted">{t("heardNone")}</p>}
      <ul class="plain-list">
        {listed.data?.items.map((said) => (
          <li key={said.id}>
            <p class="typed">{said.text}</p>
            <p class="muted row">
              {said.mood && <span>{t(`mood_${said.mood}`)}</span>}
              {said.place && <code>{said.place}</code>}
              <When at={said.createdAt} brief />
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function AuditLog() {
  const listed = useLoad("audit-log", (signal) => api.auditLog(signal));
  return (
    <section class="card" aria-labelledby="audit-title">
      <h2 id="audit-title">{t("auditLog")}</h2>
      {listed.problem && <ProblemCard problem={listed.problem} again={listed.reload} />}
      {!listed.data && !listed.problem && <Skeleton lines={2} />}
      {listed.data?.items.length === 0 && <p class="muted">{t("activityNone")}</p>}
      <ul class="plain-list">
        {listed.data?.items.map((entry) => (
          <li key={entry.id} data-act={entry.act}>
            <p class="row spread">
              <span>
                <code>{entry.act}</code> {entry.detail}
              </span>
              <span class="muted row">
                <code>{entry.actorId}</code>
                {entry.userId && <code>→ {entry.userId}</code>}
                <When at={entry.at} brief />
              </span>
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}
