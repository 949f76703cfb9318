import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { codexRollouts } from "../../../test/kit/codex-home.ts";
import { temporaryFolder } from "../../../test/kit/temporary-folder.ts";
import { listRollouts, pathKnownTo } from "./home/places.ts";
import { repairRollout } from "./repair/repair.ts";
import { takeWriterLock } from "./home/writer-lock.ts";

const root = temporaryFolder();

const [source] = codexRollouts("0.169.0");
const text = readFileSync(source!.path, "utf8");
const name = `rollout-2026-11-20T10-00-00-${source!.thread}.jsonl`;

/** A home whose sessions lie on another disk, and a link to the home. */
const home = join(root, "codex");
const disk = join(root, "disk", "of codex");
mkdirSync(home);
mkdirSync(join(disk, "2026"), { recursive: true });
symlinkSync(disk, join(home, "sessions"));
symlinkSync(home, join(root, "dotfiles"));
const path = join(home, "sessions", "2026", name);
writeFileSync(path, text.slice(0, -30));

describe("a home whose sessions folder is a link", () => {
  it("gives a rollout one path, by which the home is found, however it is named", () => {
    const known = pathKnownTo(join(root, "dotfiles"));
    for (const named of [path, join(disk, "2026", name), join(root, "dotfiles", "sessions", "2026", name)])
      expect(known(named)).toBe(path);
    expect(pathKnownTo()(join(root, "dotfiles", "sessions", "2026", name))).toBe(path);
    expect(pathKnownTo()(join(disk, "2026", name))).toBe(join(disk, "2026", name));
  });

  it("has what lies behind links to folders in it, each once, also where they lead in circles", () => {
    const year = join(root, "old year");
    mkdirSync(join(year, "11"), { recursive: true });
    const old = `rollout-2025-11-20T10-00-00-${source!.thread.replace(/.$/u, "0")}.jsonl`;
    writeFileSync(join(year, "11", old), text);
    symlinkSync(year, join(disk, "2025"));
    symlinkSync(year, join(disk, "2025 again"));
    for (const circle of [join(disk, "all"), join(year, "all")]) symlinkSync(disk, circle);
    symlinkSync("itself", join(disk, "itself"));
    // Above all of it: what lies there is no session of this home, and the home's own would be there twice.
    symlinkSync(root, join(disk, "above"));
    const found = listRollouts(home).map((file) => file.path);
    expect(found).toHaveLength(2);
    expect(found).toContain(path);
  });

  it("has Codex's lock, which keeps a repair out as long as Codex has it", async () => {
    const options = { home: join(root, "own"), now: Date.now(), seals: { which: "none" } } as const;
    const lock = takeWriterLock(home, source!.thread, path);
    try {
      await expect(repairRollout(path, options)).rejects.toMatchObject({
        class: "lease-held",
        message: expect.stringContaining("codex app-server daemon stop"),
      });
    } finally {
      lock.release();
    }
    expect((await repairRollout(path, options))?.journal.path).toBe(path);
    expect(readFileSync(path, "utf8").endsWith("\n")).toBe(true);
  });
});
