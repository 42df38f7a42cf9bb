/** An agent's schedule in words, with the person's own beside them. */

import { lang } from "../language";
import type { Agent } from "../types";

export function ScheduleWords({ agent }: { agent: Agent }) {
  const { schedule, scheduleText } = agent;
  if (schedule === null) return null;
  return (
    <>
      {scheduleText?.[lang.value] ?? <code>{schedule.cron}</code>}
      {schedule.text && <span class="exact">{schedule.text}</span>}
    </>
  );
}
