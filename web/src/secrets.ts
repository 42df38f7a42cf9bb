/** The form of a secret, and the way from it to what the API takes. */

import { hostsOf } from "./fields";
import type { FieldError, Secret, SecretDraft } from "./types";

export interface SecretFields {
  name: string;
  value: string;
  /** Chosen from the agent's list, where that names them exactly. */
  chosen: string[];
  /** Typed, where the list has only `*.example.org`. */
  typed: string;
  /** How hosts expect it: `Authorization: Bearer …`, or alone in a header of its own. */
  way: "bearer" | "header";
  header: string;
}

export type SecretField = "name" | "value" | "hosts" | "header";
export type SecretWrong = Partial<Record<SecretField, string>>;

export const NO_SECRET: SecretFields = {
  name: "",
  value: "",
  chosen: [],
  typed: "",
  way: "bearer",
  header: "X-API-Key",
};

/** The agent's list of hosts: those named exactly, and those it allows everything below. */
export function choices(allow: readonly string[]): { exact: string[]; below: string[] } {
  const isWide = (host: string) => host.startsWith("*.");
  return { exact: allow.filter((host) => !isWide(host)), below: allow.filter(isWide) };
}

/** What a form for another value of this secret begins with; the value itself is not to be had. */
export function replacing(secret: Secret, allow: readonly string[]): SecretFields {
  const { exact } = choices(allow);
  return {
    name: secret.name,
    value: "",
    chosen: secret.hosts.filter((host) => exact.includes(host)),
    typed: secret.hosts.filter((host) => !exact.includes(host)).join("\n"),
    way: isBearer(secret) ? "bearer" : "header",
    header: isBearer(secret) ? NO_SECRET.header : secret.header,
  };
}

export function secretOf(fields: SecretFields): SecretDraft {
  const way =
    fields.way === "bearer"
      ? { header: "Authorization", prefix: "Bearer " }
      : { header: fields.header.trim(), prefix: "" };
  return { value: fields.value, hosts: [...new Set([...fields.chosen, ...hostsOf(fields.typed)])], ...way };
}

/** How a request carries it, with dots in the place of the value. */
export const shown = (secret: Pick<Secret, "header" | "prefix">): string =>
  `${secret.header}: ${secret.prefix}•••`;

/** The platform's field errors at the fields of the form. */
export function wrongOf(errors: readonly FieldError[]): SecretWrong {
  const wrong: SecretWrong = {};
  for (const { field, message } of errors) {
    const name = field.split(".")[0] === "prefix" ? "header" : field.split(".")[0];
    if (isField(name)) wrong[name] = [wrong[name], message].filter(Boolean).join(" ");
  }
  return wrong;
}

const isField = (name: string | undefined): name is SecretField =>
  name === "name" || name === "value" || name === "hosts" || name === "header";

const isBearer = (secret: Secret): boolean =>
  secret.header.toLowerCase() === "authorization" && secret.prefix === "Bearer ";
