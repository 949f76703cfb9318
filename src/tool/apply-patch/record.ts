import { createHash, randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { makeFile } from "../../lib/write.ts";
import { syncPath } from "../../lib/system.ts";
import { claimJson, readSpoolRecord } from "../spool.ts";
import type { Change, Plan } from "./plan.ts";

const fileVersion = z
  .object({
    hash: z.string(),
    mode: z.number().optional(),
    owner: z.object({ uid: z.number(), gid: z.number() }).optional(),
    staged: z.string(),
  })
  .nullable();
/**
 * A file as the record has it: `null` where there is none, else the SHA-256 (hex) of its bytes, its mode (absent: as the umask says), its
 * owner (absent: this user; records made before 2026-11-22 have none) and the name of its staged copy.
 */
export type Version = z.infer<typeof fileVersion>;

const patchOp = z.object({
  /** Absolute, without symbolic links. */
  path: z.string(),
  before: fileVersion,
  after: fileVersion,
});
/** One file's change, in a form that tells from the file alone whether it was made already. */
export type PatchOp = z.infer<typeof patchOp>;

const patchRecord = z.object({
  id: z.string(),
  /** The workspace, without symbolic links. */
  root: z.string(),
  /** Folder in the spool with the copies. */
  stage: z.string(),
  ops: z.array(patchOp),
  summary: z.array(z.string()),
  /** Milliseconds since 1970. */
  at: z.number(),
});
/** `record.json`: from when it is in place, the patch is accepted and is carried through, by whoever owns the session. */
export type PatchRecord = z.infer<typeof patchRecord>;

const recordFile = "record.json";

/** SHA-256 of a file's content, hex. */
export const hashOf = (content: Buffer): string => createHash("sha256").update(content).digest("hex");

/** Copies of every file before and after, durable, in a folder of their own. The record that they belong to isn't in place yet. */
export function stagePlan(spool: string, plan: Plan): PatchRecord {
  const id = randomBytes(6).toString("hex");
  const stage = `stage-${id}`;
  mkdirSync(join(spool, stage), { mode: 0o700 });
  const keep = (name: string, version: Change["before"]): Version => {
    if (!version) return null;
    makeFile(join(spool, stage, name), version.content);
    const { content, ...rights } = version;
    return { hash: hashOf(content), ...rights, staged: name };
  };
  const ops = plan.changes.map((change, index) => ({
    path: change.path,
    before: keep(`${index}.before`, change.before),
    after: keep(`${index}.after`, change.after),
  }));
  syncPath(join(spool, stage));
  // Deletions go last: whatever a patch takes away is in its new place already when a crash cuts it short.
  ops.sort((one, other) => Number(one.after === null) - Number(other.after === null));
  return { id, root: plan.root, stage, ops, summary: plan.summary, at: Date.now() };
}

/** Puts the record in place, once: the commit point. The answer is the record that counts, should another owner have been first. */
export function commitRecord(spool: string, record: PatchRecord): PatchRecord {
  return claimJson(spool, recordFile, record) ? record : readRecord(spool)!;
}

/** The record of an accepted patch; `undefined` before there is one. Throws as `readSpoolRecord`. */
export function readRecord(spool: string): PatchRecord | undefined {
  return readSpoolRecord(spool, recordFile, patchRecord);
}
