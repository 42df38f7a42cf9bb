/** The frame: header, the page that the address names, and notices. */

import { useEffect, useRef, useState } from "preact/hooks";
import { useAction } from "./act";
import { lang, speak, t } from "./language";
import { AccountPage } from "./pages/account";
import { AdminPage } from "./pages/admin";
import { AgentPage } from "./pages/agent";
import { EditPage, NewPage } from "./pages/agent-form";
import { AgentsPage } from "./pages/agents";
import { ChatPage } from "./pages/chat";
import { ExecutionPage } from "./pages/execution";
import { OutboxPage } from "./pages/outbox";
import { SignInPage } from "./pages/sign-in";
import { DemoBadge } from "./parts/badge";
import { Dialog } from "./parts/dialog";
import { FeedbackButton } from "./parts/feedback";
import { Icon } from "./parts/icon";
import { Notices } from "./parts/notices";
import { ProblemCard } from "./parts/problem-card";
import { Skeleton } from "./parts/skeleton";
import { route, to } from "./route";
import { hasChat, isAdmin, isDemo, leave, start, startProblem, user } from "./state";
import type { User } from "./types";
import { followUpdates } from "./updates";
import { useWide } from "./wide";

export function App() {
  const userId = user.value?.id;
  const isFollowing = hasChat.value;
  useEffect(() => {
    if (userId === undefined || !isFollowing) return;
    const abort = new AbortController();
    void followUpdates(userId, abort.signal);
    return () => abort.abort();
  }, [isFollowing, userId]);
  return (
    <>
      <button type="button" class="skip" onClick={focusMain}>
        {t("skip")}
      </button>
      <Header />
      {isDemo.value && (
        <aside class="demo-bar" aria-label={t("demoShort")}>
          <DemoBadge words="demo" />
          <span class="demo-hint">{t("demoHint")}</span>
        </aside>
      )}
      <Main />
      <Notices />
    </>
  );
}

/** A button, since the address after `#` names the page. */
function focusMain(): void {
  document.getElementById("main")?.focus();
}

function Header() {
  const isWide = useWide();
  const [isOpen, setOpen] = useState(false);
  const close = () => setOpen(false);
  return (
    <header class="top">
      <a class="brand" href={to.agents()}>
        <img src="/favicon.svg" alt="" width="26" height="26" />
        <span class="brand-name">Oh My Agent</span>
      </a>
      {isWide || !user.value ? (
        <nav class="row" aria-label={t("menu")}>
          <Links />
        </nav>
      ) : (
        <button type="button" class="small" aria-haspopup="dialog" onClick={() => setOpen(true)}>
          <Icon name="list" />
          {t("menu")}
        </button>
      )}
      {isOpen && !isWide && (
        <Dialog title={t("menu")} drawer onClose={close}>
          {/* biome-ignore lint/a11y/useKeyWithClickEvents: a link that was followed, by whatever key, clicks. */}
          <nav
            class="menu"
            aria-label={t("menu")}
            onClick={(event) => (event.target as HTMLElement).closest("a") && close()}
          >
            <Links />
          </nav>
        </Dialog>
      )}
    </header>
  );
}

function Links() {
  const leaving = useAction();
  return (
    <>
      {user.value && (
        <a class="button small plain" href={to.agents()}>
          {t("agents")}
        </a>
      )}
      {user.value && hasChat.value && (
        <a class="button small plain" href={to.chat()}>
          {t("workspace")}
        </a>
      )}
      {user.value && (
        <a class="button small plain" href={to.outbox()}>
          {t("mails")}
        </a>
      )}
      {isAdmin.value && (
        <a class="button small plain" href={to.admin()}>
          {t("admin")}
        </a>
      )}
      {user.value && <FeedbackButton />}
      <button
        type="button"
        class="small plain"
        lang={lang.value === "ko" ? "en" : "ko"}
        title={t("languageHint")}
        onClick={() => speak(lang.value === "ko" ? "en" : "ko")}
      >
        {t("language")}
      </button>
      {user.value && (
        <a class="button small plain" href={to.account()} title={t("account")}>
          {nameOf(user.value)}
        </a>
      )}
      {user.value && (
        <button
          type="button"
          class="small plain"
          disabled={leaving.busy}
          onClick={() => leaving.start(leave)}
        >
          {t("signOut")}
        </button>
      )}
    </>
  );
}

function nameOf({ kind, name }: User): string {
  if (kind === "guest") return t("guest");
  return kind === "owner" && name === "Owner" ? t("owner") : name;
}

function Main() {
  const main = useRef<HTMLElement>(null);
  const isWorkspace = route.value.page === "chat" && Boolean(user.value) && hasChat.value;
  const place = JSON.stringify(route.value);
  const before = useRef(place);
  useEffect(() => {
    // A new page starts at its top, and a screen reader starts there too. The workspace puts the cursor itself.
    if (before.current === place) return;
    before.current = place;
    scrollTo(0, 0);
    if (route.value.page !== "chat") main.current?.focus({ preventScroll: true });
  }, [place]);
  return (
    <main id="main" ref={main} tabIndex={-1} class={isWorkspace ? "wide" : ""}>
      <Content />
    </main>
  );
}

function Content() {
  if (startProblem.value) return <ProblemCard problem={startProblem.value} again={() => void start()} />;
  if (user.value === undefined) return <Skeleton />;
  if (user.value === null) return <SignInPage />;
  const place = route.value;
  switch (place.page) {
    case "agents":
      return <AgentsPage />;
    case "new":
      return <NewPage />;
    case "agent":
      return <AgentPage key={place.id} id={place.id} />;
    case "edit":
      return <EditPage key={place.id} id={place.id} />;
    case "execution":
      // The platform explains a failure in the language it is asked in, so the page asks again in another.
      return <ExecutionPage key={`${place.id} ${lang.value}`} id={place.id} />;
    case "outbox":
      return <OutboxPage />;
    case "account":
      return <AccountPage />;
    case "admin":
      return isAdmin.value ? <AdminPage /> : <Unknown />;
    case "chat":
      return hasChat.value ? <ChatPage id={place.id} about={place.about} /> : <Unknown />;
    case "unknown":
      return <Unknown />;
  }
}

const Unknown = () => (
  <div class="card">
    <h1>{t("notFoundTitle")}</h1>
    <a href={to.agents()}>{t("toAgents")}</a>
  </div>
);
