import { fileURLToPath } from "node:url";
import { Failure, isFailure } from "../../failure.ts";
import { readRolloutName } from "../../foreign/codex/home/places.ts";
import { takeBackWords } from "../../lib/owner.ts";
import { codeOf, makeRoomWords, nearestThere, systemWords } from "../../lib/system.ts";
import { quoted } from "../../lib/words.ts";

/** The system's codes for missing rights, missing room and bad disks. Any other system error that gets here is a bug. */
const wanting: ReadonlySet<string> = new Set([
  "EACCES",
  "EPERM",
  "EROFS",
  "ENOSPC",
  "EDQUOT",
  "EFBIG",
  "EIO",
  "EMFILE",
  "ENFILE",
  "EISDIR",
  "EFTYPE",
  "ENXIO",
  "EOVERFLOW",
  "ENOTDIR",
  "ELOOP",
  "ENAMETOOLONG",
  "ESTALE",
  "ENOTCONN",
  "EHOSTDOWN",
  "ENODEV",
  "EBUSY",
  "EINTR",
  "ENOMEM",
  // What rmSync has for EROFS and EIO (Node 24, 2026-11).
  "",
]);

const noRoom: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/** The error as a `Failure`: itself, or one made of a system error that isn't a bug, such as a rollout without read rights. Else `undefined`. */
export function asFailure(error: unknown): Failure | undefined {
  if (isFailure(error)) return error;
  const { path, dest } = error as NodeJS.ErrnoException & { dest?: string };
  const code = codeOf(error);
  if (!(error instanceof Error) || code === undefined) return undefined;
  // A rollout can go away at any time: Codex moves it to archive or pack it, or a person deletes it.
  if (code === "ENOENT" && path !== undefined && readRolloutName(path)) return gone(path, error);
  if (code === "ERR_MODULE_NOT_FOUND" && "url" in error) return replaced(String(error.url), error);
  if (!wanting.has(code)) return undefined;
  // For a copy, `dest` is where room is missing; operations on an open file name no path.
  if (noRoom.has(code)) return full(dest ?? path, error);
  const what = path ?? "A file or its disk";
  const message = `${what} can't be used: ${systemWords(error)}. Nothing was lost. ${nextWords(error, path)}`;
  return new Failure("store-unavailable", message, { path: path ?? "" }, { cause: error });
}

function nextWords(error: unknown, path: string | undefined): string {
  if (path === undefined) return "Check the disk, then try again: df -h";
  const place = quoted(nearestThere(path));
  switch (codeOf(error)) {
    case "EROFS":
      return `Have it mounted for writing, or, where it is Throughline's home, choose another with --home: df ${place}`;
    case "EACCES":
    case "EPERM":
      return takeBackWords(error, path) ?? `See whose it is: ls -ld ${place}`;
    case "EIO":
    case "ESTALE":
    case "ENOTCONN":
    case "EHOSTDOWN":
    case "ENODEV":
    case "":
      return `Check its disk, then try again: df -h ${place}`;
    default:
      return `See what it is: ls -ld ${place}`;
  }
}

function full(path: string | undefined, cause: Error): Failure {
  const place = path === undefined ? "what is written" : path;
  const message = `There is no room for ${place}: ${systemWords(cause)}. Nothing was lost. ${makeRoomWords(cause, path)}`;
  return new Failure("store-full", message, { path: path ?? "" }, { cause });
}

/** Much of the program is loaded when it is asked for: an update meanwhile, `npm install -g` say, has taken the files of the version that runs. */
function replaced(url: string, cause: Error): Failure {
  const path = URL.canParse(url) && url.startsWith("file:") ? fileURLToPath(url) : url;
  const message = `Throughline was updated or removed while it ran: ${path} is gone. Nothing was lost. End it and go on with the version that is there now: throughline resume --last`;
  return new Failure("store-unavailable", message, { path }, { cause });
}

function gone(path: string, cause: Error): Failure {
  const message = `${path} is gone: it was moved or removed while it was looked at. Nothing was lost. See what there is: throughline sessions --codex --all`;
  return new Failure("session-missing", message, { reference: path, nearest: [] }, { cause });
}
