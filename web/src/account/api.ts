/** The routes of one's own account. */

import { read } from "../api";
import type { User } from "../types";

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
