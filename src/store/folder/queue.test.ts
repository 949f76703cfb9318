import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { ChainQueue } from "./queue.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes in use once all that nobody holds is gone. */
function inUse(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

it("a store that has served very many sessions doesn't remember each of them", async () => {
  const queue = new ChainQueue(() => undefined);
  const serve = async (count: number, from: number): Promise<void> => {
    for (let nth = from; nth < from + count; nth++)
      await queue.queued({
        id: `01a1fac2-0000-7000-8000-${String(nth).padStart(12, "0")}`,
        path: "/nowhere",
      });
  };
  await serve(2_000, 0);
  const before = inUse();
  await serve(20_000, 2_000);
  expect(inUse() - before).toBeLessThan(1_000_000);
});
