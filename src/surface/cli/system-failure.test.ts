import { openSync } from "node:fs";
import { expect, test } from "vitest";
import { Failure } from "../../failure.ts";
import { asFailure } from "./system-failure.ts";

test("what the system refuses of a file is told as a failure with its path and a next command, and a bug stays one", () => {
  const denied = Object.assign(new Error("EACCES: permission denied, open '/x'"), {
    code: "EACCES",
    syscall: "open",
    path: "/somebody's/rollout.jsonl",
  });
  const failure = asFailure(denied);
  expect(failure?.class).toBe("store-unavailable");
  expect(failure?.message).toContain(
    "/somebody's/rollout.jsonl can't be used: its rights don't allow it (EACCES).",
  );
  expect(failure?.message).toContain(String.raw`ls -ld '/somebody'\''s/rollout.jsonl'`);
  const known = new Failure("usage", "Say more.", {});
  expect(asFailure(known)).toBe(known);
  expect(asFailure(new TypeError("x is not a function"))).toBeUndefined();
  expect(asFailure("text")).toBeUndefined();
  try {
    openSync("/nowhere/at/all", "r");
  } catch (error) {
    expect(asFailure(error)).toBeUndefined();
  }
});
