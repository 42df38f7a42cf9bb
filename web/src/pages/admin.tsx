/** For administrators: how the platform is, who applies, who is there, what they say, and what was done. */

import { Applications } from "../admin/applications";
import { AuditLog, Heard } from "../admin/heard";
import { Glance } from "../admin/overview";
import { People } from "../admin/people";
import { t } from "../language";
import { useTitle } from "../title";

export function AdminPage() {
  useTitle(t("admin"));
  return (
    <>
      <div class="title">
        <h1>{t("admin")}</h1>
      </div>
      <Glance />
      <Applications />
      <People />
      <Heard />
      <AuditLog />
    </>
  );
}
