import { existsSync, realpathSync } from "node:fs";
import { repositoryOf } from "../lib/repository.ts";
import type { Place } from "../session/place.ts";

/** The folder as logs name it, with its repository. */
export function placeOf(folder: string): Place {
  const repository = repositoryOf(folder);
  const path = existsSync(folder) ? realpathSync(folder) : folder;
  return { path, ...(repository && { gitRoot: repository.root, gitCommon: repository.common }) };
}
