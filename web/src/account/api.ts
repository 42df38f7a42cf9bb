/** The routes of one's own account. */

import { done, part, read } from "../api";
import type { Page, User } from "../types";

export interface Profile {
  name: string;
  locale: "ko" | "en";
  timezone: string;
}

export interface Application {
  id: string;
  purpose: string;
  status: "received" | "approved" | "rejected";
  createdAt: string;
  decidedAt: string | null;
}

export const account = (signal?: AbortSignal) => read<User & Profile>("GET", "/api/account", { signal });
export const change = (changes: Partial<Profile>) =>
  read<User & Profile>("PATCH", "/api/account", { json: changes });

export interface Meters {
  plan: string;
  limits: {
    agents: number | null;
    runsPerDay: number | null;
    monthlyMicroUsd: number | null;
    minimumIntervalSeconds: number;
    keptDays: number | null;
  };
  agents: number;
  runsToday: number;
  spentThisMonthMicroUsd: number;
  dayEndsAt: string;
  monthEndsAt: string;
}

export const limits = (signal?: AbortSignal) => read<Meters>("GET", "/api/account/limits", { signal });

export interface MailChoice {
  wanted: boolean;
  /** The address's server has refused mails for good. */
  refused: boolean;
}

export const mailChoice = (signal?: AbortSignal) => read<MailChoice>("GET", "/api/account/mail", { signal });
export const chooseMail = (wanted: boolean) =>
  read<MailChoice>("PUT", "/api/account/mail", { json: { wanted } });

export const application = (signal?: AbortSignal) =>
  read<Application>("GET", "/api/beta/applications/me", { signal });
export const apply = (purpose: string) =>
  read<Application>("POST", "/api/beta/applications", { json: { purpose, consent: true } });

export type Scope = "read" | "run" | "write";

export interface Key {
  id: string;
  name: string;
  scopes: Scope[];
  createdAt: string;
  /** Right to the hour. */
  lastUsedAt: string | null;
}

export interface NewKey extends Key {
  key: string;
}

export const keys = (signal?: AbortSignal) => read<Page<Key>>("GET", "/api/api-keys", { signal });
export const createKey = (name: string, scopes: Scope[]) =>
  read<NewKey>("POST", "/api/api-keys", { json: { name, scopes } });
export const deleteKey = (id: string) => done("DELETE", `/api/api-keys/${part(id)}`);

export interface Entry {
  at: string;
  act: string;
  by: "me" | "administrator";
  detail: string | null;
}

export const EXPORT = "/api/account/export";
export const audit = (signal?: AbortSignal) => read<Page<Entry>>("GET", "/api/account/audit", { signal });
export const signOutEverywhere = () => done("POST", "/api/auth/logout", { json: { everywhere: true } });
export const endAccount = (confirmation: string) =>
  done("DELETE", "/api/account", { json: { confirmation } });
