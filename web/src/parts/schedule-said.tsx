/** The schedule in a person's words; what they leave open is asked back with buttons. */

import { useState } from "preact/hooks";
import { useAction } from "../act";
import * as api from "../api";
import { lang, t } from "../language";
import type { Schedule, SchedulePreview } from "../types";
import { Below } from "./field";
import { ProblemCard } from "./problem-card";

interface SaidProps {
  timezone: string;
  onHeard: (schedule: Schedule) => void;
}

export function ScheduleSaid({ timezone, onHeard }: SaidProps) {
  const [text, setText] = useState("");
  const [question, setQuestion] = useState<SchedulePreview["question"]>(null);
  const asking = useAction();
  const take = (schedule: Schedule) => {
    setText("");
    setQuestion(null);
    onHeard(schedule);
  };
  const ask = (said: string) => {
    if (said.trim() === "") return;
    setQuestion(null);
    asking.start(async () => {
      const heard = await api.previewSchedule({ text: said, timezone });
      if (heard.schedule) take(heard.schedule);
      else setQuestion(heard.question);
    });
  };
  const { problem } = asking;
  const wrong = problem?.errors.find(({ field }) => field === "text")?.message;
  return (
    <div class="field">
      <label for="field-scheduleSaid">
        {t("scheduleSay")} <span class="muted">({t("optional")})</span>
      </label>
      <div class="row">
        <input
          id="field-scheduleSaid"
          type="text"
          class="grow"
          value={text}
          maxLength={200}
          autoComplete="off"
          aria-describedby={wrong ? "hint-scheduleSaid wrong-scheduleSaid" : "hint-scheduleSaid"}
          aria-invalid={wrong !== undefined}
          onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            // Enter would send the whole form; while Hangul is being composed it only ends the syllable.
            if (event.key !== "Enter") return;
            event.preventDefault();
            if (!event.isComposing) ask(event.currentTarget.value);
          }}
        />
        <button type="button" disabled={asking.busy} onClick={() => ask(text)}>
          {t(asking.busy ? "scheduleSayDoing" : "scheduleSayDo")}
        </button>
      </div>
      <Below name="scheduleSaid" hint={t("scheduleSayHint")} wrong={wrong} />
      {problem && !wrong && <ProblemCard problem={problem} again={() => ask(text)} />}
      {question && (
        <div role="status">
          <p>{question.text[lang.value]}</p>
          <p class="row">
            {question.choices.map((choice) => (
              <button key={choice.text.en} type="button" class="small" onClick={() => take(choice.schedule)}>
                {choice.text[lang.value]}
              </button>
            ))}
          </p>
        </div>
      )}
    </div>
  );
}
