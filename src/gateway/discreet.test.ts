import { expect, it } from "vitest";
import { discreet } from "./discreet.ts";

it("takes keys out of a line, known ones and what looks like one", () => {
  expect(discreet("Incorrect API key provided: sk-proj-ab**********cd. Try again.")).toBe(
    "Incorrect API key provided: [key]. Try again.",
  );
  expect(discreet("refused Bearer abc.def-123/x=")).toBe("refused [key]");
  expect(discreet("token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig given")).toBe("token [key] given");
  expect(discreet("the key hunter2hunter2 is wrong", ["hunter2hunter2"])).toBe("the key [key] is wrong");
});

it("leaves words alone, also those that stand in for a key", () => {
  const line = "healed a request to http://127.0.0.1:1/v1: none of it was lost; key-value";
  expect(discreet(line, ["none", "x", undefined])).toBe(line);
});
