import { expect, it } from "vitest";
import type { SessionEvent } from "../session/event.ts";
import { noUsage } from "../session/usage.ts";
import type { SessionStore } from "../store.ts";
import { rewindTo } from "./rewind.ts";

const steps = 150_000;

/** A session of many steps that holds nothing but their ends. */
const store: Pick<SessionStore, "read"> = {
  read: async (_id, visitor) => {
    for (let step = 1; step <= steps; step++) {
      const event: SessionEvent = {
        type: "step-ended",
        seq: step,
        fence: 1,
        at: 0,
        turn: 1,
        step,
        usage: noUsage,
      };
      visitor.record({ event, offset: step });
    }
    return { bytes: 0, nextSeq: steps + 1, damage: [] };
  },
};

it("names the steps that there are, however many, when one is asked for that isn't", async () => {
  await expect(rewindTo(store, "s", steps + 1)).rejects.toThrow(`it has the steps 1 to ${steps}`);
});
