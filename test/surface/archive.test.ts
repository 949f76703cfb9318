// The commands `archive` and `unarchive` of the real program.
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { step, turn, type ScenarioInput } from "../../src/simulator/server.ts";
import { asNobody, cannotBecomeNobody, isRoot, nobody } from "../kit/as-user.ts";
import { type Rig, until, withRig } from "../kit/rig.ts";

const scenario: ScenarioInput = { turn: [turn(/./, step("Done."))] };

async function listed(rig: Rig, ...more: string[]): Promise<string[]> {
  const { out } = await rig.run(["sessions", "--json", ...more]);
  return (JSON.parse(out) as { sessions: { id: string }[] }).sessions.map(({ id }) => id);
}

/** The log as a newer version would have written it, checksums included. */
function newerSchema(log: string): string {
  return log.replaceAll(/^.{18}(.*)$/gmu, (_line, rest: string) => {
    const checked = rest.replaceAll('"schema":1', '"schema":90');
    return `{"crc":"${crc32(checked).toString(16).padStart(8, "0")}",${checked}`;
  });
}

describe("throughline archive", () => {
  it("puts a session out of the list until it is taken out again or a turn is run, and counts what it hides", () =>
    withRig(scenario, async (rig) => {
      await rig.run(["exec", "first"]);
      const id = rig.id();
      const archived = await rig.run(["archive", id, "nobody", "--json"]);
      expect(archived.status, "the other one is not there").toBe(2);
      expect(JSON.parse(archived.out)).toMatchObject({
        schema: 1,
        sessions: [
          { session: id, archived: true },
          { session: "nobody", error: { class: "session-missing" } },
        ],
      });
      expect(await listed(rig)).toEqual([]);
      expect(await listed(rig, "--archived")).toEqual([id]);
      rmSync(join(rig.home, "catalog.sqlite"));
      expect(await listed(rig), "the log itself says it").toEqual([]);
      expect((await rig.run(["sessions"])).out).toContain("1 archived: throughline sessions --archived");
      const none = await rig.run(["resume", "--last", "more"]);
      expect(none.status).toBe(2);
      expect(none.err).toContain("but archived ones: throughline sessions --archived. Start");
      expect((await rig.run(["unarchive", id])).out).toContain("in the list again");
      expect(await listed(rig)).toEqual([id]);

      await rig.run(["archive", id]);
      expect((await rig.run(["resume", id, "more"])).status).toBe(0);
      expect(await listed(rig)).toEqual([id]);
    }));

  it("works on logs that are foreign, of a newer version or missing, and leaves every byte of them", () =>
    withRig(scenario, async (rig) => {
      await rig.run(["exec", "first"]);
      const id = rig.id();
      const path = join(rig.sessionFolder(id), "log.jsonl");
      const newer = newerSchema(readFileSync(path, "utf8"));
      for (const bytes of ["not a session\n", newer, undefined]) {
        if (bytes === undefined) rmSync(path);
        else writeFileSync(path, bytes);
        const archived = await rig.run(["archive", id]);
        expect(archived.status, archived.err).toBe(0);
        expect(await listed(rig, "--all")).toEqual([]);
        expect(await listed(rig, "--all", "--archived")).toEqual([id]);
        if (bytes !== undefined) expect(readFileSync(path, "utf8")).toBe(bytes);
        expect((await rig.run(["unarchive", id])).status).toBe(0);
        expect(await listed(rig, "--all")).toEqual([id]);
      }
    }));

  it("works on a log that has lost all it held and kept its length, which doctor names as broken", () =>
    withRig(scenario, async (rig) => {
      await rig.run(["exec", "first", "--name", "fix it"]);
      const id = rig.id();
      const path = join(rig.sessionFolder(id), "log.jsonl");
      expect(await listed(rig), "the catalogue has it").toEqual([id]);
      writeFileSync(path, Buffer.alloc(statSync(path).size));
      const found = await rig.run(["doctor"]);
      expect([found.status, found.out]).toEqual([
        1,
        expect.stringMatching(/broken .*no line of it[^]*1 needs a look\n$/u),
      ]);
      expect((await rig.run(["archive", "fix it"])).status).toBe(0);
      expect(await listed(rig)).toEqual([]);
      expect(await listed(rig, "--archived")).toEqual([id]);
      expect((await rig.run(["sessions", "--archived"])).out).toContain(`${id}  fix it  archived, damaged`);
      expect((await rig.run(["unarchive", "fix it"])).status).toBe(0);
      expect(await listed(rig, "--all")).toEqual([id]);
    }));

  // As `sudo throughline …` leaves it where sudo keeps HOME.
  it.skipIf(!isRoot || cannotBecomeNobody() !== undefined)(
    "works where the log or its lease is another user's; a whole folder of one hides no other session",
    () =>
      withRig(scenario, async (rig) => {
        chmodSync(rig.folder, 0o777);
        execFileSync("chown", ["-R", `${nobody}:${nobody}`, rig.folder]);
        const run = (...words: string[]): ReturnType<Rig["run"]> => rig.run(words, { prefix: asNobody });
        const all = async (...more: string[]): Promise<string[]> => {
          const { err, out } = await run("sessions", "--all", "--json", ...more);
          return (JSON.parse(out || err) as { sessions: { id: string }[] }).sessions.map(({ id }) => id);
        };
        expect((await run("exec", "first")).status).toBe(0);
        const id = rig.id();
        for (const name of ["log.jsonl", "lease.1.json"]) {
          chownSync(join(rig.sessionFolder(id), name), 0, 0);
          const archived = await run("archive", id);
          expect([archived.status, archived.err]).toEqual([0, ""]);
          expect(await all(), name).toEqual([]);
          expect(await all("--archived"), name).toEqual([id]);
          expect((await run("unarchive", id)).status).toBe(0);
          expect(await all(), name).toEqual([id]);
          chownSync(join(rig.sessionFolder(id), name), nobody, nobody);
        }
        expect((await run("exec", "second")).status).toBe(0);
        chownSync(rig.sessionFolder(id), 0, 0);
        expect((await all()).toSorted()).toEqual(rig.ids());
        expect((await run("sessions")).out).toMatch(new RegExp(`${id}  first   damaged: .*EACCES`, "u"));
        expect((await run("doctor")).out).toMatch(/2 sessions of Throughline's own, 1 needs a look\n$/u);
        const other = rig.ids().find((each) => each !== id)!;
        expect((await run("delete", other)).status).toBe(0);
      }),
  );

  it("says who holds a session that is in use", () =>
    withRig({ ...scenario, fault: [{ kind: "silent", after: "text", for: "170s" }] }, async (rig) => {
      const working = rig.start(["exec", "first"]);
      try {
        await until(() => rig.simulator.requests.length > 0, "the request");
        const refused = await rig.run(["archive", rig.id()]);
        expect(refused.status).toBe(3);
        expect(refused.err).toContain(`in use by process ${working.pid}`);
      } finally {
        working.child.kill("SIGKILL");
        await working.ended;
      }
    }));
});
