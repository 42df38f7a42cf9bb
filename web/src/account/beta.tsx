/** The beta programme: applying once, and what has become of it. */

import { useState } from "preact/hooks";
import { useAction } from "../act";
import { t } from "../language";
import { useLoad } from "../load";
import { Below, Field } from "../parts/field";
import { Icon, type IconName } from "../parts/icon";
import { ProblemCard } from "../parts/problem-card";
import { Skeleton } from "../parts/skeleton";
import { When } from "../parts/when";
import { Problem } from "../problem";
import type { User } from "../types";
import * as api from "./api";

const LOOKS: Record<api.Application["status"], [string, IconName]> = {
  received: ["busy", "clock"],
  approved: ["good", "check"],
  rejected: ["calm", "warn"],
};

export function Beta({ person }: { person: User }) {
  return (
    <section class="card" aria-labelledby="beta-title">
      <h2 id="beta-title">{t("beta")}</h2>
      <p class="muted">{t("betaHint")}</p>
      {person.kind === "google" ? <Standing /> : <p>{t("betaNeedsGoogle")}</p>}
    </section>
  );
}

function Standing() {
  const found = useLoad("beta", (signal) => api.application(signal).catch(noneYet));
  if (found.problem) return <ProblemCard problem={found.problem} again={found.reload} />;
  if (!found.data) return <Skeleton lines={2} />;
  if (found.data === "none") return <Form done={found.replace} />;
  const { status, purpose, createdAt, decidedAt } = found.data;
  const [tone, icon] = LOOKS[status];
  return (
    <div data-beta={status}>
      <p class="row">
        <span class={`badge ${tone}`}>
          <Icon name={icon} />
          {t(`beta_${status}`)}
        </span>
        <span class="muted">
          <When at={decidedAt ?? createdAt} />
        </span>
      </p>
      <p>{t(`betaSays_${status}`)}</p>
      <p class="muted">{t("betaYouWrote", { purpose })}</p>
    </div>
  );
}

function noneYet(error: unknown): "none" {
  if (error instanceof Problem && error.status === 404) return "none";
  throw error;
}

function Form({ done }: { done: (application: api.Application) => void }) {
  const [purpose, setPurpose] = useState("");
  const [agreed, setAgreed] = useState(false);
  const [lacksConsent, setLacksConsent] = useState(false);
  const sending = useAction();
  const wrong = sending.problem?.errors.find((error) => error.field === "purpose")?.message;

  const send = () => {
    setLacksConsent(!agreed);
    if (agreed) sending.start(async () => done(await api.apply(purpose)));
  };
  return (
    <form
      class="form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <Field
        name="purpose"
        label={t("betaPurpose")}
        hint={t("betaPurposeHint")}
        value={purpose}
        wrong={wrong}
        onInput={setPurpose}
        rows={3}
        required
      />
      <div class="field">
        <label class="choice">
          <input
            type="checkbox"
            id="field-consent"
            aria-describedby={lacksConsent ? "hint-consent wrong-consent" : "hint-consent"}
            aria-invalid={lacksConsent}
            checked={agreed}
            onChange={(event) => setAgreed(event.currentTarget.checked)}
          />
          <span>{t("betaConsent")}</span>
        </label>
        <Below
          name="consent"
          hint={t("betaConsentHint")}
          wrong={lacksConsent ? t("betaConsentNeeded") : undefined}
        />
      </div>
      {sending.problem && <ProblemCard problem={sending.problem} />}
      <p class="row">
        <button type="submit" class="primary" disabled={sending.busy}>
          {t(sending.busy ? "sendingNow" : "betaApply")}
        </button>
      </p>
    </form>
  );
}
