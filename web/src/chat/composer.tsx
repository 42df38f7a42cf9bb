/** Where a message is written: text that outlives a reload, files, and one button that sends or stops. */

import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../language";
import { Icon } from "../parts/icon";
import { to } from "../route";
import { largestUpload } from "../state";
import { useWide } from "../wide";
import { AttachButton, Attachments, useAttachments } from "./attachments";
import { sendOnEnter } from "./enter";
import { keep, keepRun, runOf, typed } from "./kept";
import type { Upload } from "./types";

interface ComposerProps {
  field: RefObject<HTMLTextAreaElement | null>;
  /** What the text belongs to; another place has another text. */
  place: string;
  /** A turn goes on: nothing can be sent, but it can be stopped. */
  busy: boolean;
  /** Stopping has been asked for, or cannot be yet. */
  stopDisabled: boolean;
  /** Nothing can be sent any more. */
  closed: boolean;
  /** What `↑` brings back into an empty field. */
  last: string | null;
  onSend: (text: string, files: Upload[], runId: string | null) => void;
  onStop: () => void;
}

export function Composer(props: ComposerProps) {
  const { field, place, busy, closed } = props;
  const [isEmpty, setEmpty] = useState(true);
  const [runId, setRun] = useState<string | null>(null);
  const files = useAttachments(place);
  const isWide = useWide();
  const written = (text: string) => {
    keep(place, text);
    setEmpty(text.trim() === "");
  };
  const about = (run: string | null) => {
    keepRun(place, run);
    setRun(run);
  };
  const submit = () => {
    const area = field.current;
    const text = area?.value.trim() ?? "";
    if (!area || busy || closed || text === "" || files.isBusy) return;
    area.value = "";
    written("");
    props.onSend(text, files.takeAll(), runId);
    about(null);
    area.focus();
  };
  // Listeners are bound once; they act by what is true when they are called.
  const latest = useRef(submit);
  latest.current = submit;
  useEffect(() => {
    const area = field.current;
    return area ? sendOnEnter(area, () => latest.current()) : undefined;
  }, [field]);
  useEffect(() => {
    const area = field.current;
    if (!area) return;
    area.value = typed(place);
    setEmpty(area.value.trim() === "");
    setRun(runOf(place));
  }, [field, place]);

  const recall = (event: KeyboardEvent) => {
    const area = field.current;
    if (event.key !== "ArrowUp" || event.isComposing || !area || area.value !== "" || props.last === null)
      return;
    event.preventDefault();
    area.value = props.last;
    written(props.last);
  };
  return (
    <form
      class={files.isOver ? "composer over" : "composer"}
      {...files.dropping}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {runId !== null && <AboutRun id={runId} onRemove={() => about(null)} />}
      <Attachments files={files} />
      <div class="writing">
        {largestUpload.value !== null && <AttachButton files={files} />}
        <textarea
          ref={field}
          rows={1}
          enterkeyhint="send"
          aria-label={t("message")}
          placeholder={t(isWide ? "messageHint" : "messageShort")}
          disabled={closed}
          onInput={(event) => written(event.currentTarget.value)}
          onKeyDown={recall}
          onPaste={files.pasting}
        />
        {busy ? (
          <button type="button" class="send" disabled={props.stopDisabled} onClick={props.onStop}>
            <Icon name="stop" />
            {t("stopAnswer")}
          </button>
        ) : (
          <button type="submit" class="primary send" disabled={isEmpty || closed || files.isBusy}>
            {t("send")}
          </button>
        )}
      </div>
    </form>
  );
}

/** The run that the message is about: it goes along as data, and can be left out. */
const AboutRun = ({ id, onRemove }: { id: string; onRemove: () => void }) => (
  <p class="chips">
    <span class="chip">
      <Icon name="clock" />
      <a href={to.execution(id)}>{t("aboutRun")}</a>
      <button type="button" class="small plain" aria-label={t("aboutRunRemove")} onClick={onRemove}>
        ×
      </button>
    </span>
  </p>
);
