import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { spoolFiles } from "../spool.ts";
import { handedOver } from "./spool-records.ts";

// The wrapper stands beside this file, as TypeScript in the repository and as JavaScript in the package.
const wrapper = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "./wrapper.ts" : "./wrapper.js", import.meta.url),
);

/**
 * Starts a wrapper for the spool, in a session of its own and tied to this process by nothing: it goes on when this process is killed.
 * A wrapper that can't be started emits `error`.
 */
export function startWrapper(spool: string, env: Readonly<Record<string, string>>): ChildProcess {
  const log = openSync(join(spool, spoolFiles.log), "a", 0o600);
  try {
    return spawn(process.execPath, ["--no-warnings", wrapper, spool], {
      cwd: "/",
      detached: true,
      env: Object.fromEntries(
        Object.entries(env).map(([name, value]) => [
          name.startsWith("NODE_") ? handedOver + name : name,
          value,
        ]),
      ),
      stdio: ["ignore", "ignore", log],
    });
  } finally {
    closeSync(log);
  }
}
