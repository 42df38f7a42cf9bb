/** What a card may do with the conversation it stands in. */

import { useRef } from "preact/hooks";
import { newKey } from "../api";
import { Problem } from "../problem";
import type { Card, ChatEvent } from "./types";

export interface Acts {
  conversationId: string;
  /** A turn goes on: nothing can be said just now. */
  busy: boolean;
  /** What a price depends on, as `revision rehearsals`. */
  standing: string;
  say: (text: string) => void;
  show: (event: ChatEvent) => void;
}

export interface CardProps<K extends Card["kind"]> {
  data: Extract<Card, { kind: K }>["data"];
  /** No newer card of its kind stands below. */
  isNewest: boolean;
  acts: Acts;
  /** Shows the card with other data, until the platform says it itself. */
  replace: (data: Extract<Card, { kind: K }>["data"]) => void;
}

/** One key for a press and its repetitions after a lost answer; what was answered, well or not, ends it. */
export function useKey(): <T>(work: (key: string) => Promise<T>) => Promise<T> {
  const key = useRef<string | null>(null);
  return async (work) => {
    key.current ??= newKey();
    try {
      const made = await work(key.current);
      key.current = null;
      return made;
    } catch (error) {
      if (error instanceof Problem && error.status > 0 && error.status < 500) key.current = null;
      throw error;
    }
  };
}
