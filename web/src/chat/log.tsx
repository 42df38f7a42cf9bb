/** The transcript: scrolled to its end while the reader is there, and left alone while they read further up. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../language";

/** In pixels: closer to the end than this is at the end. */
const NEAR = 48;

interface LogProps {
  /** Another conversation begins at its end. */
  of: string;
  busy: boolean;
  /** Counts up whenever the reader has said something: what they said is to be seen. */
  said: number;
  children: ComponentChildren;
}

export function Log({ of, busy, said, children }: LogProps) {
  const box = useRef<HTMLDivElement>(null);
  const inside = useRef<HTMLDivElement>(null);
  const isFollowing = useRef(true);
  const [isAway, setAway] = useState(false);
  const toEnd = () => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  };
  const follow = () => {
    isFollowing.current = true;
    setAway(false);
    toEnd();
  };
  useEffect(() => {
    const watch = new ResizeObserver(() => {
      if (isFollowing.current) toEnd();
    });
    for (const part of [box.current, inside.current]) if (part) watch.observe(part);
    return () => watch.disconnect();
  }, []);
  useEffect(follow, [of, said]);
  const look = () => {
    const part = box.current;
    if (!part) return;
    isFollowing.current = part.scrollHeight - part.scrollTop - part.clientHeight < NEAR;
    setAway(!isFollowing.current);
  };
  return (
    <div class="log-frame">
      <div
        ref={box}
        class="log"
        role="log"
        aria-live="polite"
        aria-busy={busy}
        aria-label={t("transcript")}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
        tabIndex={0}
        onScroll={look}
      >
        <div ref={inside} class="log-inside">
          {children}
        </div>
      </div>
      {isAway && (
        <button type="button" class="small latest" onClick={follow}>
          ↓ {t("latest")}
        </button>
      )}
    </div>
  );
}
