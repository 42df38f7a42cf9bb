/** The mails written to the person who is signed in, whether they could be sent or not. */

import { useState } from "preact/hooks";
import * as api from "../api";
import { lang, t } from "../language";
import { useLoad } from "../load";
import { Icon, type IconName } from "../parts/icon";
import { ProblemCard } from "../parts/problem-card";
import { Skeleton } from "../parts/skeleton";
import { When } from "../parts/when";
import { now } from "../state";
import { useTitle } from "../title";
import type { Mail, MailState } from "../types";

const LOOKS: Record<MailState, [string, IconName]> = {
  queued: ["busy", "clock"],
  sending: ["busy", "clock"],
  sent: ["good", "check"],
  kept: ["calm", "file"],
  failed: ["bad", "cross"],
  unknown: ["calm", "warn"],
  no_address: ["calm", "file"],
  suppressed: ["calm", "file"],
};

export function OutboxPage() {
  const [cursors, setCursors] = useState<string[]>([]);
  const listed = useLoad("outbox", (signal) => api.upTo(cursors, (cursor) => api.mails(cursor, signal)));
  useTitle(t("mails"));
  const found = listed.data?.items;
  const next = listed.data?.nextCursor;
  return (
    <>
      <div class="title">
        <h1>{t("mails")}</h1>
        <p class="muted">{t("mailsHint")}</p>
      </div>
      {listed.problem && <ProblemCard problem={listed.problem} again={listed.reload} />}
      {!found && !listed.problem && <Skeleton lines={4} />}
      {found?.length === 0 && (
        <div class="card">
          <p class="muted">{t("mailsNone")}</p>
        </div>
      )}
      {found?.map((mail) => (
        <Letter key={mail.id} mail={mail} />
      ))}
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
    </>
  );
}

/** A digest is written on until its morning; until then it is neither sent nor kept. */
const isPlanned = (mail: Mail): boolean =>
  mail.endedAt === null &&
  (mail.state === "queued" || mail.state === "no_address") &&
  new Date(mail.dueAt) > now.value;

function Letter({ mail }: { mail: Mail }) {
  const [isOpen, setOpen] = useState(false);
  const planned = isPlanned(mail);
  const [tone, icon] = LOOKS[planned ? "queued" : mail.state];
  return (
    <article class="card" data-mail={mail.kind}>
      <div class="row spread">
        <h2>{mail.subject}</h2>
        <span class={`badge ${tone}`} data-state={planned ? "planned" : mail.state}>
          <Icon name={icon} />
          {t(planned ? "mail_planned" : `mail_${mail.state}`)}
        </span>
      </div>
      <p class="muted row">
        <When at={mail.endedAt ?? mail.dueAt} />
        {mail.to && <span>{t("mailTo", { to: mail.to })}</span>}
      </p>
      {mail.reason && <p class="muted">{t("mailReason", { reason: mail.reason })}</p>}
      <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>{t("readMail")}</summary>
        {isOpen && <Words id={mail.id} />}
      </details>
    </article>
  );
}

function Words({ id }: { id: string }) {
  const loaded = useLoad(`${id} ${lang.value}`, (signal) => api.mail(id, signal));
  if (loaded.problem) return <ProblemCard problem={loaded.problem} again={loaded.reload} />;
  return loaded.data ? <pre>{loaded.data.text}</pre> : <Skeleton lines={3} />;
}
