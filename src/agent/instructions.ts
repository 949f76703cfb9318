import { createHash } from "node:crypto";
import { lstat, readFile, realpath } from "node:fs/promises";
import { dirname, extname, join, relative, sep } from "node:path";
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

/** AGENTS.md files beyond this size are cut, and the text says so. */
const limitBytes = 64 * 1024;

/** What the model is told before everything else. */
export interface Instructions {
  text: string;
  /** SHA-256 of the text, hex. */
  hash: string;
  /** Absolute paths of the AGENTS.md files that are part of it, outermost first. */
  sources: string[];
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
  for (const at of foldersDown(root, folder)) {
    const path = join(at, "AGENTS.md");
    const text = await readGuidance(path, root);
    if (text === undefined) continue;
    sources.push(path);
    parts.push(`# Instructions of ${relative(root, path) || "AGENTS.md"}\n\n${text}`);
  }
  for (const amendment of amendments) parts.push(`# Amended by the person\n\n${amendment}`);
  const text = sanitise(parts.join("\n\n"));
  return { text, hash: createHash("sha256").update(text).digest("hex"), sources };
}

function foldersDown(root: string, folder: string): string[] {
  if (!isInside(folder, root)) return [folder];
  const folders = [root];
  for (const part of relative(root, folder).split(sep).filter(Boolean))
    folders.push(join(folders.at(-1) ?? dirname(folder), part));
  return folders;
}

async function readGuidance(path: string, root: string): Promise<string | undefined> {
  try {
    const real = await placeOfText(path, root);
    if (real === undefined) return undefined;
    const bytes = await readFile(real);
    const text = bytes.subarray(0, limitBytes).toString("utf8").trim();
    return bytes.length > limitBytes
      ? `${text}\n\n(The rest of this file, ${bytes.length - limitBytes} bytes, was left out.)`
      : text;
  } catch (error) {
    // Most folders have none; one that can't be read must not stop the session, and the model is told.
    if (isMissing(error)) return undefined;
    return `(This file could not be read: ${error instanceof Error ? error.message : String(error)})`;
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

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}
