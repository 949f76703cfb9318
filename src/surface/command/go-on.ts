import { resumeArguments, type ResumeStep, resumeStepIn } from "../../failure/advice.ts";
import { catalogue } from "../../failure/catalogue.ts";
import type { CatalogueEntry } from "../../failure/entry.ts";
import { entryOf } from "../../lib/table.ts";

/** A way to go on with a session. */
export type Way = ResumeStep | "wait";

/** The command that goes on with a session in that way. */
export const resumeCommand = (id: string, way: Way): string =>
  `throughline resume ${id}${way === "wait" ? " --wait" : resumeArguments[way]}`;

/**
 * The way to go on with a session whose last turn failed: with what the failure's class asks for (another prompt, another model), since
 * without it the same request would be refused again. `reason`: a failure's class, or any words.
 */
export function wayAfter(reason = ""): ResumeStep {
  const entry = entryOf<CatalogueEntry>(catalogue, reason);
  return resumeStepIn(entry?.youCan ?? []);
}

/** The interface that a command was typed in, which has a session open: what is done there in the place of the session's commands. */
export interface Here {
  readonly session: string;
  /** What goes on with the session in each way. */
  readonly ways: Readonly<Record<Way, string>>;
  /** What stops the turn that runs in it. */
  readonly stop: string;
}

/** How one goes on with a session: by a command, or by what is done here. `options`: what the command needs beside. */
export const goOnWords = (here: Here | undefined, id: string, way: Way, options = ""): string =>
  here?.session === id ? here.ways[way] : resumeCommand(`${id}${options}`, way);
