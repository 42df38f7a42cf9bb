/** What the whole page shares: who is signed in, how the platform is set up, the time, and the notices. */

import { computed, signal } from "@preact/signals";
import * as api from "./api";
import { forgetAll } from "./chat/kept";
import { t } from "./language";
import { Problem } from "./problem";
import type { Config, User } from "./types";

/** `undefined` while it is not known yet. */
export const user = signal<User | null | undefined>(undefined);
export const config = signal<Config | null>(null);
export const startProblem = signal<Problem | null>(null);
export const linkRefused = signal(false);
export const now = signal(new Date());

/** The platform decides; this only keeps what would be refused from being offered. */
export const isAdmin = computed(() => user.value?.kind === "owner" || user.value?.plan === "admin");
export const isDemo = computed(() => config.value?.model.mode === "demo");
/** Older platforms say nothing about schedules, and start none. */
export const hasSchedules = computed(() => config.value?.schedules ?? false);
export const hasChat = computed(() => config.value?.chat ?? false);
/** In bytes; `null` where no file can be put into a conversation. */
export const largestUpload = computed(() => config.value?.uploads?.maxBytes ?? null);
export const zone = computed(
  () => user.value?.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone ?? "Asia/Seoul",
);
/** The origin of the streaming service, or null where it is the page's own. */
export const streamUrl = computed(() => {
  const url = config.value?.streamUrl;
  return url && new URL(url, location.href).origin !== location.origin ? url.replace(/\/$/, "") : null;
});

export interface Notice {
  id: number;
  text: string;
  undo: (() => void) | null;
}

export const notices = signal<Notice[]>([]);
let lastNotice = 0;

export function notify(text: string, undo: (() => void) | null = null): void {
  lastNotice += 1;
  notices.value = [...notices.value.slice(-2), { id: lastNotice, text, undo }];
}

export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

/** Learn who is here; a one-use link in the address signs in first and is removed from the address at once. */
export async function start(): Promise<void> {
  startProblem.value = null;
  try {
    const code = takeCode();
    config.value = await api.config();
    if (code !== null && (await signInByLink(code))) return;
    const session = await api.session();
    user.value = session.valid ? session.user : null;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.status === 401) user.value = null;
    else startProblem.value = error;
  }
}

function takeCode(): string | null {
  const found = /^#signin=([\w.~-]+)$/.exec(location.hash);
  if (!found?.[1]) return null;
  history.replaceState(null, "", `${location.pathname}#/agents`);
  return found[1];
}

async function signInByLink(code: string): Promise<boolean> {
  try {
    user.value = (await api.signInByLink(code)).user;
    return true;
  } catch (error) {
    if (!(error instanceof Problem) || error.status === 0 || error.status >= 500) throw error;
    linkRefused.value = true;
    return false;
  }
}

export async function enterAsGuest(): Promise<void> {
  user.value = (await api.signInAsGuest()).user;
  linkRefused.value = false;
}

export async function leave(): Promise<void> {
  await api.signOut();
  signedOutHere();
  notify(t("signedOut"));
}

/** The platform knows already; what this browser kept of the person goes too. */
export function signedOutHere(): void {
  forgetAll();
  user.value = null;
}

api.onSignedOut(() => {
  if (user.value) notify(t("sessionEnded"));
  if (user.value !== undefined) user.value = null;
});

setInterval(() => {
  now.value = new Date();
}, 1000);
