import { describe, expect, it } from "vitest";
import { withoutParameters } from "./without.ts";

const body = { model: "m", reasoning: { effort: "high", summary: "auto" }, include: ["x"] };

describe("a request body without refused parameters", () => {
  it("is the same where none was refused, or one that it doesn't have", () => {
    expect(withoutParameters(body, undefined)).toEqual(body);
    expect(withoutParameters(body, ["temperature", "reasoning.budget.low"])).toEqual(body);
  });

  it("lacks a member, or a part of one, and an object that has nothing left", () => {
    expect(withoutParameters(body, ["include", "reasoning.effort"])).toEqual({
      model: "m",
      reasoning: { summary: "auto" },
    });
    expect(withoutParameters(body, ["reasoning.effort", "reasoning.summary"])).not.toHaveProperty(
      "reasoning",
    );
    expect(withoutParameters(body, ["reasoning"])).not.toHaveProperty("reasoning");
  });
});
