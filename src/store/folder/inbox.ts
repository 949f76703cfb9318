import { closeSync, fsyncSync, readdirSync, readFileSync, renameSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { parseJson } from "../../lib/json.ts";
import type { FollowUp } from "../../store.ts";
import { makeFolder, openPrivate, syncFolder } from "./files.ts";

const followUp = z.object({ id: z.string(), at: z.number(), text: z.string() });
const fileName = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.json$/u;

export const inboxPath = (folder: string): string => join(folder, "inbox");

/** Durable when it returns: written whole under another name, then renamed. */
export function putFollowUp(folder: string, { id, at, text }: FollowUp): void {
  if (!fileName.test(`${id}.json`)) throw new TypeError(`a follow-up's id is a UUID, not "${id}"`);
  const inbox = inboxPath(folder);
  makeFolder(inbox);
  const hidden = join(inbox, `.${id}.${process.pid}`);
  const fd = openPrivate(hidden, "wx");
  try {
    const bytes = Buffer.from(`${JSON.stringify({ id, at, text })}\n`);
    for (let written = 0; written < bytes.length;) written += writeSync(fd, bytes, written);
    fsyncSync(fd);
    renameSync(hidden, join(inbox, `${id}.json`));
    syncFolder(inbox);
  } catch (error) {
    unlinkSync(hidden);
    throw error;
  } finally {
    closeSync(fd);
  }
}

/** In the order of their ids. A file that can't be read is kept and named in `unreadable`. */
export function followUps(folder: string): { queued: FollowUp[]; unreadable: string[] } {
  const queued: FollowUp[] = [];
  const unreadable: string[] = [];
  for (const name of names(inboxPath(folder))
    .filter((each) => fileName.test(each))
    .sort()) {
    const path = join(inboxPath(folder), name);
    let text: string;
    try {
      text = readFileSync(path, "utf8");
    } catch (error) {
      // Delivered meanwhile.
      if ((error as NodeJS.ErrnoException).code === "ENOENT") continue;
      throw error;
    }
    const read = followUp.safeParse(parseJson(text));
    if (read.success && `${read.data.id}.json` === name) queued.push(read.data);
    else unreadable.push(path);
  }
  return { queued, unreadable };
}

/** Taking out what isn't there is no error: it was taken out before a crash. */
export function takeFollowUp(folder: string, id: string): void {
  if (!fileName.test(`${id}.json`)) return;
  try {
    unlinkSync(join(inboxPath(folder), `${id}.json`));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  syncFolder(inboxPath(folder));
}

function names(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
