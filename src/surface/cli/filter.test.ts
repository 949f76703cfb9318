import { describe, expect, it } from "vitest";
import { someOwner } from "../../../test/kit/some-owner.ts";
import type { ListedSession } from "../../store.ts";
import type { Invocation } from "../command/command.ts";
import { filtersOf, momentOf } from "./filter.ts";

const now = Date.parse("2026-11-21T12:00:00");

function session(over: Partial<ListedSession>): ListedSession {
  return {
    id: "01a1fb7c-0000-7000-8000-000000000000",
    workspace: { path: "/w" },
    settings: { provider: "openai", model: "gpt-5.5", effort: "high", instructionsHash: "", approval: "ask" },
    created: now,
    updated: now,
    status: "idle",
    turns: 1,
    steps: 1,
    messages: 2,
    repairs: 0,
    usage: { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0, reasoningTokens: 0 },
    bytes: 1,
    ...over,
  };
}

function keeps(options: Invocation["options"], of: ListedSession): boolean {
  return filtersOf({ options } as Invocation, now).every((filter) => filter.keeps(of));
}

describe("the filters of sessions", () => {
  it("since takes ages and dates, and a date begins at midnight here", () => {
    expect(momentOf("2h", now)).toBe(now - 7_200_000);
    expect(momentOf("7d", now)).toBe(now - 7 * 86_400_000);
    expect(momentOf("2026-11-20", now)).toBe(new Date(2026, 10, 20).getTime());
    expect(momentOf("2026-11-20T10:30Z", now)).toBe(Date.UTC(2026, 10, 20, 10, 30));
    for (const wrong of ["yesterday", "2", "2y", "2026-13-40", "2026-02-30", "2026-02-30T10:30Z", ""])
      expect(() => momentOf(wrong, now), wrong).toThrow("is no time");
  });

  it("since keeps what was active then, whenever it was made", () => {
    const old = session({ created: 0, updated: now - 3_600_000 });
    expect(keeps({ since: "2h" }, old)).toBe(true);
    expect(keeps({ since: "30m" }, old)).toBe(false);
  });

  it("model matches a part of model/effort, whatever its case", () => {
    expect(keeps({ model: "GPT" }, session({}))).toBe(true);
    expect(keeps({ model: "5.5/high" }, session({}))).toBe(true);
    expect(keeps({ model: "claude" }, session({}))).toBe(false);
  });

  it("a session that somebody works in is running, whatever its log says", () => {
    const held = session({ status: "interrupted", holder: someOwner });
    expect(keeps({ status: "running" }, held)).toBe(true);
    expect(keeps({ status: "interrupted" }, held)).toBe(false);
    expect(keeps({ status: "interrupted,limited" }, session({ status: "limited" }))).toBe(true);
  });

  it("archived sessions have a status of their own beside the one that they stopped with", () => {
    expect(keeps({ status: "archived" }, session({ archived: true }))).toBe(true);
    expect(keeps({ status: "archived" }, session({}))).toBe(false);
    expect(keeps({ status: "idle" }, session({ archived: true }))).toBe(true);
  });

  it("a status that there is not is named, with those that there are", () => {
    expect(() => filtersOf({ options: { status: "stuck" } } as unknown as Invocation, now)).toThrow(
      /no status "stuck".*interrupted/u,
    );
  });
});
