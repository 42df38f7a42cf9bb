/** What a run left: the hosts that it tried, and its files. */

import { artifactHref } from "../../api";
import { t } from "../../language";
import { size } from "../../parts/facts";
import { Icon } from "../../parts/icon";
import type { Artifact, HostUse } from "../../types";

interface LeftProps {
  executionId: string | null;
  hosts: HostUse[];
  artifacts: Artifact[];
}

export const Left = ({ executionId, hosts, artifacts }: LeftProps) => (
  <>
    {hosts.length > 0 && (
      <ul class="files" aria-label={t("hosts")}>
        {hosts.map(({ host, allowed, requests }) => (
          <li key={`${host} ${allowed}`}>
            <Icon name={allowed ? "check" : "cross"} />
            <code>{host}</code>
            <span>{t(allowed ? "hostAllowed" : "hostRefused")}</span>
            <span class="muted">{t("hostUse", { count: requests })}</span>
          </li>
        ))}
      </ul>
    )}
    {artifacts.length > 0 && (
      <ul class="files" aria-label={t("artifacts")}>
        {artifacts.map((artifact) => (
          <li key={artifact.path}>
            <Icon name="file" />
            {executionId ? (
              <a href={artifactHref(executionId, artifact)} download>
                {artifact.path}
              </a>
            ) : (
              artifact.path
            )}
            <span class="muted">{size(artifact.bytes)}</span>
          </li>
        ))}
      </ul>
    )}
  </>
);
