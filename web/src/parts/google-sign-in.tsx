/** The way in with Google; where there is none yet, that for everybody, and what is to be set for the operator who unfolds it. */

import { useEffect, useRef, useState } from "preact/hooks";
import { showButton } from "../google";
import { lang, t } from "../language";
import { Problem } from "../problem";
import { config, user } from "../state";
import { ProblemCard } from "./problem-card";

/** A nonce holds for ten minutes; whoever reads the page for longer gets another one meanwhile. */
const RENEW = 9 * 60 * 1000;

export function GoogleSignIn({ entered }: { entered?: () => void }) {
  const place = useRef<HTMLDivElement>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [round, setRound] = useState(0);
  const clientId = config.value?.googleClientId ?? null;
  const language = lang.value;
  const again = () => setRound((before) => before + 1);
  useEffect(() => {
    const box = place.current;
    if (clientId === null || box === null) return;
    let shown = true;
    const failed = (error: Problem): void => {
      if (shown) setProblem(error);
    };
    box.replaceChildren();
    showButton(
      box,
      clientId,
      language,
      (found) => {
        user.value = found;
        entered?.();
      },
      failed,
    ).catch((error: unknown) => failed(error instanceof Problem ? error : Problem.offline()));
    const timer = setTimeout(again, RENEW);
    return () => {
      shown = false;
      clearTimeout(timer);
    };
  }, [clientId, language, round]);
  if (clientId === null) return <NotSet />;
  return (
    <div class="google">
      <div ref={place} />
      <p class="muted">{t("googleKeeps")}</p>
      {problem && (
        <ProblemCard
          problem={problem}
          again={() => {
            setProblem(null);
            again();
          }}
        />
      )}
    </div>
  );
}

function NotSet() {
  return (
    <div class="muted">
      <p>{t("googleNotSet")}</p>
      <details>
        <summary>{t("forOperator")}</summary>
        <p>{t("googleHowTo")}</p>
      </details>
    </div>
  );
}
