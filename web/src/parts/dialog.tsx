/** A window of the page over the page: the browser keeps the focus in it, closes it with Esc and gives the focus back. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../language";

interface DialogProps {
  title: string;
  onClose: () => void;
  /** Along the edge of the screen. */
  drawer?: boolean;
  children: ComponentChildren;
}

export function Dialog({ title, onClose, drawer = false, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Esc closes a dialog by itself; the click is one on its backdrop.
    <dialog
      ref={dialog}
      class={drawer ? "drawer" : ""}
      aria-label={title}
      onClose={onClose}
      onClick={(event) => {
        if (event.target === event.currentTarget) dialog.current?.close();
      }}
    >
      <div class="inside">
        <div class="row spread">
          <h2>{title}</h2>
          <button
            type="button"
            class="small plain"
            aria-label={t("close")}
            onClick={() => dialog.current?.close()}
          >
            ×
          </button>
        </div>
        {children}
      </div>
    </dialog>
  );
}
