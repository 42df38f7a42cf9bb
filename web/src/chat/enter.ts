/**
 * One Enter sends once, whatever the input method does.
 *
 * Hangul has no list of candidates to choose from, so Enter both ends the syllable and sends, as soon as the syllable
 * is in the text. In Japanese and Chinese Enter confirms a candidate and sends nothing. Browsers differ in what they
 * tell: most send the key while composing, some send it once more afterwards, Safari ends the composition first.
 */

const HANGUL = /[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]$/;
/** The key code of a key that the input method took. */
const TAKEN = 229;
/** Safari's key comes within this many milliseconds of the end of the composition it caused. */
const SAME_PRESS = 100;

export function sendOnEnter(field: EventTarget, send: () => void): () => void {
  let composing = false;
  let composed = "";
  let endedAt = Number.NEGATIVE_INFINITY;
  /** Enter was pressed within a syllable: to be sent when it ends. */
  let pressed = false;
  let due: ReturnType<typeof setTimeout> | null = null;

  const sendSoon = () => {
    pressed = false;
    // The text has the syllable only after this event; a second report of the same press falls together with this one.
    due ??= setTimeout(() => {
      due = null;
      send();
    }, 0);
  };
  const begin = () => {
    composing = true;
    pressed = false;
    composed = "";
  };
  const go = (event: CompositionEvent) => {
    composed = event.data;
  };
  const end = (event: CompositionEvent) => {
    composing = false;
    composed = event.data || composed;
    endedAt = event.timeStamp;
    if (pressed) sendSoon();
  };
  const insert = (event: InputEvent) => {
    if ((pressed || due !== null) && event.inputType === "insertLineBreak") event.preventDefault();
  };
  const key = (event: KeyboardEvent) => {
    const isEnter = event.key === "Enter" || (event.keyCode === TAKEN && event.code === "Enter");
    if (!isEnter || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) {
      pressed = false;
      return;
    }
    if (composing || event.isComposing) {
      if (!HANGUL.test(composed)) return;
      pressed = true;
      event.preventDefault();
    } else if (event.keyCode !== TAKEN) {
      event.preventDefault();
      if (!event.repeat) sendSoon();
    } else if (event.timeStamp - endedAt < SAME_PRESS && HANGUL.test(composed)) {
      event.preventDefault();
      sendSoon();
    }
  };

  const listeners: [string, (event: never) => void][] = [
    ["compositionstart", begin],
    ["compositionupdate", go],
    ["compositionend", end],
    ["beforeinput", insert],
    ["keydown", key],
  ];
  for (const [type, listener] of listeners) field.addEventListener(type, listener as EventListener);
  return () => {
    for (const [type, listener] of listeners) field.removeEventListener(type, listener as EventListener);
    if (due !== null) clearTimeout(due);
  };
}
