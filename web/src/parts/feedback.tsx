/** A word to those who run the platform, from wherever one is. */

import { useState } from "preact/hooks";
import { useAction } from "../act";
import { giveFeedback } from "../api";
import { t } from "../language";
import { notify } from "../state";
import { Dialog } from "./dialog";
import { Field } from "./field";
import { ProblemCard } from "./problem-card";

const MOODS = ["good", "bad"] as const;

export function FeedbackButton() {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button type="button" class="small plain" onClick={() => setOpen(true)}>
        {t("feedback")}
      </button>
      {isOpen && <Form onClose={() => setOpen(false)} />}
    </>
  );
}

function Form({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const [mood, setMood] = useState<(typeof MOODS)[number] | null>(null);
  const sending = useAction();
  const wrong = sending.problem?.errors.find((error) => error.field === "text")?.message;
  const send = () =>
    sending.start(async () => {
      await giveFeedback(text, location.hash.slice(0, 100) || "#", mood);
      notify(t("feedbackSent"));
      onClose();
    });
  return (
    <Dialog title={t("feedback")} onClose={onClose}>
      <form
        class="form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <fieldset>
          <legend>{t("feedbackMood")}</legend>
          <div class="choices">
            {MOODS.map((one) => (
              <label key={one} class="choice">
                <input type="radio" name="mood" checked={mood === one} onChange={() => setMood(one)} />
                <span>{t(`mood_${one}`)}</span>
              </label>
            ))}
          </div>
        </fieldset>
        <Field
          name="feedback"
          label={t("feedbackText")}
          hint={t("feedbackHint")}
          value={text}
          wrong={wrong}
          onInput={setText}
          rows={4}
          required
        />
        {sending.problem && !wrong && <ProblemCard problem={sending.problem} />}
        <p class="row">
          <button type="submit" class="primary" disabled={sending.busy}>
            {t(sending.busy ? "sendingNow" : "feedbackSend")}
          </button>
        </p>
      </form>
    </Dialog>
  );
}
