/** States as an icon and a word: colour alone says nothing. */

import { t } from "../language";
import type { ExecutionStatus } from "../types";
import { Icon, type IconName } from "./icon";

type Tone = "good" | "bad" | "busy" | "calm";

const LOOKS: Record<ExecutionStatus, [Tone, IconName]> = {
  queued: ["busy", "clock"],
  launching: ["busy", "clock"],
  running: ["busy", "play"],
  succeeded: ["good", "check"],
  failed: ["bad", "cross"],
  cancelled: ["calm", "stop"],
  timed_out: ["bad", "clock"],
  skipped: ["calm", "skip"],
  missed: ["calm", "skip"],
};

export const statusIcons = Object.fromEntries(
  Object.entries(LOOKS).map(([status, [, icon]]) => [status, icon]),
) as Record<ExecutionStatus, IconName>;

export function StatusBadge({ status }: { status: ExecutionStatus }) {
  const [tone, icon] = LOOKS[status];
  return (
    <span class={`badge ${tone}`} data-status={status}>
      <Icon name={icon} />
      {t(status)}
    </span>
  );
}

export const DemoBadge = ({ words }: { words: "demo" | "demoRun" | "demoShort" }) => (
  <span class="badge demo" title={t("demoHint")}>
    <Icon name="warn" />
    {t(words)}
  </span>
);
