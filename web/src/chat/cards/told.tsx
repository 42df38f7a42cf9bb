/** The cards that tell something: a schedule, a price, a saved agent; and a question with its quick replies. */

import { useEffect, useState } from "preact/hooks";
import { lang, t } from "../../language";
import { dollars } from "../../money";
import { When } from "../../parts/when";
import { to } from "../../route";
import { absolute } from "../../time";
import type { Acts, CardProps } from "../acts";
import { price } from "../routes";
import type { MoneyRange, PriceCard as Price } from "../types";

export function ScheduleCard({ data }: CardProps<"schedule">) {
  return (
    <section class="card told" aria-label={t("cardSchedule")} data-card="schedule">
      <p class="kind">{t("cardSchedule")}</p>
      <h3>{data.text[lang.value]}</h3>
      {data.next.length === 0 ? (
        <p class="wrong">{t("scheduleNever")}</p>
      ) : (
        <div>
          <p class="muted">{t("scheduleNext")}</p>
          <ol class="times">
            {data.next.map((due) => (
              <li key={due}>
                <time dateTime={due}>{absolute(new Date(due), data.timezone, lang.value)}</time>
              </li>
            ))}
          </ol>
        </div>
      )}
    </section>
  );
}

export function PriceCard({ data: said, isNewest, acts }: CardProps<"price">) {
  const data = usePrice(said, isNewest, acts);
  const { perRun, perMonth, capPerRun, capPerMonth } = data;
  return (
    <section class="card told" aria-label={t("cardPrice")} data-card="price">
      <p class="kind">{t("cardPrice")}</p>
      <dl class="pairs">
        <dt>{t("pricePerRun")}</dt>
        <dd>{rangeOf(perRun, capPerRun)}</dd>
        <dt>{t("pricePerMonth", { runs: data.runs })}</dt>
        <dd>{rangeOf(perMonth, capPerMonth)}</dd>
        <dt>{t("priceCap")}</dt>
        <dd>{t("priceCaps", { run: dollars(capPerRun) ?? "", month: dollars(capPerMonth) ?? "" })}</dd>
      </dl>
      <p class="hint">
        {data.basis === "rehearsal" ? t("priceBasis", { count: data.rehearsals }) : t("priceNoBasis")}
      </p>
    </section>
  );
}

/** The price as it was said, or as it is by now: a test run or another draft makes it another. */
function usePrice(said: Price, isNewest: boolean, acts: Acts): Price {
  const [now, setNow] = useState<Price | null>(null);
  const { conversationId, standing } = acts;
  const isStale = isNewest && conversationId !== "" && standing !== `${said.revision} ${said.rehearsals}`;
  useEffect(() => {
    if (!isStale) return;
    const abort = new AbortController();
    price(conversationId, abort.signal).then(setNow, () => undefined);
    return () => abort.abort();
  }, [isStale, conversationId, standing]);
  // an earlier card goes on saying what it said when it was the newest
  return now ?? said;
}

function rangeOf(range: MoneyRange | null, cap: number): string {
  if (range === null) return t("priceUnknown", { cap: dollars(cap) ?? "" });
  const [low, high] = [dollars(range.low) ?? "", dollars(range.high) ?? ""];
  return low === high ? low : t("priceRange", { low, high });
}

export function AgentCard({ data }: CardProps<"agent">) {
  return (
    <section class="card told" aria-label={`${t("cardAgent")}: ${data.name}`} data-card="agent">
      <p class="row spread">
        <span class="kind">{t("cardAgent")}</span>
        <span class="badge">{t(data.status)}</span>
      </p>
      <h3>
        <a href={to.agent(data.agentId)}>{data.name}</a>
      </h3>
      <dl class="pairs">
        {data.scheduleText && (
          <>
            <dt>{t("schedule")}</dt>
            <dd>{data.scheduleText[lang.value]}</dd>
          </>
        )}
        {data.nextRunAt && (
          <>
            <dt>{t("nextRun")}</dt>
            <dd>
              <When at={data.nextRunAt} />
            </dd>
          </>
        )}
      </dl>
    </section>
  );
}

export function ChoiceCard({
  data,
  isNewest,
  isAnswered,
  acts,
}: CardProps<"choice"> & { isAnswered: boolean }) {
  return (
    <fieldset class="choice-card" data-card="choice">
      <legend>{data.question}</legend>
      <div class="row">
        {data.options.map((option) => (
          <button
            key={option.label}
            type="button"
            class="small"
            disabled={acts.busy || isAnswered || !isNewest}
            onClick={() => acts.say(option.text)}
          >
            {option.label}
          </button>
        ))}
      </div>
    </fieldset>
  );
}
