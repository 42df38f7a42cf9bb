/** The keys of the workspace: what they do, and the list of them. */

import { useEffect, useRef } from "preact/hooks";
import { type PlainWord, t } from "../language";
import { Dialog } from "../parts/dialog";

const KEYS: [keys: string, word: PlainWord][] = [
  ["Enter", "keySend"],
  ["Shift + Enter", "keyBreak"],
  ["Esc", "keyStop"],
  ["↑", "keyEdit"],
  ["/", "keyFocus"],
  ["?", "keyList"],
];

export const Shortcuts = ({ onClose }: { onClose: () => void }) => (
  <Dialog title={t("shortcuts")} onClose={onClose}>
    <dl class="pairs keys">
      {KEYS.map(([keys, word]) => (
        <>
          <dt>
            <kbd>{keys}</kbd>
          </dt>
          <dd>{t(word)}</dd>
        </>
      ))}
    </dl>
  </Dialog>
);

interface Keys {
  stop: () => void;
  focus: () => void;
  list: () => void;
}

export function useShortcuts(keys: Keys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
      // An open dialog has the keys to itself.
      if (document.querySelector("dialog[open]")) return;
      if (event.key === "Escape") return latest.current.stop();
      if (isWriting(event.target)) return;
      if (event.key !== "/" && event.key !== "?") return;
      event.preventDefault();
      if (event.key === "/") latest.current.focus();
      else latest.current.list();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}

const isWriting = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");
