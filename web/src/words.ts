/** Every word the page says, by room. A language that is missing from an entry does not compile. `{name}` is filled in by `t`. */

import { account } from "./words/account";
import { agent } from "./words/agent";
import { agents } from "./words/agents";
import { chat } from "./words/chat";
import { execution } from "./words/execution";
import { form } from "./words/form";
import { frame } from "./words/frame";

export const rooms = [frame, chat, account, agents, agent, form, execution];

export const words = {
  ...frame,
  ...chat,
  ...account,
  ...agents,
  ...agent,
  ...form,
  ...execution,
};

export type Word = keyof typeof words;
