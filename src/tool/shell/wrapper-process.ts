import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Failure } from "../../failure.ts";
import { spoolFiles } from "../spool.ts";
import { handedOver } from "./spool-records.ts";

/**
 * The wrapper stands beside this file, as TypeScript in the repository and as JavaScript in the package. Where a program has bundled the
 * library into a file of its own it doesn't: that has to be told, since every command would fail and only the model would hear of it.
 */
export function wrapperPath(here: string | undefined): string {
  // A bundle in CommonJS has no `import.meta`.
  const url = here && new URL(here.endsWith(".ts") ? "./wrapper.ts" : "./wrapper.js", here);
  const path = url ? fileURLToPath(url) : "wrapper.js";
  if (url && existsSync(path)) return path;
  const message =
    `${path}, which runs commands, is not there: throughline was bundled into another file, or removed while it ran. ` +
    'The command was not started, and the session is kept. Keep the package beside the program (`external: ["throughline"]` of the bundler), then go on with the session.';
  throw new Failure("configuration", message, { path });
}

/**
 * Starts a wrapper for the spool, in a session of its own and tied to this process by nothing: it goes on when this process is killed.
 * A wrapper that can't be started emits `error`; where there is none, throws `configuration`.
 */
export function startWrapper(spool: string, env: Readonly<Record<string, string>>): ChildProcess {
  const wrapper = wrapperPath(import.meta.url);
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
