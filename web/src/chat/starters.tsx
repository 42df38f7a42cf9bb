/** Three things to ask for: each fills the message in, and nothing is sent. */

import { type PlainWord, t } from "../language";
import { go, to } from "../route";
import { keep, keepRun, placeOf } from "./kept";

const STARTERS: [name: PlainWord, wish: PlainWord][] = [
  ["starterNews", "starterNewsWish"],
  ["starterSales", "starterSalesWish"],
  ["starterPapers", "starterPapersWish"],
];

export const Starters = ({ choose }: { choose: (wish: string) => void }) => (
  <ul class="starters" aria-label={t("starters")}>
    {STARTERS.map(([name, wish]) => (
      <li key={name}>
        <button type="button" onClick={() => choose(t(wish))}>
          <strong>{t(name)}</strong>
          <span class="muted">{t(wish)}</span>
        </button>
      </li>
    ))}
  </ul>
);

/** Opens the workspace with a message that is written and not sent; about an agent or a run, if one is named. */
export function openWith(wish: string, agentId: string | null = null, runId: string | null = null): void {
  const place = placeOf(null, agentId);
  keep(place, wish);
  keepRun(place, runId);
  go(agentId === null ? to.chat() : to.chatAbout(agentId));
}
