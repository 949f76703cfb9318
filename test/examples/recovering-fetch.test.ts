import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

it("the example of a fetch that recovers runs as the documentation shows it", async () => {
  const example = fileURLToPath(new URL("../../examples/recovering-fetch.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [example]);
  expect(stdout).toMatch(/^! healed: reasoning sealed .* could not be decrypted; 1 item set aside/u);
  expect(stdout).toContain("! healed before it was sent: 1 sealed item left out");
  expect(stdout).toContain("3 turns, 4 requests.");
});
