import { describe, expect, it } from "vitest";
import { BLANK, draftOf, fieldsOf, hostsOf, isDraft, placed } from "../src/fields";

const filled = { ...BLANK, name: "n", finalPrompt: "p" };

describe("the form of an agent", () => {
  it("becomes what the API takes", () => {
    expect(
      draftOf({ ...filled, hosts: "https://news.example.com/a?b\n*.example.org" }, null, ""),
    ).toMatchObject({
      network: { allow: ["news.example.com", "*.example.org"] },
      limits: { maxCostMicroUsd: 500_000, monthlyCostMicroUsd: 5_000_000, timeoutSeconds: 900, maxTurns: 30 },
    });
  });

  it("names each number that is none", () => {
    const made = draftOf({ ...filled, dollars: "free", monthly: "0", minutes: "", turns: "-1" }, null, "no");
    expect(isDraft(made)).toBe(false);
    expect(made).toEqual({ dollars: "no", monthly: "no", minutes: "no", turns: "no" });
  });

  it("leaves the model to the platform unless one was chosen", () => {
    expect(draftOf(filled, null, "")).not.toHaveProperty("model");
    expect(draftOf({ ...filled, model: "opus" }, null, "")).toHaveProperty("model", "opus");
  });

  it("keeps what a template brings along and starts where it leaves off", () => {
    const template = { name: "n", finalPrompt: "p", tags: ["t"], icon: "i", limits: { maxTurns: 7 } };
    expect(draftOf(fieldsOf(template), template, "")).toMatchObject({
      tags: ["t"],
      icon: "i",
      tools: BLANK.tools,
      limits: { maxTurns: 7, maxCostMicroUsd: 500_000, timeoutSeconds: 900 },
    });
  });

  it("says nothing about the schedule unless there is something to say", () => {
    expect(draftOf(filled, null, "")).not.toHaveProperty("schedule");
    expect(draftOf({ ...filled, schedule: null }, null, "")).toHaveProperty("schedule", null);
  });

  it("sends retries and the webhook as the platform takes them, and an empty address as none", () => {
    expect(draftOf({ ...filled, retries: "2", afterCalls: true }, null, "")).toMatchObject({
      retry: { times: 2, afterCalls: true },
      notify: { webhookUrl: null },
    });
    const typed = { ...filled, webhookUrl: " https://hooks.example.com/x ", email: "always" as const };
    expect(draftOf(typed, null, "")).toMatchObject({
      notify: { email: "always", webhookUrl: "https://hooks.example.com/x" },
    });
  });

  it("takes hosts however they are pasted", () => {
    expect(hostsOf(" a.example.com, HTTP://b.example.com/x \n\n c.example.com")).toEqual([
      "a.example.com",
      "b.example.com",
      "c.example.com",
    ]);
  });

  it("puts the platform's errors at their fields and keeps the others", () => {
    const errors = [
      { field: "name", message: "is blank" },
      { field: "network.allow.0", message: "is an IP" },
      { field: "network.allow.1", message: "is a wildcard" },
      { field: "limits.timeoutSeconds", message: "too long" },
      { field: "limits.maxCostMicroUsd", message: "too much" },
      { field: "limits.monthlyCostMicroUsd", message: "too little" },
      { field: "limits.maxTurns", message: "too many" },
      { field: "notify.webhookUrl", message: "is not an https address" },
      { field: "retry.times", message: "too often" },
      { field: "tags.0", message: "too long" },
    ];
    expect(placed(errors)).toEqual({
      wrong: {
        name: "is blank",
        hosts: "is an IP is a wildcard",
        minutes: "too long",
        dollars: "too much",
        monthly: "too little",
        turns: "too many",
        webhookUrl: "is not an https address",
        retries: "too often",
      },
      rest: [{ field: "tags.0", message: "too long" }],
    });
  });
});
