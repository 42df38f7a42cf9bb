/** For administrators: who applies. */

import { Applications } from "../admin/applications";
import { t } from "../language";
import { useTitle } from "../title";

export function AdminPage() {
  useTitle(t("admin"));
  return (
    <>
      <div class="title">
        <h1>{t("admin")}</h1>
      </div>
      <Applications />
    </>
  );
}
