/** Everything that can go wrong with a request, in the shape of RFC 9457. */

import type { FieldError } from "./types";

interface ProblemBody {
  code?: string;
  title?: string;
  detail?: string;
  requestId?: string;
  errors?: FieldError[];
}

export class Problem extends Error {
  /** When it came, for `retryAfter` to count from. */
  readonly at = Date.now();

  constructor(
    /** 0 when no answer came at all. */
    readonly status: number,
    readonly code: string,
    readonly detail: string | null,
    readonly requestId: string | null,
    readonly errors: FieldError[] = [],
    /** Seconds, when the platform said so. */
    readonly retryAfter: number | null = null,
  ) {
    super(detail ?? code);
  }

  /** Trying again will not help. */
  get isFinal(): boolean {
    return this.status === 401 || this.status === 403 || this.status === 404;
  }

  static offline(): Problem {
    return new Problem(0, "offline", null, null);
  }

  static async of(response: Response): Promise<Problem> {
    const body = await bodyOf(response);
    const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
    return new Problem(
      response.status,
      body.code ?? `http_${response.status}`,
      body.detail ?? body.title ?? null,
      body.requestId ?? response.headers.get("x-request-id"),
      body.errors ?? [],
      Number.isFinite(seconds) ? seconds : null,
    );
  }
}

async function bodyOf(response: Response): Promise<ProblemBody> {
  if (!response.headers.get("content-type")?.includes("json")) return {};
  try {
    return (await response.json()) as ProblemBody;
  } catch {
    return {};
  }
}
