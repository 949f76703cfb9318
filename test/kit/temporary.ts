// One folder for all that the tests of a run put into the system's folder for temporary files: gone with the run.
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The workers inherit it. The name is short because sockets lie below it, whose paths have at most 107 bytes. */
export function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "tl-"));
  // Tests that run a program as another user have it pass through.
  chmodSync(folder, 0o711);
  process.env["TMPDIR"] = folder;
  // A process that outlives its test may still write.
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
