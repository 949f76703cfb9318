import { existsSync, realpathSync, statSync } from "node:fs";
import { relative, resolve } from "node:path";
import { z } from "zod";
import { parseJson } from "../../lib/json.ts";
import { isInside } from "../../session/place.ts";
import type { CommandRecord } from "./spool-records.ts";

/** Milliseconds. */
export const defaultTimeout = 10 * 60_000;
export const longestTimeout = 6 * 60 * 60_000;

const shellArguments = z.object({
  command: z.string().min(1),
  workdir: z.string().nullish(),
  timeout_ms: z.number().positive().nullish(),
});

/** The command to run, or the reason why there is none. */
export type ReadArguments = { ok: true; record: CommandRecord } | { ok: false; why: string };

/** The model's arguments as a command to run, or what the model is told is wrong with them. */
export function readArguments(input: string, workspace: string): ReadArguments {
  const parsed = parseJson(input);
  if (parsed === undefined)
    return { ok: false, why: `The arguments of shell_command are not JSON: ${input.slice(0, 200)}` };
  const checked = shellArguments.safeParse(parsed);
  if (!checked.success) {
    return {
      ok: false,
      why: `The arguments of shell_command are not as they should be:\n${z.prettifyError(checked.error)}`,
    };
  }
  const { command, workdir, timeout_ms: timeout } = checked.data;
  if (command.includes("\0"))
    return { ok: false, why: "The command holds a NUL character, which no shell can take." };
  const folder = readWorkdir(workdir ?? ".", workspace);
  if (!folder.ok) return folder;
  const timeoutMs = Math.min(Math.ceil(timeout ?? defaultTimeout), longestTimeout);
  return { ok: true, record: { command, workdir: folder.path, shell: shell(), timeoutMs } };
}

/** The command, for the person who is asked about it, even where other arguments are wrong. */
export function commandOf(input: string): string {
  const checked = shellArguments.partial().safeParse(parseJson(input));
  return checked.success && checked.data.command !== undefined ? checked.data.command : input;
}

/** The folder that the model asks for, from the workspace, and by where it leads: a name may go to and fro, and over links. */
export function folderOf(input: string, workspace: string): string {
  const checked = shellArguments.partial().safeParse(parseJson(input));
  const workdir = checked.success ? (checked.data.workdir ?? "") : "";
  return relative(realOf(workspace), realOf(resolve(workspace, workdir)));
}

const realOf = (path: string): string => (existsSync(path) ? realpathSync.native(path) : path);

function readWorkdir(
  workdir: string,
  workspace: string,
): { ok: true; path: string } | { ok: false; why: string } {
  const path = resolve(workspace, workdir);
  if (!existsSync(path) || !statSync(path).isDirectory()) {
    return { ok: false, why: `The workdir ${path} is not an existing folder. Nothing was run.` };
  }
  const real = realpathSync.native(path);
  if (!isInside(real, realpathSync.native(workspace))) {
    return {
      ok: false,
      why: `The workdir ${path} is outside the workspace ${workspace}. Nothing was run; use a folder inside it.`,
    };
  }
  // `/proc/self/cwd` is another folder to the wrapper.
  return { ok: true, path: real };
}

/** A fixed shell, whatever the person's own is: the same commands mean the same everywhere. */
function shell(): string {
  return existsSync("/bin/bash") ? "/bin/bash" : "/bin/sh";
}
