/** The agent's workspace: what lies there, putting a file in, taking one out. */

import { useRef } from "preact/hooks";
import { useAction } from "../act";
import * as api from "../api";
import { t } from "../language";
import { useLoad } from "../load";
import { notify } from "../state";
import { size } from "./facts";
import { Icon } from "./icon";
import { ProblemCard } from "./problem-card";

export function Files({ agentId }: { agentId: string }) {
  const listed = useLoad(agentId, (signal) => api.files(agentId, signal));
  const upload = useAction();
  const removal = useAction();
  const picker = useRef<HTMLInputElement>(null);

  const put = (file: File) =>
    upload.start(async () => {
      await api.uploadFile(agentId, file);
      notify(t("uploaded", { name: file.name }));
      listed.reload();
    });
  const remove = (path: string) =>
    removal.start(async () => {
      await api.deleteFile(agentId, path);
      notify(t("removedFile", { name: path }));
      listed.reload();
    });

  const problem = upload.problem ?? removal.problem ?? listed.problem;
  return (
    <section class="card" aria-labelledby="files-title">
      <div class="row spread">
        <h2 id="files-title">{t("files")}</h2>
        <input
          ref={picker}
          type="file"
          class="unseen"
          tabIndex={-1}
          aria-label={t("upload")}
          onChange={(event) => {
            const file = event.currentTarget.files?.[0];
            event.currentTarget.value = "";
            if (file) put(file);
          }}
        />
        <button type="button" class="small" disabled={upload.busy} onClick={() => picker.current?.click()}>
          {t(upload.busy ? "uploading" : "upload")}
        </button>
      </div>
      <p class="muted">{t("filesHint")}</p>
      {problem && <ProblemCard problem={problem} again={listed.problem ? listed.reload : undefined} />}
      {listed.data?.items.length === 0 && <p class="muted">{t("filesNone")}</p>}
      <ul class="files">
        {listed.data?.items.map((file) => (
          <li key={file.path}>
            <Icon name="file" />
            <a href={api.fileHref(agentId, file.path)} download>
              {file.path}
            </a>
            <span class="muted">{size(file.bytes)}</span>
            <button
              type="button"
              class="small plain"
              aria-label={t("removeFile", { name: file.path })}
              disabled={removal.busy}
              onClick={() => remove(file.path)}
            >
              {t("remove")}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
