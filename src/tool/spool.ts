import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { z } from "zod";
import { writeAll, makeFile } from "../lib/write.ts";
import { placeNew } from "../lib/place.ts";
import { readText, staysUnreadable } from "../lib/open-file.ts";
import { hasCode, messageOf, syncPath } from "../lib/system.ts";
import { isJsonObject, parseJson, type JsonObject } from "../lib/json.ts";

/**
 * The files of a call's spool folder. Each is put there whole, by rename or by an exclusive link, so that a reader finds it complete or
 * not at all. The wrapper of a command imports this file: it must stay quick to load, and takes no more than types from zod.
 */
export const spoolFiles = {
  /** What is to be run: written by the owner before anything starts. */
  call: "call.json",
  /** The claim of the one wrapper that may start the command. No such file: nothing was started. */
  started: "started.json",
  /** The command's own process, the leader of its group. */
  command: "command.json",
  /** What the command prints, standard output and error as they come. */
  output: "output",
  /** How it ended; its presence means that the call is finished. */
  exit: "exit.json",
  /** What the wrapper itself prints when it fails; normally empty. */
  log: "wrapper.log",
} as const;

/** Makes the folder (0700), if it isn't there yet, and makes its name durable. Folders above it that are missing are made too. */
export function makeSpool(spool: string): void {
  const first = mkdirSync(spool, { recursive: true, mode: 0o700 }) ?? spool;
  for (let made = spool; made.length >= first.length; made = dirname(made)) syncPath(dirname(made));
}

/** Puts the value in place by rename, durably, whatever was there. */
export function replaceJson(spool: string, name: string, value: object): void {
  const draft = writeDraft(spool, name, value);
  renameSync(draft, join(spool, name));
  syncPath(spool);
}

/** Puts the value in place durably, unless the name is taken: then nothing changes and the answer is false. Of many, one gets true. */
export function claimJson(spool: string, name: string, value: object): boolean {
  const draft = writeDraft(spool, name, value);
  const claimed = placeNew(draft, join(spool, name));
  rmSync(draft);
  if (claimed) syncPath(spool);
  return claimed;
}

/** More than any record has that a wrapper keeps room for. */
const roomBytes = 4096;

const roomOf = (spool: string, name: string): string => join(spool, `.${name}.room`);

/** Keeps room for a record that has to be written when the disk is full, too. Where there is none even now, it goes without. */
export function keepRoom(spool: string, name: string): void {
  try {
    writeFileSync(roomOf(spool, name), " ".repeat(roomBytes), { mode: 0o600 });
  } catch (error) {
    if (!isFull(error)) throw error;
  }
}

/** As `replaceJson`, in the room that was kept where the disk is full. The room is given up either way. */
export function replaceInRoom(spool: string, name: string, value: object): void {
  const room = roomOf(spool, name);
  try {
    replaceJson(spool, name, value);
  } catch (error) {
    if (!isFull(error) || !existsSync(room)) throw error;
    if (overwrites(room, value)) {
      renameSync(room, join(spool, name));
      return syncPath(spool);
    }
    rmSync(room);
    return replaceJson(spool, name, value);
  }
  rmSync(room, { force: true });
}

/**
 * Puts the value over what the file holds, durably; the spaces behind it are white space of the record. It needs no new block, but on file
 * systems that overwrite nothing in place (btrfs): there the answer is false, and a block is free once the file is gone.
 */
function overwrites(path: string, value: object): boolean {
  const handle = openSync(path, "r+");
  try {
    writeAll(handle, Buffer.from(JSON.stringify(value)), 0);
    fsyncSync(handle);
    return true;
  } catch (error) {
    if (!isFull(error)) throw error;
    return false;
  } finally {
    closeSync(handle);
  }
}

const isFull = (error: unknown): boolean => hasCode(error, "ENOSPC", "EDQUOT");

/** A file of the spool that can't be read, or holds no JSON object: a disk fault, a stranger's hand, or a crash without links. */
export class SpoolDamaged extends Error {}

/** The object that the file holds; `undefined` when there is none. Throws `SpoolDamaged` when it holds something else or can't be read. */
export function readJsonFile(spool: string, name: string): JsonObject | undefined {
  let text: string;
  try {
    text = readText(join(spool, name));
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    // A session must not wait for it: the call is answered as unknown, and what is unknown is never run again.
    if (staysUnreadable(error)) throw new SpoolDamaged(messageOf(error));
    throw error;
  }
  const value = parseJson(text);
  if (!isJsonObject(value)) throw new SpoolDamaged(`${join(spool, name)} is damaged`);
  return value;
}

/**
 * The record that the file holds; `undefined` when there is none. Throws `SpoolDamaged` as `readJsonFile`, and where the object isn't of the
 * shape: what a disk, a person or another version has made of it must neither be believed nor end the session.
 */
export function readSpoolRecord<T>(spool: string, name: string, shape: z.ZodType<T>): T | undefined {
  const value = readJsonFile(spool, name);
  if (!value) return undefined;
  const read = shape.safeParse(value);
  if (!read.success) throw new SpoolDamaged(`${join(spool, name)} is damaged`);
  return read.data;
}

function writeDraft(spool: string, name: string, value: object): string {
  const draft = join(spool, `.${name}.${process.pid}.${process.hrtime.bigint()}`);
  try {
    makeFile(draft, Buffer.from(JSON.stringify(value)));
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  return draft;
}
