// One home, two hosts: what can't be seen from the other one is judged by its counter alone, and clocks are never compared.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { uuidv7 } from "../../src/lib/ids.ts";
import { type ScenarioInput, step, turn } from "../../src/simulator/server.ts";
import { created } from "../../src/store/conformance/events.ts";
import { folderStore } from "../../src/store/folder/folder-store.ts";
import { innerPid, noOtherHost, onHost } from "../kit/other-host.ts";
import { until, withRig } from "../kit/rig.ts";
import { eventsOf } from "../kit/survival.ts";

const childProgram = fileURLToPath(new URL("../kit/host-child.ts", import.meta.url));
const hour = 3_600_000;
const atMost = 180_000;

const folder = mkdtempSync(join(tmpdir(), "two-hosts-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const why = noOtherHost(folder);
if (why !== undefined) console.log(`two hosts: skipped, ${why}`);

interface Acknowledged {
  tag: string;
  seq: number;
  fence: number;
}

interface Told extends Partial<Acknowledged> {
  taken?: number;
  lost?: number;
}

/** Works on the session from a host until it is told to end; it is suspended now and then for longer than it takes to count as dead. */
function worker(home: string, id: string, name: string, offset: number) {
  const [command = "", ...words] = onHost(folder, name);
  const child = spawn(
    command,
    [...words, process.execPath, "--no-warnings", childProgram, home, id, name, String(offset)],
    { stdio: ["pipe", "pipe", "pipe"] },
  );
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const told = (): Told[] =>
    out
      .slice(0, out.lastIndexOf("\n") + 1)
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Told);
  const ended = new Promise<{ told: Told[]; err: string }>((resolve) => {
    child.once("close", () => resolve({ told: told(), err }));
  });
  const signal = (kind: NodeJS.Signals): void => {
    const pid = innerPid(child.pid!);
    if (pid !== undefined) process.kill(pid, kind);
  };
  return { ended, signal, told, end: () => child.stdin.end() };
}

describe.skipIf(why !== undefined)("a home that two hosts share", { concurrent: true }, () => {
  it(
    "never has two owners append under one fence, with clocks an hour apart",
    { timeout: atMost },
    async () => {
      const home = join(folder, "home");
      const store = folderStore(home, { version: "test" });
      const id = uuidv7(Date.now());
      await (await store.create(id, created(id), "testing")).release();
      const workers = [
        worker(home, id, "ada", 0),
        worker(home, id, "bob", hour),
        worker(home, id, "cyd", -hour),
      ];
      await until(() => workers.every(({ told }) => told().length > 0), "all hosts to work", 60_000);
      const toldSoFar = (): Told[] => workers.flatMap(({ told }) => told());
      const isEnough = (): boolean =>
        new Set(toldSoFar().flatMap(({ tag, fence }) => (tag === undefined ? [] : [fence]))).size > 20 &&
        toldSoFar().some(({ lost }) => lost !== undefined);
      const began = performance.now();
      // On a busy machine it takes longer until enough has happened.
      for (let ms = 0; ms < 6_000 || (ms < 90_000 && !isEnough()); ms = performance.now() - began) {
        const one = workers[Math.floor(Math.random() * workers.length)]!;
        one.signal("SIGSTOP");
        await sleep(50 + Math.random() * 250);
        one.signal("SIGCONT");
        await sleep(Math.random() * 100);
      }
      for (const { end } of workers) end();
      const all = await Promise.all(workers.map(({ ended }) => ended));
      for (const { err } of all) expect(err).toBe("");
      const told = all.flatMap((each) => each.told);
      const acknowledged = told.filter((each): each is Acknowledged => each.tag !== undefined);

      // Whoever took a fence was alone with it, on disk too.
      const fences = told.flatMap(({ taken }) => taken ?? []);
      expect(new Set(fences).size).toBe(fences.length);
      const [month = ""] = readdirSync(join(home, "sessions"));
      const lines = eventsOf(readFileSync(join(home, "sessions", month, id, "log.jsonl")));
      const writers = new Map<unknown, Set<string>>();
      for (const { fence, type, name } of lines) {
        if (type !== "session-renamed") continue;
        const [host = ""] = String(name).split("-");
        writers.set(fence, (writers.get(fence) ?? new Set()).add(host));
      }
      for (const [fence, hosts] of writers) expect([...hosts], `fence ${String(fence)}`).toHaveLength(1);

      // What was acknowledged counts, at its place, once; the log has no gap and nothing of it can't be read.
      const counting = new Map<number, Acknowledged>();
      const seqs: number[] = [];
      const report = await store.read(id, {
        record: ({ event }) => {
          seqs.push(event.seq);
          if (event.type === "session-renamed")
            counting.set(event.seq, { tag: event.name, seq: event.seq, fence: event.fence });
        },
      });
      expect(seqs).toEqual(seqs.map((_, at) => at));
      for (const each of acknowledged) expect(counting.get(each.seq)).toEqual(each);
      for (const { kind } of report.damage) expect(["stale-fence", "repeated"]).toContain(kind);

      const changes = [...counting.values()].filter(
        ({ fence }, at, list) => fence !== list[at - 1]?.fence,
      ).length;
      const late = lines.length - seqs.length;
      console.log(
        `two hosts: ${acknowledged.length} acknowledged appends under ${fences.length} fences, ${changes} changes of the writer, ` +
          `${told.filter(({ lost }) => lost !== undefined).length} owners told that they had lost it, ${late} late lines that don't count`,
      );
      expect(changes).toBeGreaterThan(10);
      expect(told.some(({ lost }) => lost !== undefined)).toBe(true);
      await store.close();
    },
  );

  const slow: ScenarioInput = {
    turn: [turn(/./, step("A long story about a short thing."))],
    fault: [{ kind: "silent", after: "text", for: "170s" }],
  };
  const faketime = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

  it("names the other host's owner, and --force fences it off while it streams", { timeout: atMost }, () =>
    withRig(slow, async (rig) => {
      const ada = { prefix: onHost(folder, "ada") };
      const bob = {
        prefix: onHost(folder, "bob"),
        env: existsSync(faketime)
          ? { LD_PRELOAD: faketime, FAKETIME: "+1h", FAKETIME_DONT_FAKE_MONOTONIC: "1" }
          : {},
      };
      const first = rig.start(["exec", "Please talk.", "--json"], ada);
      await until(() => rig.simulator.requests.length === 1, "the request");
      const id = rig.id();
      const [shown, listed] = await Promise.all([
        rig.run(["show", id, "--json"], bob),
        rig.run(["sessions", "--json"], bob),
      ]);
      expect(JSON.parse(shown.out), shown.err).toMatchObject({ holder: { host: "ada" } });
      expect(JSON.parse(listed.out), listed.err).toMatchObject({ sessions: [{ holder: { host: "ada" } }] });

      const refused = await rig.run(["resume", id, "Me too."], bob);
      expect(refused.status, refused.err).toBe(3);
      expect(refused.err).toContain("watching for 30 s");
      expect(refused.err).toMatch(/in use by process \d+ on ada since .*Please talk\..*--force/u);

      const second = rig.start(["resume", id, "--force"], bob);
      const stopped = await first.ended;
      expect(stopped.status, stopped.err).toBe(3);
      expect(stopped.out).toContain('"class":"lease-lost"');
      expect(stopped.err).toMatch(/taken over by process \d+ on bob/u);
      expect((await second.ended).out, second.said()).toBe("A long story about a short thing.\n");
    }),
  );
});
