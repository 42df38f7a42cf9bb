/** Google's button: its script is fetched only where the operator has set a client id, and only when it is shown. */

import * as api from "./api";
import { Problem } from "./problem";
import type { Lang, User } from "./types";

const SCRIPT = "https://accounts.google.com/gsi/client";

interface Identity {
  initialize(options: Record<string, unknown>): void;
  renderButton(place: HTMLElement, options: Record<string, unknown>): void;
}

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): {
    createScriptURL(url: string): string;
  };
}

const page = window as unknown as { google?: { accounts: { id: Identity } }; trustedTypes?: TrustedTypes };
let loading: Promise<Identity> | null = null;
/** There can be one of a name.  It vouches for Google's script and for nothing else, whoever uses it. */
let policy: ReturnType<TrustedTypes["createPolicy"]> | undefined;

/** Asked for again after a failure: the network may be back. */
function identity(): Promise<Identity> {
  loading ??= new Promise<Identity>((resolve, reject) => {
    const script = document.createElement("script");
    policy ??= page.trustedTypes?.createPolicy("sign-in", { createScriptURL: () => SCRIPT });
    script.src = policy ? policy.createScriptURL(SCRIPT) : SCRIPT;
    script.onload = () => (page.google ? resolve(page.google.accounts.id) : reject(Problem.offline()));
    script.onerror = () => reject(Problem.offline());
    document.head.append(script);
  }).catch((error: unknown) => {
    loading = null;
    throw error;
  });
  return loading;
}

/** Put the button into `place`; `entered` hears who signed in by it, `failed` why nobody did.  Both may come later. */
export async function showButton(
  place: HTMLElement,
  clientId: string,
  lang: Lang,
  entered: (user: User) => void,
  failed: (problem: Problem) => void,
): Promise<void> {
  const [id, { nonce }] = await Promise.all([identity(), api.googleNonce()]);
  const callback = ({ credential }: { credential: string }): void => {
    api
      .signInWithGoogle(credential, nonce)
      .then(({ user }) => entered(user))
      .catch((error: unknown) => failed(error instanceof Problem ? error : Problem.offline()));
  };
  id.initialize({ client_id: clientId, nonce, callback, auto_select: false, ux_mode: "popup" });
  id.renderButton(place, {
    type: "standard",
    theme: "outline",
    size: "large",
    text: "continue_with",
    locale: lang,
  });
}
