/** When an agent runs by itself: common shapes, or words; and what comes of them, as the platform sees it. */

import { useState } from "preact/hooks";
import { type PlainWord, t } from "../language";
import {
  type Choice,
  choiceOf,
  INTERVALS,
  KINDS,
  type Kind,
  MONTH_DAYS,
  scheduleOf,
  toggled,
  turned,
  WEEKDAYS,
} from "../schedule";
import { zone } from "../state";
import type { Schedule } from "../types";
import { Below, Field } from "./field";
import { ScheduleNext } from "./schedule-next";
import { ScheduleSaid } from "./schedule-said";
import { Select } from "./select";

const kindWords: Record<Kind, PlainWord> = {
  off: "scheduleOff",
  daily: "scheduleDaily",
  weekdays: "scheduleWeekdays",
  weekly: "scheduleWeekly",
  monthly: "scheduleMonthly",
  last: "scheduleLast",
  interval: "scheduleInterval",
  custom: "scheduleCustom",
};
const weekdayWords: PlainWord[] = [
  "sunday",
  "monday",
  "tuesday",
  "wednesday",
  "thursday",
  "friday",
  "saturday",
];

interface EditorProps {
  first: Schedule | null;
  wrong: string | undefined;
  onInput: (schedule: Schedule | null) => void;
}

export function ScheduleEditor({ first, wrong, onInput }: EditorProps) {
  const [choice, setChoice] = useState(() => choiceOf(first, zone.value));
  const schedule = scheduleOf(choice);
  const choose = (next: Choice) => {
    setChoice(next);
    onInput(scheduleOf(next));
  };
  return (
    <fieldset class="schedule" aria-describedby={wrong ? "hint-schedule wrong-schedule" : "hint-schedule"}>
      <legend>{t("schedule")}</legend>
      <Below name="schedule" hint={t("scheduleHint")} wrong={wrong} />
      <ScheduleSaid
        timezone={choice.timezone}
        onHeard={(heard) => choose(choiceOf(heard, choice.timezone))}
      />
      <div class="two">
        <Select
          name="scheduleKind"
          label={t("scheduleWhen")}
          value={choice.kind}
          options={KINDS.map((kind) => [kind, t(kindWords[kind])])}
          onInput={(kind) => choose(turned(choice, kind as Kind))}
        />
        <Details choice={choice} choose={choose} />
      </div>
      {schedule && (
        <>
          <label class="choice">
            <input
              type="checkbox"
              checked={choice.withoutHolidays}
              onChange={(event) => choose({ ...choice, withoutHolidays: event.currentTarget.checked })}
            />
            {t("scheduleHolidays")}
          </label>
          <ScheduleNext schedule={schedule} />
        </>
      )}
    </fieldset>
  );
}

interface DetailsProps {
  choice: Choice;
  choose: (choice: Choice) => void;
}

/** The controls that a kind of schedule has. */
function Details({ choice, choose }: DetailsProps) {
  const { kind } = choice;
  if (kind === "off") return null;
  return (
    <>
      {kind === "weekly" && <Weekdays choice={choice} choose={choose} />}
      {kind === "monthly" && (
        <Select
          name="scheduleDay"
          label={t("scheduleDay")}
          value={choice.day}
          options={MONTH_DAYS.map((day) => [
            day,
            day === "L" ? t("scheduleLastDay") : t("scheduleDayOf", { day }),
          ])}
          onInput={(day) => choose({ ...choice, day })}
        />
      )}
      {kind === "interval" && (
        <Select
          name="scheduleEvery"
          label={t("scheduleEvery")}
          value={String(choice.minutes)}
          options={INTERVALS.map((minutes) => [String(minutes), interval(minutes)])}
          onInput={(minutes) => choose({ ...choice, minutes: Number(minutes) })}
        />
      )}
      {kind === "custom" && (
        <Field
          name="scheduleCron"
          label={t("scheduleCron")}
          hint={t("scheduleCronHint")}
          value={choice.cron}
          wrong={undefined}
          required
          onInput={(cron) => choose({ ...choice, cron })}
        />
      )}
      {kind !== "interval" && kind !== "custom" && <Time choice={choice} choose={choose} />}
      <Select
        name="scheduleZone"
        label={t("scheduleZone")}
        value={choice.timezone}
        options={zones(choice.timezone).map((name) => [name, name])}
        onInput={(timezone) => choose({ ...choice, timezone })}
      />
    </>
  );
}

/** A time that is being cleared is not a time yet; the one before counts until there is another. */
const Time = ({ choice, choose }: DetailsProps) => (
  <div class="field">
    <label for="field-scheduleTime">{t("scheduleTime")}</label>
    <input
      id="field-scheduleTime"
      type="time"
      value={choice.time}
      onInput={(event) =>
        event.currentTarget.value !== "" && choose({ ...choice, time: event.currentTarget.value })
      }
    />
  </div>
);

const Weekdays = ({ choice, choose }: DetailsProps) => (
  <fieldset>
    <legend>{t("scheduleDays")}</legend>
    <div class="row week">
      {WEEKDAYS.map((day) => (
        <label key={day} class="choice">
          <input
            type="checkbox"
            checked={choice.weekdays.includes(day)}
            onClick={(event) => {
              const next = toggled(choice, day);
              if (next === choice) event.preventDefault();
              else choose(next);
            }}
          />
          {t(weekdayWords[day] ?? "sunday")}
        </label>
      ))}
    </div>
  </fieldset>
);

function interval(minutes: number): string {
  if (minutes < 60) return t("scheduleMinutes", { count: minutes });
  return minutes === 60 ? t("scheduleHour") : t("scheduleHours", { count: minutes / 60 });
}

function zones(chosen: string): string[] {
  return [...new Set([chosen, zone.value, "Asia/Seoul", "UTC", ...Intl.supportedValuesOf("timeZone")])];
}
