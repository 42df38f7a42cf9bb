import type { Lang } from "../types";

/** Words by their names, each in both languages. */
export type Both = Record<string, Record<Lang, string>>;
