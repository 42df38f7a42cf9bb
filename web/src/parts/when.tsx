/** An instant: how long ago, and exactly when, in the reader's zone. */

import { lang, t } from "../language";
import { now, zone } from "../state";
import { absolute, relative } from "../time";

export function When({ at, brief = false }: { at: string | null | undefined; brief?: boolean }) {
  if (!at) return <>–</>;
  const instant = new Date(at);
  const exact = absolute(instant, zone.value, lang.value);
  const words = relative(instant, now.value, lang.value);
  return (
    <time dateTime={at} title={exact}>
      {words}
      {!brief && <span class="exact">{exact}</span>}
    </time>
  );
}

export const Cost = ({ shown }: { shown: string | null }) => <>{shown ?? t("unknown")}</>;
