// Disks that are full or read-only and files that were damaged, under the real program.
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { writeNew } from "../../src/lib/place.ts";
import type { JsonObject } from "../../src/lib/json.ts";
import { removeWhole } from "../../src/lib/remove.ts";
import { type ScenarioInput, shell, step, turn } from "../../src/simulator/server.ts";
import { type Rig, until, withRig } from "../kit/rig.ts";
import {
  eventsOf,
  expectAtRest,
  expectRequestsPaired,
  expectSoundLog,
  lastOutcome,
  ranFile,
} from "../kit/survival.ts";

const atMost = 180_000;
const rollouts = fileURLToPath(new URL("../../src/foreign/codex/fixtures/0.130.0", import.meta.url));

const scenario: ScenarioInput = {
  turn: [
    turn(
      /work/,
      step(shell(`echo one >> ${ranFile}; echo did one`), { reason: "First." }),
      step(shell(`echo two >> ${ranFile}; echo did two`), { reason: "Second." }),
      step("Worked.", { reason: "That was it." }),
    ),
    turn(
      /wait/,
      step(shell(`echo waited >> ${ranFile}; while [ ! -e gate ]; do sleep 0.05; done; echo passed`)),
      step("Waited."),
    ),
    turn(/more/, step("No more.")),
  ],
};

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

