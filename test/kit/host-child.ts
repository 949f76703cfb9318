// An owner on some host that takes a session again and again: `node host-child.ts <home> <session> <name> <clock offset, ms>`. Appends until
// its input ends, and prints every append that was acknowledged.
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../../src/lib/clock.ts";
import { isFailureOf } from "../../src/failure.ts";
import { renamed } from "../../src/store/conformance/events.ts";
import { folderStore } from "../../src/store/folder/folder-store.ts";

const [home = "", id = "", name = "", offset = "0"] = process.argv.slice(2);
const store = folderStore(home, {
  version: "test",
  clock: { ...systemClock, now: () => systemClock.now() + Number(offset) },
  // Owners count up every 5 s, so with this each is taken for dead in the midst of its work.
  watching: { silenceMs: 60 },
});
const end = new AbortController();
process.stdin.resume().on("end", () => end.abort());

for (let round = 0; !end.signal.aborted; round++) {
  try {
    const log = await store.acquire(
      id,
      { record: () => undefined },
      { doing: `round ${round}`, force: Math.random() < 0.2 },
    );
    process.stdout.write(`${JSON.stringify({ taken: log.fence })}\n`);
    try {
      for (let at = Math.random() * 12; at > 0 && !end.signal.aborted; at--) {
        const tag = `${name}-${round}-${Math.floor(at)}`;
        const [record] = await log.append(renamed(tag));
        process.stdout.write(
          `${JSON.stringify({ tag, seq: record!.event.seq, fence: record!.event.fence })}\n`,
        );
        if (Math.random() < 0.3) await sleep(Math.random() * 40);
      }
    } finally {
      if (Math.random() < 0.7) await log.release();
    }
  } catch (error) {
    if (!isFailureOf(error, "lease-held", "lease-lost")) throw error;
    if (isFailureOf(error, "lease-lost")) process.stdout.write(`${JSON.stringify({ lost: round })}\n`);
    await sleep(Math.random() * 20);
  }
}
