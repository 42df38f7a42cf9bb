/** What a schedule means and when it comes due next, as the platform answers. */

import { useEffect, useState } from "preact/hooks";
import * as api from "../api";
import { lang, t } from "../language";
import { useLoad } from "../load";
import { absolute } from "../time";
import type { Schedule } from "../types";
import { ProblemCard } from "./problem-card";
import { Skeleton } from "./skeleton";

const PAUSE = 300;

export function ScheduleNext({ schedule }: { schedule: Schedule }) {
  const current = JSON.stringify(schedule);
  const asked = useSettled(current, PAUSE);
  const loaded = useLoad(asked, (signal) => api.previewSchedule(JSON.parse(asked) as Schedule, signal));
  // What was answered to the schedule before says nothing about this one.
  const { data, problem } = current === asked ? loaded : { data: null, problem: null };
  const wrong = problem?.errors.map(({ message }) => message).join(" ");
  return (
    <div class="next" aria-live="polite">
      {problem &&
        (wrong ? <p class="wrong">{wrong}</p> : <ProblemCard problem={problem} again={loaded.reload} />)}
      {!data && !problem && <Skeleton lines={5} />}
      {data?.text && !problem && (
        <>
          <p class="said">{data.text[lang.value]}</p>
          {data.tooFrequent && (
            <p class="wrong">{t("scheduleTooFrequent", { count: data.minimumIntervalSeconds / 60 })}</p>
          )}
          {data.next.length === 0 ? (
            <p class="wrong">{t("scheduleNever")}</p>
          ) : (
            <>
              <h3>{t("scheduleNext")}</h3>
              <ol>
                {data.next.map((due) => (
                  <li key={due}>
                    <time dateTime={due}>{absolute(new Date(due), schedule.timezone, lang.value)}</time>
                  </li>
                ))}
              </ol>
            </>
          )}
        </>
      )}
    </div>
  );
}

/** The value once it has stayed the same for a while. */
function useSettled(value: string, milliseconds: number): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return settled;
}
