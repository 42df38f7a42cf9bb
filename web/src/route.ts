/** Where the page is, kept in the address after `#`, so that a reload and the back button keep the place. */

import { signal } from "@preact/signals";

export type Route =
  | { page: "agents" }
  | { page: "new" }
  | { page: "agent"; id: string }
  | { page: "edit"; id: string }
  | { page: "execution"; id: string }
  | { page: "outbox" }
  | { page: "account" }
  | { page: "admin" }
  /** A conversation; one that is still to begin has no id, and may be about an agent. */
  | { page: "chat"; id: string | null; about: string | null }
  | { page: "unknown" };

export function routeOf(hash: string): Route {
  const [first, id, last, ...rest] = hash
    .replace(/^#?\/?/, "")
    .split("/")
    .map(decoded);
  if (first === "chat" && rest.length === 0) {
    if (id === "about" && last) return { page: "chat", id: null, about: last };
    if (last === undefined) return { page: "chat", id: id || null, about: null };
  }
  if (rest.length > 0) return { page: "unknown" };
  if (!first || (first === "agents" && !id)) return { page: "agents" };
  if (first === "account" && id === undefined) return { page: "account" };
  if (first === "admin" && id === undefined) return { page: "admin" };
  if (first === "outbox" && id === undefined) return { page: "outbox" };
  if (first === "new" && id === undefined) return { page: "new" };
  if (first === "agents" && id && last === undefined) return { page: "agent", id };
  if (first === "agents" && id && last === "edit") return { page: "edit", id };
  if (first === "executions" && id && last === undefined) return { page: "execution", id };
  return { page: "unknown" };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export const to = {
  agents: () => "#/agents",
  new: () => "#/new",
  agent: (id: string) => `#/agents/${encodeURIComponent(id)}`,
  edit: (id: string) => `#/agents/${encodeURIComponent(id)}/edit`,
  account: () => "#/account",
  admin: () => "#/admin",
  outbox: () => "#/outbox",
  chat: (id?: string) => (id === undefined ? "#/chat" : `#/chat/${encodeURIComponent(id)}`),
  chatAbout: (agentId: string) => `#/chat/about/${encodeURIComponent(agentId)}`,
  execution: (id: string) => `#/executions/${encodeURIComponent(id)}`,
};

export const route = signal<Route>({ page: "agents" });

export function go(hash: string): void {
  location.hash = hash;
}

/** The place is the same, only its name is known by now: no step back leads to the name before. */
export function renamed(hash: string): void {
  history.replaceState(null, "", hash);
  route.value = routeOf(hash);
}

export function followAddress(): void {
  const update = () => {
    route.value = routeOf(location.hash);
  };
  addEventListener("hashchange", update);
  update();
}
