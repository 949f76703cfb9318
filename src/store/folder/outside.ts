import { basename } from "node:path";
import { isUuid } from "../../lib/ids.ts";
import { isSystemError, systemWords } from "../../lib/system.ts";
import { quoted } from "../../lib/words.ts";
import { Failure, isFailure } from "../../failure.ts";
import { isInside } from "../../session/place.ts";
import { storeFailure } from "./files.ts";

const again = "See what is left: throughline sessions --all";

/** Turns errors of the system into failures of the store; mistakes of the program are passed on as they are. */
export function asFailure(error: unknown, path: string, kept: string): unknown {
  if (isFailure(error) || !isSystemError(error)) return error;
  const missing = error.path ?? path;
  // What is read to be put into a session may be missing too, and is no part of it.
  if (error.code === "ENOENT" && isInside(missing, path)) {
    const id = basename(path);
    const remains = isUuid(id) ? `Delete what is left of it with: throughline delete ${id}` : again;
    const message = `${missing} is missing. ${kept} ${remains}`;
    return new Failure("session-damaged", message, { path }, { cause: error });
  }
  if (error.code === "ELOOP") {
    const link = error.path ?? path;
    const message = `${link} is a link, and what it leads to is no part of the session. ${kept} Put there what it leads to, or remove it: ls -ld ${quoted(link)}`;
    return new Failure("session-damaged", message, { path: link }, { cause: error });
  }
  if (strangers.has(error.code) && error.path !== undefined && isInside(error.path, path)) {
    const message = `${error.path} can't be used: ${systemWords(error)}. ${kept} Move it away, then try again: ls -ld ${quoted(error.path)}`;
    return new Failure("session-damaged", message, { path: error.path }, { cause: error });
  }
  return storeFailure(error, path, kept);
}

/** What stands in the place of a file and is none that this program has made. */
const strangers: ReadonlySet<string | undefined> = new Set(["EISDIR", "EFTYPE", "EOVERFLOW"]);
