import { describe, expect, it } from "vitest";
import { routeOf, to } from "../src/route";

describe("the address", () => {
  it.each([
    ["", { page: "agents" }],
    ["#/", { page: "agents" }],
    [to.agents(), { page: "agents" }],
    [to.new(), { page: "new" }],
    [to.agent("a_1"), { page: "agent", id: "a_1" }],
    [to.edit("a_1"), { page: "edit", id: "a_1" }],
    [to.execution("x/1"), { page: "execution", id: "x/1" }],
    [to.chat(), { page: "chat", id: null, about: null }],
    [to.chat("v_1"), { page: "chat", id: "v_1", about: null }],
    [to.chatAbout("a_1"), { page: "chat", id: null, about: "a_1" }],
    ["#/chat/v_1/more", { page: "unknown" }],
    ["#/executions", { page: "unknown" }],
    ["#/agents/a/b", { page: "unknown" }],
    ["#/agents/a/edit/c", { page: "unknown" }],
    ["#/agents/%E0%A4%A", { page: "agent", id: "%E0%A4%A" }],
  ])("%s names a page", (hash, page) => {
    expect(routeOf(hash)).toEqual(page);
  });
});
