// kill -9 at random moments of a turn with tools, many times; in some of them the process that watches a tool is killed too.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { randomNumbers, type Rig, until, withRig } from "../kit/rig.ts";
import {
  eventsOf,
  expectAtRest,
  expectDone,
  expectKept,
  expectToldIsLogged,
  itemOf,
  prepare,
  prompts,
  ranFile,
  recover,
  story,
  wholeLines,
  wordsToGoOn,
} from "../kit/survival.ts";

const kills = Number(process.env["THROUGHLINE_KILLS"] ?? 40);
const seed = Number(process.env["THROUGHLINE_SEED"] ?? Date.now() % 2 ** 31);
/** One in so many kills takes the tools' wrappers with it. */
const withWrappers = 4;
/** After one in so many kills the list is checked. */
const listEvery = 5;

/**
 * Slow enough to be met anywhere: text that comes in pieces, commands that take a moment after their first trace, one of them so
 * long that the next owner finds it running.
 */
const slowly = () =>
  story((word) => `echo ${word} >> ${ranFile}; sleep ${word === "two" ? 0.3 : 0.06}; echo did ${word}`, {
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

/** How many kills struck after which event: they have to strike everywhere. */
const struck = new Map<string, number>();
function note(rig: Rig, lost: readonly number[]): void {
  const { type, kind } = eventsOf(wholeLines(rig.log(rig.id()))).at(-1)!;
  const place = `${String(type)}${kind === undefined ? "" : ` ${String(kind)}`}`;
  for (const each of [place, ...(lost.length > 0 ? ["(with a wrapper)"] : [])])
    struck.set(each, (struck.get(each) ?? 0) + 1);
}
afterAll(() => console.log([...struck].map(([place, times]) => `${times} × ${place}`).join("\n")));

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
      const lost = wrappers ? await killWrappers(rig) : [];
      const died = await run.ended;
      expectToldIsLogged(died.out, rig.log(rig.id()));
      note(rig, lost);
      await recover(rig, rig.id());
      expectDone(rig, rig.id(), wordsOf(rig, lost));
      if (trial % listEvery === 0) await expectAtRest(rig, rig.id());
      else await until(() => rig.processes().length === 0, "every process to end");
    }),
  );
});

/** How often in a row a session is killed, each time while it goes on from the kill before. */
const inARow = 12;

describe("kill -9 again and again", () => {
  it(`${inARow} times in a row on one session`, { timeout: 180_000 }, () =>
    withRig(slowly(), async (rig) => {
      prepare(rig);
      const random = randomNumbers(seed + 1);
      let words = ["exec", prompts[0], "--json"];
      for (let kill = 0; kill < inARow; kill++) {
        const left = kill === 0 ? Buffer.alloc(0) : rig.log(rig.id());
        const run = rig.start(words);
        await until(() => run.printed() !== "" || run.child.exitCode !== null, "its first word");
        await new Promise((resolve) => setTimeout(resolve, random() * length * 0.3));
        run.child.kill("SIGKILL");
        const { out } = await run.ended;
        expectKept(rig, rig.id(), left);
        expectToldIsLogged(out, rig.log(rig.id()));
        words = wordsToGoOn(rig, rig.id());
      }
      await recover(rig, rig.id());
      expectDone(rig, rig.id());
      await expectAtRest(rig, rig.id());
    }),
  );
});

/** Kills every wrapper whose command has not ended for it; resolves to the sequence numbers of their calls. */
async function killWrappers(rig: Rig): Promise<number[]> {
  const spool = join(rig.sessionFolder(rig.id()), "spool");
  const hasEnded = (call: string): boolean => existsSync(join(spool, call, "exit.json"));
  const killed = new Map<string, number>();
  for (const call of readdirSync(spool)) {
    const started = join(spool, call, "started.json");
    if (!existsSync(started) || hasEnded(call)) continue;
    const { pid } = JSON.parse(readFileSync(started, "utf8")) as { pid: number };
    if (!rig.processes().includes(pid)) continue;
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      // It has ended by itself meanwhile.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
    killed.set(call, pid);
  }
  // What a wrapper was just doing when it was killed it may still do.
  for (const pid of killed.values())
    await until(() => !rig.processes().includes(pid), "the killed wrapper to be gone");
  return [...killed.keys()].filter((call) => !hasEnded(call)).map(Number);
}

/** The words of the commands whose calls these are. */
function wordsOf(rig: Rig, calls: readonly number[]): string[] {
  return eventsOf(rig.log(rig.id()))
    .filter((event) => calls.includes(Number(event["seq"])))
    .map((event) => /echo (\w+)/u.exec(String(itemOf(event)["arguments"]))![1]!);
}
