/** Many events, one drawing: what arrives between two frames is applied together, at the next frame. */

/** A window that nobody sees has no frames. */
const UNSEEN = 250;

export function frames<T>(apply: (items: T[]) => void): (item: T) => void {
  let waiting: T[] = [];
  const flush = () => {
    const items = waiting;
    waiting = [];
    apply(items);
  };
  return (item) => {
    waiting.push(item);
    if (waiting.length > 1) return;
    if (document.hidden) setTimeout(flush, UNSEEN);
    else requestAnimationFrame(flush);
  };
}
