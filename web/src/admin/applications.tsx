/** Who wants to take part in the beta, and deciding about it. */

import { useState } from "preact/hooks";
import { useAction } from "../act";
import { upTo } from "../api";
import { t } from "../language";
import { useLoad } from "../load";
import { Icon } from "../parts/icon";
import { ProblemCard } from "../parts/problem-card";
import { Skeleton } from "../parts/skeleton";
import { When } from "../parts/when";
import * as api from "./api";

export function Applications() {
  const [cursors, setCursors] = useState<string[]>([]);
  const listed = useLoad("applications", (signal) =>
    upTo(cursors, (cursor) => api.applications(cursor, signal)),
  );
  const next = listed.data?.nextCursor;
  return (
    <section class="card" aria-labelledby="applications-title">
      <h2 id="applications-title">{t("applications")}</h2>
      {listed.problem && <ProblemCard problem={listed.problem} again={listed.reload} />}
      {!listed.data && !listed.problem && <Skeleton lines={3} />}
      {listed.data?.items.length === 0 && <p class="muted">{t("applicationsNone")}</p>}
      <ul class="plain-list">
        {listed.data?.items.map((applicant) => (
          <Row key={applicant.id} applicant={applicant} done={listed.reload} />
        ))}
      </ul>
      {next && (
        <p class="row">
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
        </p>
      )}
    </section>
  );
}

function Row({ applicant, done }: { applicant: api.Applicant; done: () => void }) {
  const deciding = useAction();
  const decide = (decision: "approve" | "reject") =>
    deciding.start(async () => {
      await api.decide(applicant.id, decision);
      done();
    });
  const isOpen = applicant.status === "received";
  return (
    <li data-application={applicant.status}>
      <p class="row spread">
        <strong>{applicant.name ?? t("applicantGone")}</strong>
        <span class={`badge ${applicant.status === "approved" ? "good" : isOpen ? "busy" : "calm"}`}>
          <Icon name={applicant.status === "approved" ? "check" : isOpen ? "clock" : "warn"} />
          {t(`beta_${applicant.status}`)}
        </span>
      </p>
      <p class="muted row">
        {applicant.email && <span>{applicant.email}</span>}
        <When at={applicant.decidedAt ?? applicant.createdAt} brief />
      </p>
      <p class="typed">{applicant.purpose}</p>
      {deciding.problem && <ProblemCard problem={deciding.problem} />}
      {applicant.status !== "approved" && (
        <p class="row">
          <button type="button" class="small" disabled={deciding.busy} onClick={() => decide("approve")}>
            {t("approve")}
          </button>
          {isOpen && (
            <button
              type="button"
              class="small plain"
              disabled={deciding.busy}
              onClick={() => decide("reject")}
            >
              {t("reject")}
            </button>
          )}
        </p>
      )}
    </li>
  );
}
