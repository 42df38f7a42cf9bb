/** Beginning to talk with an agent itself: how that works, and what it may cost. */

import { useState } from "preact/hooks";
import { useAction } from "../act";
import { t } from "../language";
import { microUsd } from "../money";
import { Dialog } from "../parts/dialog";
import { Field } from "../parts/field";
import { ProblemCard } from "../parts/problem-card";
import { go, to } from "../route";
import type { Agent } from "../types";
import { useKey } from "./acts";
import { talkTo } from "./routes";

const USUAL = "0.5";

export function TalkButton({ agent }: { agent: Agent }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        {t("talk")}
      </button>
      {isOpen && <Consent agent={agent} onClose={() => setOpen(false)} />}
    </>
  );
}

function Consent({ agent, onClose }: { agent: Agent; onClose: () => void }) {
  const [cap, setCap] = useState(USUAL);
  const [isTried, setTried] = useState(false);
  const beginning = useAction();
  const once = useKey();
  const amount = microUsd(cap);
  const refused = beginning.problem?.errors.find((error) => error.field === "capMicroUsd")?.message;
  const begin = () => {
    setTried(true);
    if (amount === null) return;
    beginning.start(async () => {
      const made = await once((key) => talkTo(agent.id, amount, key));
      onClose();
      go(to.chat(made.id));
    });
  };
  return (
    <Dialog title={t("talkTo", { name: agent.name })} onClose={onClose}>
      <form
        class="form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          begin();
        }}
      >
        <p>{t("talkHint")}</p>
        <Field
          name="talk-cap"
          label={t("talkCap")}
          hint={t("talkCapHint")}
          value={cap}
          wrong={refused ?? (isTried && amount === null ? t("talkCapWrong") : undefined)}
          onInput={setCap}
          decimal
        />
        {beginning.problem && !refused && <ProblemCard problem={beginning.problem} />}
        <p class="row">
          <button type="submit" class="primary" disabled={beginning.busy}>
            {t("talkAgree")}
          </button>
        </p>
      </form>
    </Dialog>
  );
}
