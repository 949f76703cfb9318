import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, realpath } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { hasCode, systemWords } from "../lib/system.ts";
import { bytesWords } from "../lib/words.ts";
import { sanitise } from "../session/item.ts";
import { isInside } from "../session/place.ts";

/** What the agent is told before everything else. */
const base = `You are a coding agent. You work in the person's workspace through the tools you are given.

- Look before you change: read the files and run the commands that tell you how things are.
- Change files with apply_patch; run commands with shell_command. Independent calls may be made at once.
- Keep to what was asked. Fix causes, not symptoms; keep the style of the code around you; don't commit unless asked to.
- Verify what you did (tests, build, a run) before you say that it is done, and say what you could not verify.
- A tool output that says "outcome unknown" means that the process died while the tool ran: find out what it did before you repeat it.
- Answer briefly: what you did, what came of it, what is left.`;

/**
 * No more of an AGENTS.md is read, and the text says so. Of one, not of all as in Codex (32 KiB, `project_doc_max_bytes`): there a long one
 * of the root leaves no room for the nearest.
 */
const limitBytes = 64_000;

/** What the model is told before everything else. */
export interface Instructions {
  text: string;
  /** SHA-256 of the text, hex. */
  hash: string;
  /** Absolute paths of the AGENTS.md files that are part of it, outermost first. */
  sources: string[];
  /** What of those files is left out and why, a line for the person each. */
  notices: string[];
}

/**
 * The instructions for a workspace: the base text, then every AGENTS.md from the workspace's root (the git root, when it has one) down to
 * the working folder, nearer ones last so that they have the last word, then the session's amendments (R13). A symbolic link is
 * followed to a Markdown file of the same workspace (`AGENTS.md -> CLAUDE.md`), and nowhere else.
 */
export async function readInstructions(
  folder: string,
  root: string = folder,
  amendments: readonly string[] = [],
): Promise<Instructions> {
  const parts = [base];
  const sources: string[] = [];
  const notices: string[] = [];
  for (const at of foldersDown(root, folder)) {
    const path = join(at, "AGENTS.md");
    const guidance = await readGuidance(path, root);
    if (guidance === undefined) continue;
    sources.push(path);
    parts.push(`# Instructions of ${relative(root, path) || "AGENTS.md"}\n\n${guidance.text}`);
    if (guidance.notice !== undefined) notices.push(guidance.notice);
  }
  for (const amendment of amendments) parts.push(`# Amended by the person\n\n${amendment}`);
  const text = sanitise(parts.join("\n\n"));
  return { text, hash: createHash("sha256").update(text).digest("hex"), sources, notices };
}

function foldersDown(root: string, folder: string): string[] {
  if (!isInside(folder, root)) return [folder];
  const folders = [root];
  for (const part of relative(root, folder).split(sep).filter(Boolean))
    folders.push(join(folders.at(-1)!, part));
  return folders;
}

interface Guidance {
  readonly text: string;
  /** What is left out of it. */
  readonly notice?: string;
}

async function readGuidance(path: string, root: string): Promise<Guidance | undefined> {
  try {
    const real = await placeOfText(path, root);
    if (real === undefined) return undefined;
    const { size } = await lstat(real);
    const pieces: Buffer[] = await createReadStream(real, { end: limitBytes - 1 }).toArray();
    const isCut = size > limitBytes;
    // A letter that is cut in two goes.
    const text = new TextDecoder().decode(Buffer.concat(pieces), { stream: isCut }).trim();
    if (!isCut) return { text };
    return {
      text: `${text}\n\n(The rest of this file, ${size - limitBytes} bytes, was left out.)`,
      notice: `${path} is ${bytesWords(size)} long: the model is told its first ${bytesWords(limitBytes)}, the rest is left out`,
    };
  } catch (error) {
    // Most folders have none; one that can't be read must not stop the session, and the model is told.
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    const why = systemWords(error);
    return {
      text: `(This file could not be read: ${why})`,
      notice: `${path} could not be read, so that the model goes without it: ${why}`,
    };
  }
}

/** Where the file is, if it is one that may be sent: a link in somebody's repository must not lead to a key at home, or to `.env`. */
async function placeOfText(path: string, root: string): Promise<string | undefined> {
  const stat = await lstat(path);
  if (stat.isFile()) return path;
  if (!stat.isSymbolicLink()) return undefined;
  const [real, own] = await Promise.all([realpath(path), realpath(root)]);
  const isGuidance = extname(real) === ".md" && isInside(real, own);
  return isGuidance && (await lstat(real)).isFile() ? real : undefined;
}
