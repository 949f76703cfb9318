import { describe, expect, it } from "vitest";
import { deliveryLimit, sortInbox, undeliverable } from "./follow-up.ts";

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

describe("a follow-up that can't be delivered", () => {
  it.each([
    ["is empty", { text: " \n", begun: 0 }, /empty/u],
    ["is longer than any provider takes", { text: "x".repeat(10_485_761), begun: 0 }, /10485761 characters/u],
    ["was begun and not finished too often", { text: "go", begun: deliveryLimit }, /begun 3 times/u],
  ])("%s", (_, followUp, why) => expect(undeliverable(followUp)).toMatch(why));

  it("is not one whose delivery was begun once less", () =>
    expect(undeliverable({ text: "go", begun: deliveryLimit - 1 })).toBeUndefined());
});
