/** Short notices at the foot of the page; one with an undo waits ten seconds, and waits longer while it is used. */

import { useEffect, useState } from "preact/hooks";
import { t } from "../language";
import { dismiss, type Notice, notices } from "../state";

const SHOWN = 5_000;
const SHOWN_WITH_UNDO = 10_000;

export const Notices = () => (
  <div class="toasts" role="status" aria-live="polite">
    {notices.value.map((notice) => (
      <Toast key={notice.id} notice={notice} />
    ))}
  </div>
);

function Toast({ notice }: { notice: Notice }) {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held) return;
    const timer = setTimeout(() => dismiss(notice.id), notice.undo ? SHOWN_WITH_UNDO : SHOWN);
    return () => clearTimeout(timer);
  }, [held, notice.id, notice.undo]);
  const hold = () => setHeld(true);
  const release = () => setHeld(false);
  const undo = () => {
    dismiss(notice.id);
    notice.undo?.();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: hovering only keeps the notice from leaving too early.
    <div
      class="toast"
      onMouseEnter={hold}
      onMouseLeave={release}
      onFocusCapture={hold}
      onBlurCapture={release}
    >
      <span>{notice.text}</span>
      {notice.undo && (
        <button type="button" class="small" onClick={undo}>
          {t("undo")}
        </button>
      )}
      <button type="button" class="small plain" aria-label={t("close")} onClick={() => dismiss(notice.id)}>
        ×
      </button>
    </div>
  );
}
