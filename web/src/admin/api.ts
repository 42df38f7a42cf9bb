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
