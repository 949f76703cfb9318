import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { hasCode } from "../../lib/system.ts";

const run = promisify(execFile);

/** A small real repository with a failing test, and a home for the sessions beside it. */
export interface Scratch {
  folder: string;
  workspace: string;
  home: string;
  /** Lines of a file of the workspace; none when it isn't there. */
  lines(name: string): Promise<string[]>;
  remove(): Promise<void>;
}

const files: Readonly<Record<string, string>> = {
  "package.json": `${JSON.stringify({ name: "slugs", version: "1.0.0", type: "module" }, undefined, 2)}\n`,
  "AGENTS.md": "Run `node --test` before and after every change.\n",
  "slug.js": `/** A title as it stands in an address: "Two words" becomes "two-words". */
export function slug(title) {
  return title.toLowerCase().replace(" ", "-");
}
`,
  "slug.test.js": `import assert from "node:assert/strict";
import { test } from "node:test";
import { slug } from "./slug.js";

test("one word", () => assert.equal(slug("Hello"), "hello"));
test("every space counts", () => assert.equal(slug("A long way home"), "a-long-way-home"));
`,
};

/** The patch with which the scripted model makes the failing test pass. */
export const fix = `*** Begin Patch
*** Update File: slug.js
@@ export function slug(title) {
-  return title.toLowerCase().replace(" ", "-");
+  return title.toLowerCase().replaceAll(" ", "-");
 }
*** End Patch`;

export async function makeScratch(): Promise<Scratch> {
  const folder = await mkdtemp(join(tmpdir(), "throughline-demo-"));
  const [workspace, home] = [join(folder, "slugs"), join(folder, "home")];
  await mkdir(workspace);
  for (const [name, text] of Object.entries(files)) await writeFile(join(workspace, name), text);
  await commit(workspace);
  return {
    folder,
    workspace,
    home,
    lines: async (name) => {
      const text = await readFile(join(workspace, name), "utf8").catch(emptyIfMissing);
      return text.split("\n").filter((line) => line !== "");
    },
    remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}

async function commit(workspace: string): Promise<void> {
  const git = (...words: string[]) =>
    run("git", ["-C", workspace, "-c", "user.name=demo", "-c", "user.email=demo@localhost", ...words]);
  try {
    await git("init", "--quiet", "--initial-branch=main");
    await git("add", ".");
    await git("commit", "--quiet", "--message=A test that fails");
  } catch (error) {
    // Without git on the machine the story is the same, on no branch.
    if (!hasCode(error, "ENOENT")) throw error;
  }
}

function emptyIfMissing(error: unknown): string {
  if (hasCode(error, "ENOENT")) return "";
  throw error;
}
