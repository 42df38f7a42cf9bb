/** The routes of administrators. */

import { part, read } from "../api";
import type { Page } from "../types";

export interface Applicant {
  id: string;
  purpose: string;
  status: "received" | "approved" | "rejected";
  createdAt: string;
  decidedAt: string | null;
  name: string | null;
  email: string | null;
}

export const applications = (cursor: string | null, signal?: AbortSignal) =>
  read<Page<Applicant>>(
    "GET",
    `/api/admin/beta/applications?limit=50${cursor ? `&cursor=${part(cursor)}` : ""}`,
    { signal },
  );
export const decide = (id: string, decision: "approve" | "reject") =>
  read<Applicant>("POST", `/api/admin/beta/applications/${part(id)}/${decision}`);

export interface Clock {
  paused: boolean;
  last: string | null;
  coming: string | null;
  failing: boolean;
}

export interface Overview {
  clock: Clock | null;
  people: { activeNow: number; activeToday: number; activeThisWeek: number; returnRate: number | null };
  runs: {
    today: number;
    failedToday: number;
    thisMonth: number;
    failedThisMonth: number;
    waiting: number;
    oldestWaitingSeconds: number | null;
  };
  spend: {
    modelTodayMicroUsd: number;
    modelThisMonthMicroUsd: number;
    cloudTodayMicroUsd: number | null;
    cloudThisMonthMicroUsd: number | null;
  };
  mail: { waiting: number; oldestWaitingSeconds: number | null; deliveryRate: number | null };
  api: { p50Ms: number | null; p99Ms: number | null; errorRate: number | null };
  security: { what: string; count: number; lastAt: string }[];
  tickAgeSeconds: number | null;
  schedulesPausedAt: string | null;
  applicationsWaiting: number;
  feedbackThisWeek: number;
}

export interface Person {
  id: string;
  kind: string;
  name: string;
  email: string | null;
  plan: string;
  suspendedAt: string | null;
  deletedAt: string | null;
  createdAt: string;
}

export interface Said {
  id: string;
  text: string;
  place: string | null;
  mood: "good" | "bad" | null;
  createdAt: string;
}

export interface LogEntry {
  id: string;
  at: string;
  act: string;
  actorId: string;
  userId: string | null;
  detail: string | null;
}

export const overview = (signal?: AbortSignal) => read<Overview>("GET", "/api/admin/overview", { signal });
export const pauseClock = (paused: boolean) => read<Clock>("PUT", "/api/admin/clock", { json: { paused } });
export const pauseSchedules = (paused: boolean) =>
  read<{ paused: boolean }>("PUT", "/api/admin/schedules", { json: { paused } });

const personAt = (id: string): string => `/api/admin/users/${part(id)}`;
export const people = (email: string, cursor: string | null, signal?: AbortSignal) =>
  read<Page<Person>>(
    "GET",
    `/api/admin/users?limit=20${email ? `&email=${part(email)}` : ""}${cursor ? `&cursor=${part(cursor)}` : ""}`,
    { signal },
  );
export const suspend = (id: string) => read<Person>("POST", `${personAt(id)}/suspend`);
export const unsuspend = (id: string) => read<Person>("POST", `${personAt(id)}/unsuspend`);
export const setPlan = (id: string, plan: string) =>
  read<Person>("PUT", `${personAt(id)}/plan`, { json: { plan } });

export const feedback = (signal?: AbortSignal) =>
  read<Page<Said>>("GET", "/api/admin/feedback?limit=20", { signal });
export const auditLog = (signal?: AbortSignal) =>
  read<Page<LogEntry>>("GET", "/api/admin/audit?limit=20", { signal });
