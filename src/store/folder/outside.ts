import { basename } from "node:path";
import { Failure, isFailure } from "../../failure.ts";
import { storeFailure } from "./files.ts";
import { isSessionId } from "./paths.ts";

const again = "See what is left: throughline sessions --all";

export function isSystemError(error: unknown): boolean {
  return typeof (error as NodeJS.ErrnoException | undefined)?.syscall === "string";
}

/** What the system says becomes a failure of the store; mistakes of the program stay what they are. */
export function asFailure(error: unknown, path: string, kept: string): unknown {
  if (isFailure(error) || !isSystemError(error)) return error;
  if ((error as NodeJS.ErrnoException).code === "ENOENT") {
    const missing = (error as NodeJS.ErrnoException).path ?? path;
    const id = basename(path);
    const remains = isSessionId(id) ? `Delete what is left of it with: throughline delete ${id}` : again;
    const message = `${missing} is missing. ${kept} ${remains}`;
    return new Failure("session-damaged", message, { path }, { cause: error });
  }
  return storeFailure(error, path, kept);
}
