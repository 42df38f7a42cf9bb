/** Text that was typed and not sent yet: it outlives a reload, and goes when the person signs out. */

const PREFIX = "oma.typed.";

/** What the text belongs to: a conversation, an agent that is to be talked about, or a new conversation. */
export const placeOf = (id: string | null, about: string | null): string =>
  id ?? (about === null ? "new" : `about.${about}`);

export function typed(place: string): string {
  try {
    return localStorage.getItem(PREFIX + place) ?? "";
  } catch {
    return "";
  }
}

/** Private windows may refuse storage; the text then lasts as long as the page. */
export function keep(place: string, text: string): void {
  try {
    if (text === "") localStorage.removeItem(PREFIX + place);
    else localStorage.setItem(PREFIX + place, text);
  } catch {}
}

export function forgetAll(): void {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(PREFIX)) localStorage.removeItem(key);
  } catch {}
}
