import { describe, expect, it } from "vitest";
import { sortInbox } from "./follow-up.ts";

describe("follow-ups", () => {
  it("are delivered in the order of their ids, however the folder lists them", () => {
    expect(sortInbox([{ id: "c" }, { id: "a" }, { id: "b" }], [])).toEqual({
      due: [{ id: "a" }, { id: "b" }, { id: "c" }],
      done: [],
    });
  });

  it("are delivered exactly once, also when their file outlived the owner that delivered them", () => {
    expect(sortInbox([{ id: "a" }, { id: "b" }, { id: "b" }], ["a"])).toEqual({
      due: [{ id: "b" }],
      done: [{ id: "a" }],
    });
  });
});
