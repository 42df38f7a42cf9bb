/** What the plan allows and what of it is used, before anybody runs into it. */

import { lang, t } from "../language";
import { useLoad } from "../load";
import { dollars } from "../money";
import { ProblemCard } from "../parts/problem-card";
import { Skeleton } from "../parts/skeleton";
import { When } from "../parts/when";
import { duration } from "../time";
import * as api from "./api";

const SECOND = 1000;

export function PlanCard() {
  const found = useLoad("limits", (signal) => api.limits(signal));
  const meters = found.data;
  return (
    <section class="card" aria-labelledby="plan-title">
      <h2 id="plan-title">{t("plan")}</h2>
      {found.problem && <ProblemCard problem={found.problem} again={found.reload} />}
      {!meters && !found.problem && <Skeleton lines={3} />}
      {meters && (
        <>
          <p data-plan={meters.plan}>{planWords(meters.plan)}</p>
          <dl class="facts">
            <Meter label={t("planAgents")} used={meters.agents} most={meters.limits.agents} said={String} />
            <Meter
              label={t("planRuns")}
              used={meters.runsToday}
              most={meters.limits.runsPerDay}
              said={String}
            >
              {t("planAnew")} <When at={meters.dayEndsAt} brief />
            </Meter>
            <Meter
              label={t("planMonth")}
              used={meters.spentThisMonthMicroUsd}
              most={meters.limits.monthlyMicroUsd}
              said={(amount) => dollars(amount) ?? ""}
            >
              {t("planAnew")} <When at={meters.monthEndsAt} brief />
            </Meter>
            <div>
              <dt>{t("planInterval")}</dt>
              <dd>
                {t("planEvery", {
                  time: duration(meters.limits.minimumIntervalSeconds * SECOND, lang.value),
                })}
              </dd>
            </div>
            <div>
              <dt>{t("planKept")}</dt>
              <dd>
                {meters.limits.keptDays === null
                  ? t("planForever")
                  : t("planDays", { count: meters.limits.keptDays })}
              </dd>
            </div>
          </dl>
        </>
      )}
    </section>
  );
}

const KNOWN = ["guest", "waiting", "approved", "admin", "owner"] as const;

export function planWords(plan: string): string {
  const known = KNOWN.find((name) => name === plan);
  return known ? t(`plan_${known}`) : plan;
}

interface MeterProps {
  label: string;
  used: number;
  most: number | null;
  said: (amount: number) => string;
  children?: preact.ComponentChildren;
}

function Meter({ label, used, most, said, children }: MeterProps) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        {most === null
          ? t("planFree", { used: said(used) })
          : t("planUsed", { used: said(used), most: said(most) })}
        {most !== null && (
          <meter
            aria-label={label}
            min={0}
            max={Math.max(1, most)}
            high={most * 0.8}
            value={Math.min(used, most)}
          />
        )}
        {children && <span class="exact muted">{children}</span>}
      </dd>
    </div>
  );
}
