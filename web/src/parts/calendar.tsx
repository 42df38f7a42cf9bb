/** When an agent ran by itself, when it did not and why, and when it will. */

import { useRef } from "preact/hooks";
import * as api from "../api";
import { type Around, around, type Day, days, isChanging, parted, type Window } from "../calendar";
import { lang, t } from "../language";
import { useLoad, useRefresh } from "../load";
import { to } from "../route";
import { now, zone } from "../state";
import { absolute, dayWords, zoneName } from "../time";
import type { Agent } from "../types";
import { CalendarRow } from "./calendar-row";
import { ProblemCard } from "./problem-card";
import { Skeleton } from "./skeleton";

const DAY = 86_400_000;

export function Calendar({ agent }: { agent: Agent }) {
  // A changed agent has other plans.
  const fitting = useRef<Window | undefined>(undefined);
  const loaded = useLoad(`${agent.id} ${agent.version}`, async (signal) => {
    const ask = (from: Date, to: Date) => api.calendar(agent.id, from, to, signal);
    const found = await around(new Date(), ask, fitting.current);
    fitting.current = found.window;
    return found;
  });
  const { data, problem } = loaded;
  useRefresh(data !== null && isChanging(data.entries, now.value), loaded.reload);
  const place = agent.schedule?.timezone ?? zone.value;
  const isBlank = agent.schedule === null && data?.entries.length === 0;
  return (
    <section class="card" aria-labelledby="calendar-title">
      <h2 id="calendar-title">{t("calendar")}</h2>
      {place !== zone.value && (
        <p class="muted">{t("calendarZone", { zone: `${place} (${zoneName(now.value, place)})` })}</p>
      )}
      {problem && <ProblemCard problem={problem} again={loaded.reload} />}
      {!data && !problem && <Skeleton lines={4} />}
      {isBlank && (
        <p class="muted">
          {t("calendarNone")} <a href={to.edit(agent.id)}>{t("calendarSet")}</a>
        </p>
      )}
      {data && !isBlank && <Days agent={agent} place={place} {...data} />}
    </section>
  );
}

interface DaysProps extends Around {
  agent: Agent;
  place: string;
}

function Days({ agent, place, entries, window: { before, after } }: DaysProps) {
  const { past, coming } = parted(entries);
  return (
    <div class="calendar">
      <div>
        <h3>{t(after < DAY ? "calendarNextHours" : "calendarNext", { count: lengthOf(after) })}</h3>
        {coming.length === 0 && <p class="muted">{t(whyNothing(agent))}</p>}
        <Dates days={days(coming, place)} place={place} />
        {coming.length === 0 && agent.nextRunAt && (
          <p>
            {t("nextRun")}: {absolute(new Date(agent.nextRunAt), place, lang.value)}
          </p>
        )}
      </div>
      <div>
        <h3>{t(before < DAY ? "calendarPastHours" : "calendarPast", { count: lengthOf(before) })}</h3>
        {past.length === 0 && <p class="muted">{t("calendarPastNone")}</p>}
        <Dates days={days(past, place).reverse()} place={place} />
      </div>
    </div>
  );
}

/** In days, or in hours below one. */
const lengthOf = (milliseconds: number): number =>
  Math.round(milliseconds / (milliseconds < DAY ? DAY / 24 : DAY));

function whyNothing(agent: Agent) {
  if (agent.schedule === null) return "calendarOff";
  return agent.status === "active" && !agent.pausedReason ? "calendarNextNone" : "calendarPaused";
}

function Dates({ days, place }: { days: Day[]; place: string }) {
  return (
    <ol class="days">
      {days.map(({ at, rows }) => (
        <li key={at.toISOString()}>
          <h4>{dayWords(at, place, lang.value)}</h4>
          <ul>
            {rows.map((row) => (
              <CalendarRow key={row.entries[0].dueTime + row.entries[0].state} row={row} place={place} />
            ))}
          </ul>
        </li>
      ))}
    </ol>
  );
}
