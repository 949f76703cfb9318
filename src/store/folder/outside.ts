import { Failure, isFailure } from "../../failure.ts";
import { storeFailure } from "./files.ts";

export function isSystemError(error: unknown): boolean {
  return typeof (error as NodeJS.ErrnoException | undefined)?.syscall === "string";
}

/** What the system says becomes a failure of the store; mistakes of the program stay what they are. */
export function asFailure(error: unknown, path: string, kept: string): unknown {
  if (isFailure(error) || !isSystemError(error)) return error;
  if ((error as NodeJS.ErrnoException).code === "ENOENT") {
    const message = `${path} is incomplete: ${(error as Error).message}. ${kept} throughline sessions --all lists the others.`;
    return new Failure("session-damaged", message, { path }, { cause: error });
  }
  return storeFailure(error, path, kept);
}
