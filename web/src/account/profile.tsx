/** Name, language of mails, and the zone that times are told in. */

import { useState } from "preact/hooks";
import { useAction } from "../act";
import { t } from "../language";
import { described, Field, Frame } from "../parts/field";
import { ProblemCard } from "../parts/problem-card";
import { notify, user } from "../state";
import type { User } from "../types";
import * as api from "./api";

const ZONES: readonly string[] = Intl.supportedValuesOf("timeZone");

export function ProfileForm({ profile }: { profile: User & api.Profile }) {
  const [name, setName] = useState(profile.name);
  const [locale, setLocale] = useState(profile.locale);
  const [timezone, setTimezone] = useState(profile.timezone);
  const saving = useAction();
  const wrong = (field: string): string | undefined =>
    saving.problem?.errors.find((error) => error.field === field)?.message;
  const isNew = name !== profile.name || locale !== profile.locale || timezone !== profile.timezone;

  const save = () =>
    saving.start(async () => {
      user.value = await api.change({ name, locale, timezone });
      notify(t("profileSaved"));
    });

  return (
    <section class="card" aria-labelledby="profile-title">
      <h2 id="profile-title">{t("profile")}</h2>
      <form
        class="form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <Field
          name="name"
          label={t("profileName")}
          hint={t("profileNameHint")}
          value={name}
          wrong={wrong("name")}
          onInput={setName}
          required
        />
        <Frame name="locale" label={t("profileLocale")} hint={t("profileLocaleHint")} wrong={wrong("locale")}>
          <select
            {...described("locale", wrong("locale"))}
            value={locale}
            onChange={(event) => setLocale(event.currentTarget.value === "en" ? "en" : "ko")}
          >
            <option value="ko" lang="ko">
              한국어
            </option>
            <option value="en" lang="en">
              English
            </option>
          </select>
        </Frame>
        <Frame name="timezone" label={t("profileZone")} hint={t("profileZoneHint")} wrong={wrong("timezone")}>
          <select
            {...described("timezone", wrong("timezone"))}
            value={timezone}
            onChange={(event) => setTimezone(event.currentTarget.value)}
          >
            {[...new Set([timezone, ...ZONES])].map((zone) => (
              <option key={zone} value={zone}>
                {zone}
              </option>
            ))}
          </select>
        </Frame>
        {saving.problem && <ProblemCard problem={saving.problem} />}
        <p class="row">
          <button type="submit" class="primary" disabled={saving.busy || !isNew}>
            {t(saving.busy ? "saving" : "save")}
          </button>
        </p>
      </form>
    </section>
  );
}
