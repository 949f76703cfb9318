import { existsSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { copyPrivately } from "./copy.ts";

test("a copy of a file that is cut meanwhile ends where that ends now", async () => {
  const folder = temporaryFolder();
  const [from, to] = [join(folder, "rollout.jsonl"), join(folder, "copy")];
  writeFileSync(from, "{}\n");
  // Without blocks of its own, so that it takes no room.
  truncateSync(from, 2 ** 30);
  const copied = copyPrivately(from, to);
  while (!existsSync(to) || statSync(to).size === 0) await setImmediate();
  truncateSync(from, 3);
  await copied;
  expect(statSync(to).size).toBeLessThan(2 ** 30);
});
