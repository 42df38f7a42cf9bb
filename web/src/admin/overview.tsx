/** The platform at a glance, and the one switch for all schedules. */

import { useAction } from "../act";
import { lang, t } from "../language";
import { useLoad, useRefresh } from "../load";
import { dollars } from "../money";
import { Icon } from "../parts/icon";
import { ProblemCard } from "../parts/problem-card";
import { Skeleton } from "../parts/skeleton";
import { When } from "../parts/when";
import { notify } from "../state";
import { duration } from "../time";
import * as api from "./api";

const SECOND = 1000;
const percent = (share: number | null): string =>
  share === null ? t("noneYet") : `${Math.round(share * 1000) / 10}%`;
const lasting = (seconds: number | null): string =>
  seconds === null ? t("none") : duration(seconds * SECOND, lang.value);
const milliseconds = (amount: number | null): string =>
  amount === null ? t("noneYet") : `${Math.round(amount)} ms`;

export function Glance() {
  const found = useLoad("overview", (signal) => api.overview(signal));
  useRefresh(true, found.reload);
  const seen = found.data;
  return (
    <section class="card" aria-labelledby="glance-title">
      <h2 id="glance-title">{t("glance")}</h2>
      {found.problem && <ProblemCard problem={found.problem} again={found.reload} />}
      {!seen && !found.problem && <Skeleton lines={4} />}
      {seen && (
        <>
          <Switch pausedAt={seen.schedulesPausedAt} changed={found.reload} />
          {seen.clock && <ClockSwitch clock={seen.clock} changed={found.reload} />}
          <Figures seen={seen} />
          {seen.security.length > 0 && (
            <>
              <h3>{t("security")}</h3>
              <ul class="plain-list">
                {seen.security.map((event) => (
                  <li key={event.what}>
                    <p class="row spread">
                      <span>{event.what}</span>
                      <span class="muted">
                        {t("times", { count: event.count })} <When at={event.lastAt} brief />
                      </span>
                    </p>
                  </li>
                ))}
              </ul>
            </>
          )}
        </>
      )}
    </section>
  );
}

function Switch({ pausedAt, changed }: { pausedAt: string | null; changed: () => void }) {
  const switching = useAction();
  const press = () =>
    switching.start(async () => {
      const { paused } = await api.pauseSchedules(pausedAt === null);
      notify(t(paused ? "schedulesStopped" : "schedulesGoOn"));
      changed();
    });
  return (
    <>
      {pausedAt !== null && (
        <div class="notice bad" role="status">
          <p class="notice-title">
            <Icon name="warn" />
            {t("schedulesStand")} <When at={pausedAt} brief />
          </p>
        </div>
      )}
      <p class="row">
        <button
          type="button"
          class={pausedAt === null ? "danger" : "primary"}
          disabled={switching.busy}
          onClick={press}
        >
          {t(pausedAt === null ? "schedulesStop" : "schedulesStart")}
        </button>
      </p>
      {switching.problem && <ProblemCard problem={switching.problem} />}
    </>
  );
}

/** What sets off everything that happens by itself, where that is not the platform's own. */
function ClockSwitch({ clock, changed }: { clock: api.Clock; changed: () => void }) {
  const switching = useAction();
  const press = () =>
    switching.start(async () => {
      const { paused } = await api.pauseClock(!clock.paused);
      notify(t(paused ? "clockStopped" : "clockGoesOn"));
      changed();
    });
  return (
    <>
      {(clock.paused || clock.failing) && (
        <div class="notice bad" role="status">
          <p class="notice-title">
            <Icon name="warn" />
            {t(clock.paused ? "clockStands" : "clockFails")}
          </p>
        </div>
      )}
      <p class="muted">{t("clockWarning")}</p>
      <p class="row">
        <button
          type="button"
          class={clock.paused ? "primary" : "danger"}
          disabled={switching.busy}
          onClick={press}
        >
          {t(clock.paused ? "clockStart" : "clockStop")}
        </button>
      </p>
      {switching.problem && <ProblemCard problem={switching.problem} />}
    </>
  );
}

function Figures({ seen }: { seen: api.Overview }) {
  const { people, runs, spend, mail } = seen;
  const figures: [string, string][] = [
    [t("activeNow"), String(people.activeNow)],
    [t("activeToday"), String(people.activeToday)],
    [t("activeWeek"), String(people.activeThisWeek)],
    [t("returnRate"), percent(people.returnRate)],
    [t("planRuns"), t("runsBad", { count: runs.today, bad: runs.failedToday })],
    [t("runsMonth"), t("runsBad", { count: runs.thisMonth, bad: runs.failedThisMonth })],
    [t("runsWaiting"), t("waitingSince", { count: runs.waiting, time: lasting(runs.oldestWaitingSeconds) })],
    [t("tickAge"), lasting(seen.tickAgeSeconds)],
    [t("spendToday"), dollars(spend.modelTodayMicroUsd) ?? t("unknown")],
    [t("planMonth"), dollars(spend.modelThisMonthMicroUsd) ?? t("unknown")],
    [t("cloudMonth"), dollars(spend.cloudThisMonthMicroUsd) ?? t("none")],
    [t("mailsWaiting"), t("waitingSince", { count: mail.waiting, time: lasting(mail.oldestWaitingSeconds) })],
    [t("deliveryRate"), percent(mail.deliveryRate)],
    [t("apiSpeed"), `p50 ${milliseconds(seen.api.p50Ms)} · p99 ${milliseconds(seen.api.p99Ms)}`],
    [t("apiErrors"), percent(seen.api.errorRate)],
    [t("feedbackWeek"), String(seen.feedbackThisWeek)],
  ];
  return (
    <dl class="facts">
      {figures.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
