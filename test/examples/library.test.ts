import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

it("the library example runs as the README shows it", async () => {
  const example = fileURLToPath(new URL("../../examples/library.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [example]);
  expect(stdout).toContain("The turn completed after 2 requests; the tool ran once.");
  expect(stdout).toContain("1 tool output kept");
  expect(stdout).toContain("listed: run: echo once >> ran.txt; wc -l < ran.txt (idle)");
});
