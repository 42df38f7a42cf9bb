/** The person's conversations, the latest first. */

import { useState } from "preact/hooks";
import { useAction } from "../act";
import { upTo } from "../api";
import { t } from "../language";
import { type Loaded, useLoad } from "../load";
import { Icon } from "../parts/icon";
import { ProblemCard } from "../parts/problem-card";
import { Skeleton } from "../parts/skeleton";
import { When } from "../parts/when";
import { go, to } from "../route";
import { notify } from "../state";
import type { Page } from "../types";
import { conversations, deleteConversation } from "./routes";
import type { Conversation } from "./types";

export interface Listed extends Loaded<Page<Conversation>> {
  more: (cursor: string) => void;
}

export function useConversations(): Listed {
  const [cursors, setCursors] = useState<string[]>([]);
  const loaded = useLoad("conversations", (signal) =>
    upTo(cursors, (cursor) => conversations(cursor, signal)),
  );
  const more = (cursor: string) => {
    setCursors([...cursors, cursor]);
    loaded.reload();
  };
  return { ...loaded, more };
}

interface ListProps {
  listed: Listed;
  open: string | null;
  onChosen: () => void;
}

export function ConversationList({ listed, open, onChosen }: ListProps) {
  const items = listed.data?.items;
  const next = listed.data?.nextCursor;
  return (
    <nav class="talks" aria-label={t("conversations")}>
      <a class="button" href={to.chat()} onClick={onChosen}>
        <Icon name="plus" />
        {t("newConversation")}
      </a>
      {listed.problem && <ProblemCard problem={listed.problem} again={listed.reload} />}
      {!items && !listed.problem && <Skeleton lines={4} />}
      {items?.length === 0 && <p class="muted">{t("conversationsNone")}</p>}
      <ul>
        {items?.map((conversation) => (
          <Entry
            key={conversation.id}
            conversation={conversation}
            isOpen={conversation.id === open}
            onChosen={onChosen}
            removed={listed.reload}
          />
        ))}
      </ul>
      {next && (
        <button type="button" class="small" onClick={() => listed.more(next)}>
          {t("more")}
        </button>
      )}
    </nav>
  );
}

interface EntryProps {
  conversation: Conversation;
  isOpen: boolean;
  onChosen: () => void;
  removed: () => void;
}

function Entry({ conversation, isOpen, onChosen, removed }: EntryProps) {
  const [asked, setAsked] = useState(false);
  const removal = useAction();
  const name = conversation.title || t("untitled");
  const remove = () =>
    removal.start(async () => {
      await deleteConversation(conversation.id);
      notify(t("removedConversation"));
      removed();
      if (isOpen) go(to.chat());
    });
  return (
    <li class={isOpen ? "talk-entry open" : "talk-entry"}>
      <a href={to.chat(conversation.id)} aria-current={isOpen ? "page" : undefined} onClick={onChosen}>
        <span class="one-line">{name}</span>
        <span class="muted used">
          {conversation.turn ? (
            <span class="state busy">{t("answering")}</span>
          ) : (
            <When at={conversation.updatedAt} brief />
          )}
        </span>
      </a>
      <button
        type="button"
        class="small plain"
        aria-label={t("removeConversation", { name })}
        aria-expanded={asked}
        onClick={() => setAsked(!asked)}
      >
        ×
      </button>
      {asked && (
        <div class="below row">
          <span class="muted used">{t("removeSure")}</span>
          <button type="button" class="small danger" disabled={removal.busy} onClick={remove}>
            {t("remove")}
          </button>
          <button type="button" class="small" onClick={() => setAsked(false)}>
            {t("cancelEdit")}
          </button>
          {removal.problem && <ProblemCard problem={removal.problem} />}
        </div>
      )}
    </li>
  );
}
