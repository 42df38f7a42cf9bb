/** Money: the API counts millionths of a US dollar as integers; people read dollars. */

const MICRO = 1_000_000;
const SMALLEST_SHOWN = 100;

/** `null` when the platform does not know the cost: the caller says so in words, and never shows $0. */
export function dollars(microUsd: number | null | undefined): string | null {
  if (microUsd === null || microUsd === undefined) return null;
  if (microUsd === 0) return "$0";
  if (microUsd < SMALLEST_SHOWN) return "<$0.0001";
  if (microUsd >= MICRO) return `$${(microUsd / MICRO).toFixed(2)}`;
  const fourDecimals = (microUsd / MICRO).toFixed(4);
  return `$${fourDecimals.replace(/0{1,2}$/, "")}`;
}

/** Dollars as typed by a person; `null` when it is not an amount above zero. */
export function microUsd(typed: string): number | null {
  const amount = Number(typed.trim().replace(/^\$/, ""));
  return typed.trim() !== "" && Number.isFinite(amount) && amount > 0 ? Math.round(amount * MICRO) : null;
}

export const typedDollars = (micro: number): string => String(micro / MICRO);
