/** One's own account: who one is, what the plan allows, keys, the beta, and one's data. */

import * as api from "../account/api";
import { Beta } from "../account/beta";
import { Activity, Data } from "../account/data";
import { Keys } from "../account/keys";
import { MailChoice } from "../account/mail";
import { PlanCard } from "../account/plan";
import { ProfileForm } from "../account/profile";
import { t } from "../language";
import { useLoad } from "../load";
import { GoogleSignIn } from "../parts/google-sign-in";
import { ProblemCard } from "../parts/problem-card";
import { Skeleton } from "../parts/skeleton";
import { useTitle } from "../title";

export function AccountPage() {
  const found = useLoad("account", (signal) => api.account(signal));
  useTitle(t("account"));
  return (
    <>
      <div class="title">
        <h1>{t("account")}</h1>
        {found.data?.email && <p class="muted">{found.data.email}</p>}
      </div>
      {found.problem && <ProblemCard problem={found.problem} again={found.reload} />}
      {!found.data && !found.problem && <Skeleton lines={4} />}
      {found.data && (
        <>
          {found.data.kind === "guest" && <GoogleSignIn entered={found.reload} />}
          <PlanCard />
          <ProfileForm profile={found.data} />
          {found.data.email && <MailChoice />}
          {found.data.kind !== "owner" && <Beta person={found.data} />}
          <Keys />
          <Data person={found.data} />
          <Activity />
        </>
      )}
    </>
  );
}
