import { execFileSync } from "node:child_process";
import { existsSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { copyPrivately } from "./copy.ts";

test("a copy of a file that is cut meanwhile ends where that ends now", async (context) => {
  const folder = temporaryFolder();
  const [from, to] = [join(folder, "rollout.jsonl"), join(folder, "copy")];
  writeFileSync(from, "{}\n");
  // Without blocks of its own, so that it takes no room.
  truncateSync(from, 2 ** 30);
  const copied = copyPrivately(from, to);
  // A clone that the file system refuses makes the copy and takes it away again, before the bytes are read.
  const bytesCopied = (): number => statSync(to, { throwIfNoEntry: false })?.size ?? 0;
  while (bytesCopied() === 0) await setImmediate();
  if (bytesCopied() === 2 ** 30) {
    await copied;
    return context.skip("the file system shares blocks: a copy takes no time");
  }
  truncateSync(from, 3);
  await copied;
  expect(statSync(to).size).toBeLessThan(2 ** 30);
});

test("a copy for which there is no room says so, names the file and leaves no part of it", (context) => {
  const limited = (kilobytes: number, ...command: string[]): string =>
    execFileSync("bash", ["-c", `ulimit -f ${kilobytes} && exec "$@"`, "bash", ...command], {
      encoding: "utf8",
    });
  if (process.platform === "win32") return context.skip("has no such limit");
  const folder = temporaryFolder();
  const [from, to] = [join(folder, "rollout.jsonl"), join(folder, "copy")];
  writeFileSync(from, Buffer.alloc(3 * 2 ** 20));
  const module = join(import.meta.dirname, "copy.ts");
  const script = `import { copyPrivately } from ${JSON.stringify(module)};
    const { code, path } = await copyPrivately(...${JSON.stringify([from, to])}).catch((error) => error);
    process.stdout.write(code + " " + path);`;
  const told = limited(2_000, process.execPath, "--input-type=module", "-e", script);
  expect([told, existsSync(to)]).toEqual([`EFBIG ${to}`, false]);
});
