/**
 * Work that goes on while the window can be seen.
 *
 * A browser opens six connections to a platform without HTTP/2, and each stream holds one: windows that lie in the
 * background for a while give theirs back and go on where they were when they are seen again, and one that was opened
 * there takes none.
 */

const PATIENCE = 5_000;

/** Ends when the work does or `signal` says so. Whatever it throws while it is wanted is thrown here. */
export async function whileSeen(
  work: (seen: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await shown(signal);
    if (signal.aborted) return;
    const seen = new AbortController();
    const listening = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = () => {
      clearTimeout(timer);
      if (document.hidden) timer = setTimeout(() => seen.abort(), PATIENCE);
    };
    document.addEventListener("visibilitychange", look, { signal: listening.signal });
    signal.addEventListener("abort", () => seen.abort(), { signal: listening.signal });
    look();
    try {
      await work(seen.signal);
      if (!seen.signal.aborted) return;
    } finally {
      clearTimeout(timer);
      listening.abort();
    }
  }
}

function shown(signal: AbortSignal): Promise<void> {
  if (!document.hidden || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const over = new AbortController();
    const done = () => {
      if (document.hidden && !signal.aborted) return;
      over.abort();
      resolve();
    };
    document.addEventListener("visibilitychange", done, { signal: over.signal });
    signal.addEventListener("abort", done, { signal: over.signal });
  });
}
