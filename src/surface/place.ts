import { existsSync, realpathSync } from "node:fs";
import { repositoryOf } from "../lib/repository.ts";
import type { Place } from "../session/place.ts";

/** The folder as logs name it, with its repository. */
export function placeOf(folder: string): Place {
  const repository = repositoryOf(folder);
  // The system's own, as logs have it from `readWorkspace`: on a Mac it gives each folder the case and form that it has on disk.
  const path = existsSync(folder) ? realpathSync.native(folder) : folder;
  return { path, ...(repository && { gitRoot: repository.root, gitCommon: repository.common }) };
}
