// Several processes want one session, or work in one home at the same time.
import { existsSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/lib/json.ts";
import { type ScenarioInput, shell, step, turn } from "../../src/simulator/server.ts";
import { type Rig, type Running, until, withRig } from "../kit/rig.ts";
import {
  eventsOf,
  expectAtRest,
  expectRequestsPaired,
  itemOf,
  lastOutcome,
  ranFile,
} from "../kit/survival.ts";

const atMost = 180_000;
/** An owner looks at its lease every 5 s, and before each append; on a busy machine nothing is quick. */
const noticed = 30_000;

/** The command waits, once it has left its trace, until `open` makes a file. */
const gate = `echo one >> ${ranFile}; while [ ! -e gate ]; do sleep 0.05; done; echo passed`;
const open = ({ workspace }: Rig): void => writeFileSync(join(workspace, "gate"), "");

const gated: ScenarioInput = {
  turn: [turn(/work/, step(shell(gate), { reason: "This takes its time." }), step("Worked."))],
};

/** Works in a new session until its command waits at the gate. */
async function atGate(rig: Rig): Promise<Running> {
  const owner = rig.start(["exec", "Please work.", "--json"]);
  await until(() => rig.lines(ranFile).length > 0, "the command to begin");
  return owner;
}

/** The events that count: not what an older lease wrote behind a newer one, and no number twice. */
function counting(rig: Rig, id: string): JsonObject[] {
  let fence = 0;
  let seq = -1;
  return eventsOf(rig.log(id)).filter((event) => {
    if (Number(event["fence"]) < fence) return false;
    fence = Number(event["fence"]);
    if (Number(event["seq"]) <= seq) return false;
    seq = Number(event["seq"]);
    return true;
  });
}

async function expectWorkedOnce(rig: Rig): Promise<void> {
  const events = counting(rig, rig.id());
  expect(events.map((event) => event["seq"])).toEqual(events.map((_, at) => at));
  expect(lastOutcome(events)).toBe("completed");
  const outputs = events.filter((event) => event["kind"] === "function_call_output").map(itemOf);
  expect(outputs).toHaveLength(1);
  expect(outputs[0]!["output"]).toMatch(/passed/u);
  expect(rig.lines(ranFile)).toEqual(["one"]);
  expectRequestsPaired(rig);
  await until(() => rig.processes().length === 0, "every process to end");
}

describe.concurrent("a session that another process works in", () => {
  it("is refused with status 3 and the owner's details, and nothing is changed", { timeout: atMost }, () =>
    withRig(gated, async (rig) => {
      const owner = await atGate(rig);
      const id = rig.id();
      const held = rig.log(id);
      const [told, plain, list] = await Promise.all([
        rig.run(["exec", "resume", id, "Me too.", "--json"]),
        rig.run(["exec", "resume", id, "Me too."]),
        rig.run(["sessions"]),
      ]);
      expect([told.status, plain.status]).toEqual([3, 3]);
      const error = JSON.parse(told.out) as JsonObject & { data: { owner: { since: number } } };
      expect(error).toMatchObject({ type: "error", class: "lease-held" });
      const { since } = error.data.owner;
      expect(Math.abs(Date.now() - since)).toBeLessThan(atMost);
      for (const detail of [
        `process ${owner.pid} `,
        ` on ${hostname()}`,
        `since ${new Date(since).toISOString().slice(0, 10)}`,
        "Please work.",
        "--force",
      ])
        expect(plain.err).toContain(detail);
      expect(list.out).toContain(`running (pid ${owner.pid})`);
      expect(rig.log(id).equals(held)).toBe(true);
      expect(rig.simulator.requests).toHaveLength(1);
      open(rig);
      expect((await owner.ended).status, owner.said()).toBe(0);
      await expectWorkedOnce(rig);
      await expectAtRest(rig, id);
    }),
  );

  it(
    "is taken over with --force while a tool runs, which goes on and is collected",
    { timeout: atMost },
    () =>
      withRig(gated, async (rig) => {
        const first = await atGate(rig);
        const second = rig.start(["exec", "resume", rig.id(), "--force"]);
        await expectStopped(first, second);
        expect(existsSync(join(rig.workspace, "gate")), "it did not wait for its tool").toBe(false);
        open(rig);
        const { status, out, err } = await second.ended;
        expect(status, err).toBe(0);
        expect(out).toBe("Worked.\n");
        await expectWorkedOnce(rig);
      }),
  );

  it("is taken over with --force while the answer streams", { timeout: atMost }, () => {
    const fault = { kind: "silent", after: "text", for: "170s" } as const;
    return withRig(
      { turn: [turn(/talk/, step("A long story about a short thing."))], fault: [fault] },
      async (rig) => {
        const first = rig.start(["exec", "Please talk.", "--json"]);
        await until(() => rig.simulator.requests.length === 1, "the request");
        const second = rig.start(["exec", "resume", rig.id(), "--force"]);
        await expectStopped(first, second);
        const { status, out, err } = await second.ended;
        expect(status, err).toBe(0);
        expect(out).toBe("A long story about a short thing.\n");
        expect(lastOutcome(counting(rig, rig.id()))).toBe("completed");
      },
    );
  });

  it("ignores what its old owner appends late, after a suspension", { timeout: atMost }, () =>
    withRig(gated, async (rig) => {
      const first = await atGate(rig);
      first.child.kill("SIGSTOP");
      const second = rig.start(["exec", "resume", rig.id(), "--force"]);
      open(rig);
      expect((await second.ended).status, second.said()).toBe(0);
      const finished = rig.log(rig.id());
      first.child.kill("SIGCONT");
      const { status, out } = await first.ended;
      expect(status).toBe(3);
      expect(out).toContain('"class":"lease-lost"');
      expect(rig.log(rig.id()).subarray(0, finished.length).equals(finished)).toBe(true);
      await expectWorkedOnce(rig);
      expect((await rig.run(["exec", "resume", rig.id(), "One more thing."])).status).toBe(0);
    }),
  );

  it("ends with one owner when several take it over from each other", { timeout: atMost }, () =>
    withRig(gated, async (rig) => {
      const owner = await atGate(rig);
      const takers = Array.from({ length: 5 }, () =>
        rig.start(["exec", "resume", rig.id(), "--force", "--json"]),
      );
      const runs = [owner, ...takers];
      const ended: (number | null)[] = [];
      for (const run of runs) void run.ended.then(({ status }) => ended.push(status));
      await until(() => ended.length === runs.length - 1, "all but one to be fenced off", 90_000);
      open(rig);
      const all = await Promise.all(runs.map((run) => run.ended));
      const said = all.map(({ status, err }) => `${status}: ${err}`).join("\n");
      expect(all.map(({ status }) => status).sort(), said).toEqual([0, 3, 3, 3, 3, 3]);
      expect(all[0]!.status, "who worked first does so no more").toBe(3);
      await expectWorkedOnce(rig);
      // A lease that was lost between its last look and its write leaves a line that doesn't count, and that is said.
      const { damage } = JSON.parse((await rig.run(["show", rig.id(), "--json"])).out) as {
        damage: { kind: string }[];
      };
      for (const { kind } of damage) expect(["stale-fence", "repeated"]).toContain(kind);
    }),
  );

  it("goes to exactly one of those who resume it when its owner is dead", { timeout: atMost }, () =>
    withRig(gated, async (rig) => {
      const owner = await atGate(rig);
      owner.child.kill("SIGKILL");
      await owner.ended;
      const racers = Array.from({ length: 6 }, () => rig.start(["exec", "resume", rig.id(), "--json"]));
      const ended: (number | null)[] = [];
      for (const racer of racers) void racer.ended.then(({ status }) => ended.push(status));
      await until(() => ended.length === racers.length - 1, "all but one to be refused", 90_000);
      expect(ended).toEqual(ended.map(() => 3));
      open(rig);
      const all = await Promise.all(racers.map((racer) => racer.ended));
      expect(all.filter(({ status }) => status === 0)).toHaveLength(1);
      await expectWorkedOnce(rig);
    }),
  );
});

/** The first owner stops by itself, in time, and says who has the session now. */
async function expectStopped(first: Running, second: Running): Promise<void> {
  const began = performance.now();
  const { status, out, err } = await first.ended;
  expect(performance.now() - began).toBeLessThan(noticed);
  expect(status, err).toBe(3);
  expect(out).toContain('"class":"lease-lost"');
  expect(err).toContain(`taken over by process ${second.pid} on ${hostname()}`);
}

const words = (times: readonly number[]): string => times.map((time) => `${Math.round(time)} ms`).join(", ");

describe("sixteen processes on sixteen sessions of one home", () => {
  const counted: ScenarioInput = {
    turn: [
      turn(/work/, step(shell(`echo one >> ${ranFile}; sleep 0.1`), { reason: "Work." }), step("Worked.")),
    ],
  };

  it("all succeed at once, and all are listed", { timeout: atMost }, () =>
    withRig(counted, async (rig) => {
      const began = performance.now();
      const runs = await Promise.all(
        Array.from({ length: 16 }, (_, at) =>
          rig.run(["exec", "--name", `number ${at}`, `Please work, ${at}.`]),
        ),
      );
      console.log(`16 sessions at once: ${((performance.now() - began) / 1_000).toFixed(1)} s`);
      for (const { status, out, err } of runs) {
        expect(status, err).toBe(0);
        expect(out).toBe("Worked.\n");
        expect(err).not.toMatch(/lock|busy|catalog/iu);
      }
      expect(rig.lines(ranFile)).toHaveLength(16);
      const { sessions } = JSON.parse((await rig.run(["sessions", "--json"])).out) as {
        sessions: JsonObject[];
      };
      expect(sessions.map(({ name }) => name).sort()).toEqual(
        Array.from({ length: 16 }, (_, at) => `number ${at}`).sort(),
      );
      for (const session of sessions)
        expect(session).toMatchObject({ status: "idle", turns: 1, messages: 2 });
    }),
  );

  it("wait for nobody who holds the catalogue", { timeout: atMost }, () =>
    withRig(counted, async (rig) => {
      expect((await rig.run(["exec", "Please work first."])).status).toBe(0);
      const catalogue = new DatabaseSync(join(rig.home, "catalog.sqlite"));
      const work = async (): Promise<number> => {
        const began = performance.now();
        const run = await rig.run(["exec", "Please work."]);
        expect(run.status, run.err).toBe(0);
        return performance.now() - began;
      };
      try {
        const free = [await work(), await work()];
        // While it ends it tries for a tenth of a second; a second and more would mean that it waits.
        const most = 2 * Math.min(...free) + 1_000;
        catalogue.exec("BEGIN EXCLUSIVE");
        const locked = [await work(), await work()];
        // Or that the machine had something else to do, but then not each time.
        while (Math.min(...locked) >= most && locked.length < 8) locked.push(await work());
        console.log(
          `a turn with the catalogue free: ${words(free)}; locked by another process: ${words(locked)}`,
        );
        expect(Math.min(...locked)).toBeLessThan(most);
        const list = await rig.run(["sessions", "--json"]);
        expect(list.status).toBe(0);
        const { sessions } = JSON.parse(list.out) as { sessions: unknown[] };
        expect(sessions).toHaveLength(1 + free.length + locked.length);
        catalogue.exec("ROLLBACK");
      } finally {
        catalogue.close();
      }
    }),
  );
});
