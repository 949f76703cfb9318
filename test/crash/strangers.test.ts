// What isn't the store's own in the place of its files, under the real program.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { withRig } from "../kit/rig.ts";
import { atMost, scenario } from "./work.ts";

const rollouts = fileURLToPath(new URL("../../src/foreign/codex/fixtures/0.130.0", import.meta.url));

/** What is not the session's own stands in for a file of it: a pipe holds up whoever opens it and waits. */
const stranger: Record<string, (path: string) => void> = {
  pipe: (path) => void execFileSync("mkfifo", [path]),
  folder: (path) => mkdirSync(path),
};

describe.concurrent.each(Object.entries(stranger))("a %s in the place of", (name, put) => {
  const inPlaceOf = (path: string): void => {
    rmSync(path, { force: true });
    put(path);
  };

  it("a log is named, and no other session suffers", { timeout: atMost }, () =>
    withRig(scenario, async (rig) => {
      expect((await rig.run(["exec", "Please work."])).status).toBe(0);
      const id = rig.id();
      expect((await rig.run(["exec", "Please say more."])).status).toBe(0);
      const other = rig.ids().find((each) => each !== id)!;
      const left = rig.log(other);
      const path = join(rig.sessionFolder(id), "log.jsonl");
      inPlaceOf(path);
      const list = await rig.run(["sessions"]);
      expect([list.status, list.out], list.err).toEqual([0, expect.stringContaining(other)]);
      expect(list.out).toContain(id);
      for (const words of [
        ["show", id],
        ["exec", "resume", id, "Please say more."],
      ]) {
        const { status, err } = await rig.run(words);
        expect([status, err]).toEqual([1, expect.stringContaining(`${path} can't be used`)]);
      }
      expect((await rig.run(["archive", id])).status).toBe(0);
      expect(rig.log(other).equals(left)).toBe(true);
      expect((await rig.run(["delete", id])).status).toBe(0);
      expect(rig.ids()).toEqual([other]);
    }),
  );

  it("a lease keeps nobody from looking, and is named or replaced", { timeout: atMost }, () =>
    withRig(scenario, async (rig) => {
      expect((await rig.run(["exec", "Please work."])).status).toBe(0);
      const id = rig.id();
      const path = join(rig.sessionFolder(id), "lease.1.json");
      inPlaceOf(path);
      const view = await rig.run(["show", id]);
      expect([view.status, view.out], view.err).toEqual([0, expect.stringContaining("Worked.")]);
      const queued = await rig.run(["queue", id, "Please say more."]);
      expect(queued.out, queued.err).toContain(`throughline resume ${id}`);
      const { status, err } = await rig.run(["exec", "resume", id, "Please say more."]);
      // Nobody holds a session with a pipe, which goes; what is in a folder is not ours to remove.
      if (name === "pipe") expect([status, err]).toEqual([0, expect.stringContaining("resumed")]);
      else {
        expect([status, err]).toEqual([1, expect.stringContaining(`${path} can't be used`)]);
        const deleted = await rig.run(["delete", id]);
        expect([deleted.status, deleted.err]).toEqual([
          1,
          expect.stringContaining(`Move it away, then try again: ls -ld ${path}`),
        ]);
        rmSync(path, { recursive: true });
        const again = await rig.run(["exec", "resume", id, "Please say more."]);
        expect(again.status, again.err).toBe(0);
      }
    }),
  );

  it("a log that is being made anew holds nobody up", { timeout: atMost }, () =>
    withRig(scenario, async (rig) => {
      expect((await rig.run(["exec", "Please work."])).status).toBe(0);
      inPlaceOf(join(rig.sessionFolder(rig.id()), "log.rewritten"));
      const resumed = await rig.run(["exec", "resume", rig.id(), "Please say more."]);
      expect([resumed.status, resumed.out], resumed.err).toEqual([0, "No more.\n"]);
    }),
  );

  it("a follow-up is named, and the others are delivered", { timeout: atMost }, () =>
    withRig(scenario, async (rig) => {
      expect((await rig.run(["exec", "Please work."])).status).toBe(0);
      const id = rig.id();
      for (const text of ["lost", "more of it"]) expect((await rig.run(["queue", id, text])).status).toBe(0);
      const inbox = join(rig.sessionFolder(id), "inbox");
      const path = join(inbox, readdirSync(inbox).toSorted()[0]!);
      inPlaceOf(path);
      const { status, err } = await rig.run(["exec", "resume", id, "Please say more."]);
      expect(status, err).toBe(0);
      expect(rig.log(id).toString()).toContain("more of it");
      const list = await rig.run(["queue", "list", id]);
      expect(`${list.out}${list.err}`).toContain(path);
    }),
  );

  it("the home's settings, notes and catalogue stops only what needs the settings", { timeout: atMost }, () =>
    withRig(scenario, async (rig) => {
      expect((await rig.run(["exec", "Please work."])).status).toBe(0);
      cpSync(rollouts, join(rig.folder, "codex"), { recursive: true });
      expect((await rig.run(["sessions", "--codex"])).status).toBe(0);
      const settings = join(rig.home, "config.toml");
      inPlaceOf(settings);
      const notes = readdirSync(join(rig.home, "cache"));
      expect(notes).not.toEqual([]);
      for (const note of notes) inPlaceOf(join(rig.home, "cache", note));
      for (const suffix of ["-wal", "-shm"])
        rmSync(join(rig.home, `catalog.sqlite${suffix}`), { force: true });
      inPlaceOf(join(rig.home, "catalog.sqlite"));
      const list = await rig.run(["sessions", "--codex"]);
      expect([list.status, list.err]).toEqual([0, expect.stringContaining(settings)]);
      expect(list.out).toContain(rig.id());
      expect(list.err).toContain("The catalogue in");
      const { status, err } = await rig.run(["exec", "resume", rig.id(), "Please say more."]);
      expect([status, err]).toEqual([2, expect.stringContaining(`ls -l ${settings}`)]);
    }),
  );
});
