import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { listen, portTrouble } from "./listen.ts";

test("a port that another server has is told as that, and a free one is chosen for 0", async () => {
  const [first, second] = [createServer(), createServer()];
  onTestFinished(() => void first.close());
  const port = await listen(first, "127.0.0.1", 0);
  expect(port).toBeGreaterThan(0);
  const error: unknown = await listen(second, "127.0.0.1", port).catch((refusal: unknown) => refusal);
  expect(portTrouble(error)).toBe("the port is taken by another process");
});

test("of an error that isn't about the port nothing is said", () => {
  expect(portTrouble(new Error("another"))).toBeUndefined();
  expect(portTrouble(Object.assign(new Error("listen"), { code: "EADDRNOTAVAIL" }))).toBeUndefined();
});