describe("a session's folder", () => {
  it("that is removed while a tool runs ends the turn, and is not made anew", { timeout: atMost }, () =>
    withRig(scenario, async (rig) => {
      const waiting = rig.start(["exec", "Please wait."]);
      await until(() => rig.lines(ranFile).length > 0, "the command to begin");
      const id = rig.id();
      removeWhole(rig.sessionFolder(id));
      writeFileSync(join(rig.workspace, "gate"), "");
      const { status, err } = await waiting.ended;
      expect(status, err).not.toBe(0);
      expect(err).toMatch(/was removed while this process worked in it[^]*\[session-removed: /u);
      expect(rig.ids()).toEqual([]);
      expect((await rig.run(["sessions", "--json"])).out).not.toContain(id);
      await until(() => rig.processes().length === 0, "every process to end");
    }),
  );
});

interface Harm {
  name: string;
  /** The log as the harm leaves it. */
  do(log: Buffer, lines: Buffer[]): Buffer;
  /** What `show` says before the session is resumed. */
  shown: RegExp;
  /** Nothing in the middle or at the head is mended; a torn tail is set aside. */
  stays: boolean;
}

const garbage = Buffer.from('\u0007garbage\u001b[2J in place of a line, {"crc":"0\n');
const harms: Harm[] = [
  {
    name: "a torn tail",
    do: (log, lines) => log.subarray(0, log.length - Math.ceil(lines.at(-1)!.length / 2)),
    shown: /not written to its end/u,
    stays: false,
  },
  {
    name: "a block of NULs at the end, as after a power failure",
    do: (log) => Buffer.concat([log, Buffer.alloc(4096)]),
    shown: /4096 NUL bytes/u,
    stays: false,
  },
  {
    name: "a block of NULs in the middle",
    do: (_, lines) => Buffer.concat([...lines.slice(0, 8), Buffer.alloc(4096), ...lines.slice(8)]),
    shown: /4096 NUL bytes/u,
    stays: true,
  },
  {
    name: "garbage between two lines",
    do: (_, lines) => Buffer.concat([...lines.slice(0, 6), garbage, ...lines.slice(6)]),
    shown: /neither an event nor part of one/u,
    stays: true,
  },
  {
    name: "garbage in place of a tool's output",
    do: (_, lines) =>
      Buffer.concat(
        lines.map((line) => (line.includes("did one") && line.includes("_output") ? garbage : line)),
      ),
    shown: /neither an event nor part of one/u,
    stays: true,
  },
  {
    name: "garbage in place of the first line",
    do: (_, lines) => Buffer.concat([garbage, ...lines.slice(1)]),
    shown: /neither an event nor part of one/u,
    stays: true,
  },
];

describe("a session's folder that was copied under another id", () => {
  it("goes on as that session, and the one that it was copied from stays", { timeout: atMost }, () =>
    withRig(scenario, async (rig) => {
      expect((await rig.run(["exec", "Please work."])).status).toBe(0);
      const id = rig.id();
      const copy = "01a20000-0000-7000-8000-000000000001";
      cpSync(rig.sessionFolder(id), join(dirname(rig.sessionFolder(id)), copy), { recursive: true });
      expect((await rig.run(["queue", id, "Wait for the original."])).status).toBe(0);
      const left = rig.log(id);
      const resumed = await rig.run(["exec", "resume", copy, "Please say more.", "--json"]);
      expect([resumed.status, resumed.out], resumed.err).toEqual([0, expect.stringContaining(copy)]);
      expect(resumed.out).not.toContain(id);
      expect(rig.log(id).equals(left)).toBe(true);
      expect((await rig.run(["queue", "list", id])).out).toContain("Wait for the original.");
    }),
  );
});

describe("a session's folder that was copied into another month", () => {
  it("is still the one session of its name, and both are deleted with it", { timeout: atMost }, () =>
    withRig(scenario, async (rig) => {
      expect((await rig.run(["exec", "--name", "kept", "Please work."])).status).toBe(0);
      const folder = rig.sessionFolder(rig.id());
      const copy = join(dirname(dirname(folder)), "2020-01", rig.id());
      cpSync(folder, copy, { recursive: true });
      const resumed = await rig.run(["exec", "resume", "kept", "Please say more."]);
      expect([resumed.status, resumed.out], resumed.err).toEqual([0, "No more.\n"]);
      expect((await rig.run(["delete", "kept"])).status).toBe(0);
      expect([existsSync(folder), existsSync(copy)]).toEqual([false, false]);
    }),
  );
});

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

const linesOf = (log: Buffer): Buffer[] => {
  const lines: Buffer[] = [];
  for (let at = 0, end = log.indexOf(10); end >= 0; at = end + 1, end = log.indexOf(10, at))
    lines.push(log.subarray(at, end + 1));
  return lines;
};

describe.concurrent("a log with", () => {
  it.each(harms)("$name is shown with what is wrong, and goes on", { timeout: atMost }, (harm) =>
    withRig(scenario, async (rig) => {
      expect((await rig.run(["exec", "Please work."])).status).toBe(0);
      const id = rig.id();
      const path = join(rig.sessionFolder(id), "log.jsonl");
      const whole = rig.log(id);
      const harmed = harm.do(whole, linesOf(whole));
      expect(harmed.equals(whole)).toBe(false);
      writeFileSync(path, harmed);

      const view = await rig.run(["show", id]);
      expect(view.status, view.err).toBe(0);
      expect(view.out).toMatch(harm.shown);
      expect(view.out).not.toContain("\u001b");
      expect(rig.log(id).equals(harmed), "looking changes nothing").toBe(true);
      const list = await rig.run(["sessions", "--json", "--all"]);
      expect((JSON.parse(list.out) as { sessions: unknown[] }).sessions).toHaveLength(1);

      const resumed = await rig.run(["exec", "resume", id, "Please say more."]);
      expect(resumed.status, resumed.err).toBe(0);
      expect(resumed.out).toBe("No more.\n");
      if (harm.stays) expect(rig.log(id).subarray(0, harmed.length).equals(harmed)).toBe(true);
      else expect(existsSync(join(rig.sessionFolder(id), "log.torn"))).toBe(true);
      expectRequestsPaired(rig);
      const after = await rig.run(["show", id]);
      expect(after.status).toBe(0);
      if (harm.stays) expect(after.out).toMatch(harm.shown);
      expect(rig.lines(ranFile)).toEqual(["one", "two"]);
    }),
  );

  it("nothing of a session in it is refused and left as it is", { timeout: atMost }, () =>
    withRig(scenario, async (rig) => {
      expect((await rig.run(["exec", "Please work."])).status).toBe(0);
      const id = rig.id();
      const foreign = Buffer.from("This is somebody's diary.\n".repeat(50));
      writeFileSync(join(rig.sessionFolder(id), "log.jsonl"), foreign);
      const resumed = await rig.run(["exec", "resume", id, "Please say more."]);
      expect(resumed.status).not.toBe(0);
      expect(resumed.err).toMatch(/\[session-damaged: /u);
      expect(resumed.err).toContain("log.jsonl");
      const list = await rig.run(["sessions", "--all"]);
      expect(list.out).toContain(id);
      expect(rig.log(id).equals(foreign)).toBe(true);
      expect((await rig.run(["exec", "Please work."])).status, "others are untouched").toBe(0);
    }),
  );
});

describe("a catalogue that", () => {
  const listed = async (rig: Rig): Promise<JsonObject[]> => {
    const list = await rig.run(["sessions", "--json"]);
    expect(list.status, list.err).toBe(0);
    return (JSON.parse(list.out) as { sessions: JsonObject[] }).sessions;
  };
  const wal = ["-wal", "-shm"];
  const faults: [string, (path: string) => void][] = [
    ["was deleted", (path) => ["", ...wal].forEach((end) => rmSync(path + end, { force: true }))],
    ["was deleted without its WAL", (path) => rmSync(path)],
    ["was overwritten", (path) => writeFileSync(path, Buffer.alloc(8192, "x"))],
    ["was emptied", (path) => writeFileSync(path, "")],
    ["is cut off", (path) => writeFileSync(path, readFileSync(path).subarray(0, 5000))],
    ["has a broken page", (path) => writeFileSync(path, readFileSync(path).fill(0xff, 4096, 12_288))],
    ["is a text of somebody's", (path) => copyFileSync("package.json", path)],
  ];

  it("was deleted or broken in any way lists the same as before", { timeout: atMost }, () =>
    withRig(scenario, async (rig) => {
      for (const name of ["one", "two", "three"])
        expect((await rig.run(["exec", "--name", name, "Please say more."])).status).toBe(0);
      const before = await listed(rig);
      expect(before).toHaveLength(3);
      const path = join(rig.home, "catalog.sqlite");
      for (const [name, fault] of faults) {
        fault(path);
        expect(await listed(rig), name).toEqual(before);
        expect(await listed(rig), `${name}, again`).toEqual(before);
      }
      const resumed = await rig.run(["exec", "resume", "two", "Please say more."]);
      expect(resumed.status, resumed.err).toBe(0);
      expect((await listed(rig))[0]).toMatchObject({ name: "two", turns: 2 });
    }),
  );
});

describe("a home on a path with spaces, quotes and other scripts", () => {
  it("works as any other, also after a kill", { timeout: atMost }, () =>
    withRig(
      scenario,
      async (rig) => {
        const run = rig.start(["exec", "Please work."]);
        await until(() => rig.lines(ranFile).length > 0, "the first command");
        run.child.kill("SIGKILL");
        await run.ended;
        const resumed = await rig.run(["exec", "resume", rig.id()]);
        expect(resumed.status, resumed.err).toBe(0);
        expect(rig.lines(ranFile)).toEqual(["one", "two"]);
        expect(lastOutcome(eventsOf(rig.log(rig.id())))).toBe("completed");
        await expectAtRest(rig, rig.id());
      },
      { homeName: "a home of 'Zoë' \"日本\" $HOME %20 #1\n🙂" },
    ),
  );
});
