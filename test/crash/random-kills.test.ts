// kill -9 at random moments of a turn with tools, many times; in some of them the process that watches a tool is killed too.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/lib/json.ts";
import { randomNumbers, type Rig, until, withRig } from "../kit/rig.ts";
import {
  commands,
  eventsOf,
  expectAtRest,
  expectDone,
  expectToldIsLogged,
  recover,
  itemOf,
  prepare,
  prompts,
  ranFile,
  story,
} from "../kit/survival.ts";

const kills = Number(process.env["THROUGHLINE_KILLS"] ?? 40);
const seed = Number(process.env["THROUGHLINE_SEED"] ?? Date.now() % 2 ** 31);
/** Every so many-th kill takes the tools' wrappers with it. */
const withWrappers = 4;
/** Lists are asked after every so many-th. */
const listEvery = 5;

/** Slow enough to be met anywhere: text that comes in pieces, and commands that take a moment after their first trace. */
const slowly = () =>
  story((word) => `echo ${word} >> ${ranFile}; sleep 0.06; echo did ${word}`, {
    delta_every: "2ms",
    delta_size: 8,
  });

/** How long the story takes from its first word on, milliseconds. */
let length = 0;
beforeAll(async () => {
  console.log(`${kills} kills; again with THROUGHLINE_SEED=${seed}`);
  await withRig(slowly(), async (rig) => {
    prepare(rig);
    const run = rig.start(["exec", prompts[0], "--json"]);
    await until(() => run.printed() !== "", "its first word");
    const began = performance.now();
    expect((await run.ended).status, run.said()).toBe(0);
    length = performance.now() - began;
    expectDone(rig, rig.id());
  });
});

describe.concurrent("kill -9 at a random moment", () => {
  const random = randomNumbers(seed);
  const trials = Array.from({ length: kills }, (_, at) => ({
    trial: at + 1,
    share: random(),
    wrappers: at % withWrappers === withWrappers - 1,
  }));
  it.each(trials)("$trial", { timeout: 180_000 }, ({ trial, share, wrappers }) =>
    withRig(slowly(), async (rig) => {
      prepare(rig);
      const run = rig.start(["exec", prompts[0], "--json"]);
      await until(() => run.printed() !== "", "its first word");
      await new Promise((resolve) => setTimeout(resolve, share * length * 1.05));
      run.child.kill("SIGKILL");
      const lost = wrappers ? killWrappers(rig) : [];
      const died = await run.ended;
      expectToldIsLogged(died.out, rig.log(rig.id()));
      await recover(rig, rig.id());
      expectDone(rig, rig.id(), expectUnknown(rig, rig.id(), lost));
      if (trial % listEvery === 0) await expectAtRest(rig, rig.id());
      else await until(() => rig.processes().length === 0, "every process to end");
    }),
  );
});

/** Kills every wrapper whose command has not ended for it; resolves to the sequence numbers of their calls. */
function killWrappers(rig: Rig): number[] {
  const spool = join(rig.sessionFolder(rig.id()), "spool");
  const killed: number[] = [];
  for (const call of readdirSync(spool)) {
    const [started, exit] = ["started.json", "exit.json"].map((name) => join(spool, call, name));
    if (!existsSync(started!) || existsSync(exit!)) continue;
    const { pid } = JSON.parse(readFileSync(started!, "utf8")) as { pid: number };
    if (!rig.processes().includes(pid)) continue;
    process.kill(pid, "SIGKILL");
    if (!existsSync(exit!)) killed.push(Number(call));
  }
  return killed;
}

/** The model is told that it isn't known how these calls ended, and none of them is run again. Resolves to what must have run. */
function expectUnknown(rig: Rig, id: string, calls: readonly number[]): string[] {
  const events = eventsOf(rig.log(id));
  const lost = events.filter((event) => calls.includes(Number(event["seq"])));
  for (const call of lost) expect(String(outputOf(events, call)["output"])).toMatch(/^outcome unknown/u);
  const words = lost.map((event) => /echo (\w+)/u.exec(String(itemOf(event)["arguments"]))![1]!);
  // A wrapper that was killed between its claim and its command left nothing running.
  const ran = rig.lines(ranFile);
  return commands.filter((word) => !words.includes(word) || ran.includes(word));
}

function outputOf(events: readonly JsonObject[], call: JsonObject): JsonObject {
  const output = events.find(
    (event) => event["call"] === call["call"] && String(event["kind"]).endsWith("_output"),
  );
  return output ? itemOf(output) : {};
}
