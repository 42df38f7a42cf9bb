import { useAction } from "../act";
import { t } from "../language";
import { GoogleSignIn } from "../parts/google-sign-in";
import { Icon } from "../parts/icon";
import { ProblemCard } from "../parts/problem-card";
import { enterAsGuest, linkRefused, streamUrl } from "../state";
import { useTitle } from "../title";

/** One sentence, what it does, and the way in. */
export function SignInPage() {
  const entering = useAction();
  useTitle(null);
  const isLocal = streamUrl.value === null;
  return (
    <section class="welcome">
      <h1>Oh My Agent</h1>
      <p class="tagline">{t("tagline")}</p>
      <ul class="points">
        {(["pointRun", "pointWatch", "pointCost"] as const).map((point) => (
          <li key={point}>
            <Icon name="check" />
            {t(point)}
          </li>
        ))}
      </ul>
      {linkRefused.value && (
        <div class="notice bad" role="alert">
          <p class="notice-title">
            <Icon name="warn" />
            {t("linkUsed")}
          </p>
          <p>{t("linkUsedHint")}</p>
        </div>
      )}
      <button
        type="button"
        class="primary big"
        disabled={entering.busy}
        onClick={() => entering.start(enterAsGuest)}
      >
        {t(entering.busy ? "entering" : "enterAsGuest")}
      </button>
      <GoogleSignIn />
      {entering.problem && <ProblemCard problem={entering.problem} />}
      <p class="muted">
        {t("guestLimits")}
        {isLocal && ` ${t("ownerHint")}`}
      </p>
    </section>
  );
}
