/** A button that copies a text. Where the browser refuses, the text is beside the button to be selected. */

import { t } from "../language";
import { notify } from "../state";

export function Copy({ text, label }: { text: string; label: string }) {
  const copy = () => {
    navigator.clipboard?.writeText(text).then(
      () => notify(t("copied")),
      () => undefined,
    );
  };
  return (
    <button type="button" class="small" onClick={copy}>
      {label}
    </button>
  );
}
