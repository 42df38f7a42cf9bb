/** A due instant, an interval that stands for many, or many that are alike. */

import type { Row } from "../calendar";
import { lang, t } from "../language";
import { to } from "../route";
import { absolute, clock, dayWords } from "../time";
import type { CalendarEntry } from "../types";
import { PlannedBadge, StatusBadge } from "./badge";

interface RowProps {
  row: Row;
  place: string;
}

export function CalendarRow({ row, place }: RowProps) {
  const [first, ...others] = row.entries;
  const last = others.at(-1);
  if (first.span) return <Interval entry={first} span={first.span} place={place} />;
  if (!last) return <Single entry={first} place={place} />;
  const from = clock(new Date(first.dueTime), place, lang.value);
  const until = clock(new Date(last.dueTime), place, lang.value);
  return (
    <li class="due">
      <details>
        <summary>
          {t("calendarMany", { from, until, count: row.entries.length })} <State entry={first} />
        </summary>
        <ul>
          {row.entries.map((entry) => (
            <Single key={entry.dueTime} entry={entry} place={place} />
          ))}
        </ul>
      </details>
    </li>
  );
}

function Single({ entry, place }: { entry: CalendarEntry; place: string }) {
  const at = new Date(entry.dueTime);
  return (
    <li class="due">
      <time dateTime={entry.dueTime} title={absolute(at, place, lang.value)}>
        {clock(at, place, lang.value)}
      </time>
      <Linked entry={entry} />
      {entry.error && <span class="muted why">{entry.error}</span>}
    </li>
  );
}

interface IntervalProps {
  entry: CalendarEntry;
  span: NonNullable<CalendarEntry["span"]>;
  place: string;
}

/** One row, whatever it covers; without a document of its own it goes on. */
function Interval({ entry, span, place }: IntervalProps) {
  const since = moment(span.since, place);
  const until = moment(span.until, place);
  const said = () => {
    if (span.count === 1) return since;
    if (span.count) return t("calendarSpan", { since, count: span.count });
    return entry.executionId ? t("calendarStood", { since, until }) : t("calendarStands", { since });
  };
  return (
    <li class="due">
      <Linked entry={entry} />
      <span>{said()}</span>
      {entry.error && <span class="muted why">{entry.error}</span>}
    </li>
  );
}

/** To the minute; the years are few and the zone is said above. */
const moment = (instant: string, place: string): string =>
  `${dayWords(new Date(instant), place, lang.value)} ${clock(new Date(instant), place, lang.value)}`;

function Linked({ entry }: { entry: CalendarEntry }) {
  if (!entry.executionId) return <State entry={entry} />;
  return (
    <a href={to.execution(entry.executionId)}>
      <State entry={entry} />
    </a>
  );
}

const State = ({ entry }: { entry: CalendarEntry }) =>
  entry.state === "planned" ? <PlannedBadge /> : <StatusBadge status={entry.state} />;
