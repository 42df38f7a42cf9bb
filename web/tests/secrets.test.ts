import { describe, expect, it } from "vitest";
import { choices, NO_SECRET, replacing, secretOf, shown, wrongOf } from "../src/secrets";
import type { Secret } from "../src/types";

const kept: Secret = {
  name: "key",
  hosts: ["api.example.com", "a.example.org"],
  header: "Authorization",
  prefix: "Bearer ",
  createdAt: "2026-11-20T00:00:00.000Z",
  updatedAt: "2026-11-20T00:00:00.000Z",
};
const allow = ["api.example.com", "*.example.org", "b.example.com"];

describe("the form of a secret", () => {
  it("offers exact hosts to choose and asks for those below a wildcard", () => {
    expect(choices(allow)).toEqual({
      exact: ["api.example.com", "b.example.com"],
      below: ["*.example.org"],
    });
  });

  it("becomes what the API takes, each host once", () => {
    const fields = {
      ...NO_SECRET,
      value: "v",
      chosen: ["api.example.com"],
      typed: "https://a.example.org/x",
    };
    expect(secretOf(fields)).toEqual({
      value: "v",
      hosts: ["api.example.com", "a.example.org"],
      header: "Authorization",
      prefix: "Bearer ",
    });
    expect(secretOf({ ...fields, typed: "api.example.com" }).hosts).toEqual(["api.example.com"]);
    expect(secretOf({ ...fields, way: "header", header: " X-Key " })).toMatchObject({
      header: "X-Key",
      prefix: "",
    });
  });

  it("sends the value as it was typed", () => {
    expect(secretOf({ ...NO_SECRET, value: " a b " }).value).toBe(" a b ");
  });

  it("begins a replacement with everything but the value", () => {
    const fields = replacing(kept, allow);
    expect(fields).toMatchObject({ name: "key", value: "", chosen: ["api.example.com"], way: "bearer" });
    expect(fields.typed).toBe("a.example.org");
    expect(secretOf({ ...fields, value: "new" }).hosts).toEqual(kept.hosts);
    expect(replacing({ ...kept, header: "X-Key", prefix: "" }, allow)).toMatchObject({
      way: "header",
      header: "X-Key",
    });
  });

  it("shows how a request carries it, never what", () => {
    expect(shown(kept)).toBe("Authorization: Bearer •••");
  });

  it("puts what the platform found wrong at its field", () => {
    const errors = [
      { field: "hosts.0", message: "a" },
      { field: "hosts", message: "b" },
      { field: "prefix", message: "c" },
      { field: "other", message: "d" },
    ];
    expect(wrongOf(errors)).toEqual({ hosts: "a b", header: "c" });
  });
});
