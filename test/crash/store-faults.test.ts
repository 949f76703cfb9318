// Files of the store that were damaged, moved or removed, under the real program.
import { copyFileSync, cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/lib/json.ts";
import { removeWhole } from "../../src/lib/remove.ts";
import { type Rig, until, withRig } from "../kit/rig.ts";
import { eventsOf, expectAtRest, expectRequestsPaired, lastOutcome, ranFile } from "../kit/survival.ts";
import { atMost, scenario } from "./work.ts";

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
