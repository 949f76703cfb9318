import { Failure, isFailure } from "../../failure.ts";
import { quoted, systemWords } from "../../lib/words.ts";

/** What the system says where rights, room or a disk are wanting; any other of its errors is a bug of whoever caused it. */
const wanting: ReadonlySet<string> = new Set([
  "EACCES",
  "EPERM",
  "EROFS",
  "ENOSPC",
  "EDQUOT",
  "EIO",
  "EMFILE",
  "ENFILE",
  "ELOOP",
  "ENAMETOOLONG",
]);

/** The failure that an error is, where it is one, also when the system has thrown it: a rollout of somebody else's, say. */
export function asFailure(error: unknown): Failure | undefined {
  if (isFailure(error)) return error;
  const { code, path } = error as NodeJS.ErrnoException;
  if (!(error instanceof Error) || code === undefined || !wanting.has(code) || path === undefined)
    return undefined;
  const message = `${path} can't be used: ${systemWords(error)}. Nothing was lost. See whose it is: ls -ld ${quoted(path)}`;
  return new Failure("store-unavailable", message, { path }, { cause: error });
}
