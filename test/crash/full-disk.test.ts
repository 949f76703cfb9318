// Disks that are full or read-only, under the real program.
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeNew } from "../../src/lib/place.ts";
import { until, withRig } from "../kit/rig.ts";
import { eventsOf, expectAtRest, expectRequestsPaired, expectSoundLog, ranFile } from "../kit/survival.ts";
import { atMost, scenario } from "./work.ts";

/** A file system of its own for the home; false where that isn't allowed. */
function mount(folder: string, size: string): boolean {
  mkdirSync(folder);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder], { stdio: "ignore" });
    return true;
  } catch (error) {
    // No such program, or not root, or a container without that right.
    if (!("status" in (error as object)) && (error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return false;
  }
}

/** Fills the disk until not one more byte fits. */
function fill(folder: string): void {
  const file = openSync(join(folder, "filler"), "a");
  try {
    for (let size = 65_536; size > 0;) {
      try {
        if (writeSync(file, Buffer.alloc(size)) < size) size = Math.floor(size / 2);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
        size = Math.floor(size / 2);
      }
    }
  } finally {
    closeSync(file);
  }
}

const remount = (folder: string, options: string): void =>
  void execFileSync("mount", ["-o", `remount,${options}`, folder]);
const unmount = (folder: string): void => void execFileSync("umount", ["--lazy", folder]);

it("an export for which there is no room fails, and leaves no part of itself", async (test) => {
  const folder = mkdtempSync(join(tmpdir(), "throughline-full-"));
  const disk = join(folder, "disk");
  try {
    if (!mount(disk, "64k")) return test.skip("needs root and tmpfs");
    try {
      const whole = writeNew(join(disk, "session.md"), ["x".repeat(100_000)]);
      await expect(whole).rejects.toMatchObject({ code: "ENOSPC" });
      expect(readdirSync(disk)).toEqual([]);
    } finally {
      unmount(disk);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe("a home whose disk", () => {
  it(
    "is full while the answer streams loses nothing, and goes on when there is room",
    { timeout: atMost },
    (test) =>
      withRig(
        { ...scenario, fault: [{ kind: "silent", after: "text", turn: 2, for: "1s" }] },
        async (rig) => {
          if (!mount(rig.home, "1m")) return test.skip("needs root and tmpfs");
          try {
            expect((await rig.run(["exec", "Please work."])).status).toBe(0);
            const id = rig.id();
            const first = rig.simulator.requests.length;
            const talking = rig.start(["exec", "resume", id, "Please say more."]);
            await until(() => rig.simulator.requests.length > first, "the request");
            fill(rig.home);
            const full = await talking.ended;
            expect(full.status, full.err).not.toBe(0);
            expect(full.err).toMatch(/no room[^]*\[store-full: /u);
            expect(full.out, "what is not kept is not told").toBe("");
            const left = rig.log(id);
            expect(eventsOf(left).at(-1)).toMatchObject({ type: "item-added", origin: "input" });

            // The program gave back what its catalogue took for a while.
            fill(rig.home);
            // Looking needs no room; working says at once that there is none, and makes nothing by halves.
            const view = await rig.run(["show", id, "--json"]);
            expect(JSON.parse(view.out), view.err).toMatchObject({ damage: [], status: "interrupted" });
            expect((await rig.run(["sessions"])).out).toContain(id);
            expect((await rig.run(["exec", "resume", id])).err).toMatch(/\[store-full: /u);
            expect((await rig.run(["exec", "Please work."])).err).toMatch(/\[store-full: /u);
            expect(rig.ids()).toEqual([id]);
            expect(rig.log(id).equals(left)).toBe(true);

            remount(rig.home, "size=32m");
            const resumed = await rig.run(["exec", "resume", id]);
            expect(resumed.status, resumed.err).toBe(0);
            expect(resumed.out).toBe("No more.\n");
            expect(rig.log(id).subarray(0, left.length).equals(left)).toBe(true);
            expectSoundLog(rig.log(id));
            expectRequestsPaired(rig);
            await expectAtRest(rig, id);
          } finally {
            unmount(rig.home);
          }
        },
      ),
  );

  it("is full when a command ends runs it once all the same", { timeout: atMost }, (test) =>
    withRig(scenario, async (rig) => {
      if (!mount(rig.home, "1m")) return test.skip("needs root and tmpfs");
      try {
        const waiting = rig.start(["exec", "Please wait."]);
        await until(() => rig.lines(ranFile).length > 0, "the command to begin");
        fill(rig.home);
        writeFileSync(join(rig.workspace, "gate"), "");
        const full = await waiting.ended;
        expect(full.status, full.err).not.toBe(0);
        expect(full.err).toMatch(/\[store-full: /u);
        const left = rig.log(rig.id());
        remount(rig.home, "size=32m");
        const resumed = await rig.run(["exec", "resume", rig.id()]);
        expect(resumed.status, resumed.err).toBe(0);
        expect(rig.log(rig.id()).subarray(0, left.length).equals(left)).toBe(true);
        expect(rig.lines(ranFile)).toEqual(["waited"]);
        // Room for how it ended was kept before it began; what it printed found none.
        expect(rig.log(rig.id()).toString()).toContain("Exit code: 0");
        expect(rig.log(rig.id()).toString()).not.toContain("outcome unknown");
        expectSoundLog(rig.log(rig.id()));
        await expectAtRest(rig, rig.id());
      } finally {
        unmount(rig.home);
      }
    }),
  );

  it("is full has room again after a purge: removing a session needs none", { timeout: atMost }, (test) =>
    withRig(scenario, async (rig) => {
      if (!mount(rig.home, "1m")) return test.skip("needs root and tmpfs");
      try {
        for (const prompt of [`Please work. ${"…".repeat(30_000)}`, "Please say more."])
          expect((await rig.run(["exec", prompt])).status).toBe(0);
        fill(rig.home);
        const refused = await rig.run(["exec", "Please work."]);
        expect(refused.err).toMatch(/\[store-full: /u);
        const { status, err } = await rig.run(["purge", "--yes"]);
        expect(status, err).toBe(0);
        rmSync(join(rig.home, "filler"));
        const { out } = await rig.run(["sessions", "--json"]);
        expect((JSON.parse(out) as { sessions: unknown[] }).sessions).toEqual([]);
        expect(
          readdirSync(join(rig.home, "sessions")).flatMap((month) =>
            readdirSync(join(rig.home, "sessions", month)),
          ),
        ).toEqual([]);
      } finally {
        unmount(rig.home);
      }
    }),
  );

  it("is read-only says so, changes nothing, and still lists and shows", { timeout: atMost }, (test) =>
    withRig(scenario, async (rig) => {
      const root = process.getuid?.() === 0;
      if (root && !mount(rig.home, "4m")) return test.skip("root writes everywhere, and may not mount here");
      const folders = [rig.home];
      try {
        expect((await rig.run(["exec", "Please work."])).status).toBe(0);
        const id = rig.id();
        const left = rig.log(id);
        folders.push(rig.sessionFolder(id));
        if (root) remount(rig.home, "ro");
        else for (const folder of folders) chmodSync(folder, 0o500);
        const [resumed, fresh, list, view] = await Promise.all([
          rig.run(["exec", "resume", id, "Please say more."]),
          rig.run(["exec", "Please work."]),
          rig.run(["sessions"]),
          rig.run(["show", id]),
        ]);
        for (const { status, err } of [resumed, ...(root ? [fresh] : [])]) {
          expect(status, err).not.toBe(0);
          expect(err).toMatch(/can't be written[^]*\[store-read-only: /u);
        }
        expect(list, list.err).toMatchObject({ status: 0, out: expect.stringContaining(id) });
        expect(view, view.err).toMatchObject({ status: 0, out: expect.stringContaining("Worked.") });
        expect(rig.log(id).equals(left)).toBe(true);
      } finally {
        if (root) unmount(rig.home);
        else for (const folder of folders) chmodSync(folder, 0o700);
      }
    }),
  );
});
