import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readInstructions } from "./instructions.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "throughline-agents-"));
  await mkdir(join(root, "a", "b"), { recursive: true });
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe("instructions", () => {
  it("read AGENTS.md from the root down to the working folder, the nearest last, and no other", async () => {
    await writeFile(join(root, "AGENTS.md"), "of the root");
    await writeFile(join(root, "a", "b", "AGENTS.md"), "of b");
    await mkdir(join(root, "c"));
    await writeFile(join(root, "c", "AGENTS.md"), "of c");
    const { text, sources } = await readInstructions(join(root, "a", "b"), root);
    expect(sources).toEqual([join(root, "AGENTS.md"), join(root, "a", "b", "AGENTS.md")]);
    expect(text.indexOf("of the root")).toBeLessThan(text.indexOf("of b"));
    expect(text).not.toContain("of c");
  });

  it("read the root's in a folder whose name begins with two dots, too", async () => {
    await writeFile(join(root, "AGENTS.md"), "of the root");
    await mkdir(join(root, "..made"));
    expect((await readInstructions(join(root, "..made"), root)).text).toContain("of the root");
    expect((await readInstructions(tmpdir(), root)).text).not.toContain("of the root");
  });

  it("have another hash when any part of them changes", async () => {
    const before = await readInstructions(root);
    await writeFile(join(root, "AGENTS.md"), "new");
    const after = await readInstructions(root);
    const amended = await readInstructions(root, root, ["be brief"]);
    expect(new Set([before.hash, after.hash, amended.hash]).size).toBe(3);
    expect(amended.text).toContain("be brief");
  });

  it("follow a link to a Markdown file of the workspace, and to nothing else", async () => {
    const outside = await mkdtemp(join(tmpdir(), "throughline-outside-"));
    await writeFile(join(outside, "CLAUDE.md"), "outside");
    await writeFile(join(root, ".env"), "KEY=outside");
    await writeFile(join(root, "CLAUDE.md"), "for every agent");
    const linked = async (to: string): Promise<string> => {
      const path = join(root, "AGENTS.md");
      await rm(path, { force: true });
      await symlink(to, path);
      return (await readInstructions(join(root, "a"), root)).text;
    };
    expect(await linked("CLAUDE.md")).toContain("for every agent");
    for (const to of [join(outside, "CLAUDE.md"), ".env", "nowhere.md", "AGENTS.md"])
      expect(await linked(to), to).not.toMatch(/outside|for every agent/u);
    await rm(outside, { recursive: true });
  });

  it("follow no other symbolic link and say how much of a huge file was left out", async () => {
    await writeFile(join(root, "secret"), "outside");
    await symlink(join(root, "secret"), join(root, "a", "AGENTS.md"));
    await writeFile(join(root, "AGENTS.md"), "x".repeat(70_000));
    const { text, sources } = await readInstructions(join(root, "a"), root);
    expect(sources).toEqual([join(root, "AGENTS.md")]);
    expect(text).toContain(`${70_000 - 64_000} bytes, was left out`);
  });

  it("read no more of a file than they tell, also of one that no string can hold, and tell the person", async () => {
    const path = join(root, "AGENTS.md");
    await writeFile(path, `${"x".repeat(64_000 - 1)}äöü`);
    await truncate(path, 3 * 2 ** 30);
    const { text, notices } = await readInstructions(root);
    expect(text).toMatch(/x\n\n\(The rest of this file, 3221161472 bytes, was left out\.\)$/u);
    expect(notices).toEqual([
      `${path} is 3.2 GB long: the model is told its first 64 KB, the rest is left out`,
    ]);
  });

  it("tell the person and the model of one that can't be read", async () => {
    const path = join(root, "AGENTS.md");
    await symlink(path, path);
    const { text, notices } = await readInstructions(root);
    expect(text).toContain("(This file could not be read: it is a link (ELOOP))");
    expect(notices).toEqual([
      `${path} could not be read, so that the model goes without it: it is a link (ELOOP)`,
    ]);
  });
});
