import { once } from "node:events";
import { expect, it } from "vitest";
import { pendingText } from "../../../test/kit/pending-text.ts";
import { systemClock } from "../../lib/clock.ts";
import { IdleError, Pulse } from "./pulse.ts";

/** What a wait comes to while the process stands still for longer than the idle timeout. */
async function waited(work: Promise<unknown>): Promise<unknown> {
  const waiting = new Pulse(systemClock, 200, 150).wait(work, new AbortController().signal);
  const next = waiting.next();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
  for (let step = await next; ; step = await waiting.next()) if (step.done) return step.value;
}

it("what has come while the process stood still (Ctrl-Z, a laptop asleep) isn't taken for silence", async () => {
  const readable = await pendingText("all of the answer");
  const [bytes] = (await waited(once(readable.resume(), "data"))) as [Buffer];
  expect(bytes.toString()).toBe("all of the answer");
  await expect(waited(new Promise(() => undefined)), "and silence is").rejects.toThrow(IdleError);
});
