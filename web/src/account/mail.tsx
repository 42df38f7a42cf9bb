/** Whether notifications go to one's address. */

import { useAction } from "../act";
import { t } from "../language";
import { useLoad } from "../load";
import { Icon } from "../parts/icon";
import { ProblemCard } from "../parts/problem-card";
import { Skeleton } from "../parts/skeleton";
import { notify } from "../state";
import * as api from "./api";

export function MailChoice() {
  const found = useLoad("mail-choice", (signal) => api.mailChoice(signal));
  const saving = useAction();
  const choose = (wanted: boolean) =>
    saving.start(async () => {
      found.replace(await api.chooseMail(wanted));
      notify(t(wanted ? "mailChoiceOn" : "mailChoiceOff"));
    });
  const problem = saving.problem ?? found.problem;
  return (
    <section class="card" aria-labelledby="mail-choice-title">
      <h2 id="mail-choice-title">{t("mailChoice")}</h2>
      {problem && <ProblemCard problem={problem} again={found.problem ? found.reload : undefined} />}
      {!found.data && !found.problem && <Skeleton lines={1} />}
      {found.data && (
        <>
          <label class="choice">
            <input
              type="checkbox"
              checked={found.data.wanted}
              disabled={saving.busy}
              onChange={(event) => choose(event.currentTarget.checked)}
            />
            <span>{t("mailChoiceLabel")}</span>
          </label>
          <p class="hint">{t("mailChoiceHint")}</p>
          {found.data.refused && (
            <p class="wrong">
              <Icon name="warn" />
              {t("mailChoiceRefused")}
            </p>
          )}
          {found.data.refused && (
            <p class="row">
              <button type="button" class="small" disabled={saving.busy} onClick={() => choose(true)}>
                {t("tryAgain")}
              </button>
            </p>
          )}
        </>
      )}
    </section>
  );
}
