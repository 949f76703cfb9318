// Rollouts of the real CLI, mutated: doctor and repair neither fail nor hang on them, take a bounded time and memory, and change nothing
// that they were not told to change.
// `THROUGHLINE_FUZZ=10000 THROUGHLINE_SEED=$RANDOM npx vitest run test/property/rollout-mutations` takes them all.
import { type ChildProcess, fork } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { zstdCompressSync } from "node:zlib";
import { codexRollouts, codexVersions } from "../kit/codex-home.ts";
import { fc } from "../kit/property.ts";
import { afterAll, describe, expect, it } from "vitest";
import { catalogue } from "../../src/foreign/codex/findings/catalogue.ts";
import { packedPath } from "../../src/foreign/codex/home/places.ts";
import type { RolloutDone, RolloutTask } from "../kit/rollout-child.ts";
import { temporaryFolder } from "../kit/temporary-folder.ts";

const runs = Number(process.env["THROUGHLINE_FUZZ"] ?? 25);
const rollouts = codexVersions.flatMap((version) =>
  codexRollouts(version).filter(({ form }) => form === "jsonl"),
);

type Mutation =
  | { do: "cut"; at: number }
  | { do: "flip"; at: number; bit: number }
  | { do: "zero"; at: number; bytes: number }
  | { do: "insert"; at: number; bytes: Uint8Array }
  | { do: "swap"; line: number; with: number }
  | { do: "double"; line: number }
  | { do: "drop"; line: number }
  | { do: "glue"; line: number }
  | { do: "huge"; line: number; megabytes: number };

const place = fc.double({ min: 0, max: 0.999_999, noNaN: true });
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ do: fc.constant("cut" as const), at: place }),
  fc.record({ do: fc.constant("flip" as const), at: place, bit: fc.integer({ min: 0, max: 7 }) }),
  fc.record({ do: fc.constant("zero" as const), at: place, bytes: fc.integer({ min: 1, max: 5_000 }) }),
  fc.record({ do: fc.constant("insert" as const), at: place, bytes: fc.uint8Array({ maxLength: 40 }) }),
  fc.record({ do: fc.constant("swap" as const), line: place, with: place }),
  fc.record({ do: fc.constant("double" as const), line: place }),
  fc.record({ do: fc.constant("drop" as const), line: place }),
  fc.record({ do: fc.constant("glue" as const), line: place }),
  fc.record({ do: fc.constant("huge" as const), line: place, megabytes: fc.integer({ min: 1, max: 8 }) }),
);

/** How the mutated rollout is packed, if it is: whole, or as an archive that is mutated in turn. */
const packing = fc.oneof(
  { weight: 7, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.array(mutation, { maxLength: 1 }) },
);

function packed(bytes: Buffer, mutations: readonly Mutation[] | undefined): Buffer {
  return mutations === undefined ? bytes : mutations.reduce(mutate, zstdCompressSync(bytes));
}

function mutate(bytes: Buffer, how: Mutation): Buffer {
  const lines = (): string[] => bytes.toString("latin1").split("\n");
  const joined = (all: readonly string[]): Buffer => Buffer.from(all.join("\n"), "latin1");
  const nth = (all: readonly string[], at: number): number => Math.floor(at * all.length);
  switch (how.do) {
    case "cut":
      return bytes.subarray(0, Math.floor(how.at * bytes.length));
    case "flip": {
      const copy = Buffer.from(bytes);
      const at = Math.floor(how.at * copy.length);
      if (copy.length > 0) copy[at] = copy[at]! ^ (1 << how.bit);
      return copy;
    }
    case "zero": {
      const copy = Buffer.from(bytes);
      const at = Math.floor(how.at * copy.length);
      return copy.fill(0, at, Math.min(copy.length, at + how.bytes));
    }
    case "insert": {
      const at = Math.floor(how.at * bytes.length);
      return Buffer.concat([bytes.subarray(0, at), how.bytes, bytes.subarray(at)]);
    }
    case "swap": {
      const all = lines();
      const [one, other] = [nth(all, how.line), nth(all, how.with)];
      [all[one], all[other]] = [all[other]!, all[one]!];
      return joined(all);
    }
    case "double":
      return joined(lines().flatMap((line, at, all) => (at === nth(all, how.line) ? [line, line] : [line])));
    case "drop":
      return joined(lines().filter((_, at, all) => at !== nth(all, how.line)));
    case "glue": {
      const all = lines();
      const at = nth(all, how.line);
      return joined([...all.slice(0, at), `${all[at]!}${all[at + 1] ?? ""}`, ...all.slice(at + 2)]);
    }
    case "huge": {
      const all = lines();
      const at = nth(all, how.line);
      const [first, ...rest] = all[at]!.split('":"');
      const filler = "x".repeat(how.megabytes * 1_000_000);
      all[at] = rest.length === 0 ? all[at]! + filler : `${first}":"${filler}${rest.join('":"')}`;
      return joined(all);
    }
  }
}

/** A task on a rollout of at most 40 MB that takes longer hangs, milliseconds. */
const longestTask = 300_000;
const mostMemory = 512 * 2 ** 20;

const root = temporaryFolder();

/** What is left after a repair may only be what no repair mends: an archive, too, of which nothing can be unpacked. */
const unmendable: ReadonlySet<string> = new Set([
  "broken-archive",
  ...Object.entries(catalogue).flatMap(([kind, { mends }]) => (mends === "repair" ? [] : [kind])),
]);

/** A process that is tried. */
function start(...options: string[]): ChildProcess {
  const child = fork(fileURLToPath(new URL("../kit/rollout-child.ts", import.meta.url)), [], {
    execArgv: ["--no-warnings", ...options],
  });
  children.add(child);
  return child;
}
const children = new Set<ChildProcess>();
afterAll(() => children.forEach((child) => void child.kill()));

/** Repairs are a process each for those who ask for them; here some dozens share one, and then another begins. */
const perProcess = 50;
let tried = start();

function renew(): void {
  children.delete(tried);
  tried.removeAllListeners("exit").kill();
  tried = start();
}

async function run(task: RolloutTask, child = tried): Promise<Exclude<RolloutDone, { failed: string }>> {
  const timer = setTimeout(() => child.kill("SIGKILL"), longestTask);
  try {
    const answered = new Promise<RolloutDone>((resolve) => {
      child.removeAllListeners("message").once("message", resolve);
      child.removeAllListeners("exit").once("exit", () => resolve({ failed: `${task.do} did not end` }));
    });
    child.send(task);
    const told = await answered;
    if ("failed" in told) throw new Error(told.failed);
    expect(told.peak, "bytes of memory").toBeLessThan(mostMemory);
    return told;
  } finally {
    clearTimeout(timer);
  }
}

/** Lines of about 200 bytes, each of which is damage. */
const damages: Readonly<Record<string, (nth: number) => string>> = {
  "calls that were never answered": (nth) =>
    JSON.stringify({
      timestamp: "2026-11-20T20:47:41.123Z",
      type: "response_item",
      payload: {
        type: "function_call",
        name: "shell",
        arguments: "{}",
        call_id: `call_${String(nth).padStart(24, "0")}`,
      },
    }),
  "messages of which only the event is left": (nth) =>
    nth % 2 === 0
      ? "#".repeat(200)
      : JSON.stringify({
          timestamp: "2026-11-20T20:47:41.123Z",
          type: "event_msg",
          payload: {
            type: "agent_message",
            message: `Answer ${nth} is given, in so many words as an answer has.`,
          },
        }),
};

describe("a rollout of 15 MB", () => {
  it.each(Object.keys(damages))(
    "of nothing but %s is repaired with little in memory: what is damaged, and what becomes of it, is no object each",
    { timeout: longestTask },
    async (name) => {
      const folder = join(root, "damage", "sessions", "2026", "11", "20");
      mkdirSync(folder, { recursive: true });
      const source = rollouts.find(({ path: one }) => one.includes("0.98.0"))!.path;
      const path = join(folder, basename(source));
      const line = damages[name]!;
      const lines = Array.from({ length: 75_000 }, (_, nth) => `${line(nth)}\n`);
      writeFileSync(path, `${readFileSync(source, "utf8").trimEnd()}\n${lines.join("")}`);
      const task = { path, home: join(root, "home-damage"), now: Date.parse("2026-11-21T00:00:00Z") };
      const { found } = await run({ ...task, do: "look" }, start("--max-old-space-size=48"));
      expect(found).toBeGreaterThan(0);
    },
  );
});

describe("a mutated rollout", () => {
  it(
    "is examined and repaired without a failure, changed only when told to, and given back as it was",
    { timeout: 2 * longestTask + runs * 1_000 },
    async () => {
      const folder = join(root, "codex", "sessions", "2026", "11", "20");
      mkdirSync(folder, { recursive: true });
      let [number, mended, unmended, slowest, peak] = [0, 0, 0, 0, 0];
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...rollouts),
          fc.array(mutation, { minLength: 1, maxLength: 4 }),
          packing,
          async ({ path: source }, mutations, archive) => {
            const plain = join(folder, basename(source));
            for (const left of [plain, packedPath(plain)]) rmSync(left, { force: true });
            const path = archive === undefined ? plain : packedPath(plain);
            const bytes = packed(mutations.reduce(mutate, readFileSync(source)), archive);
            writeFileSync(path, bytes);
            utimesSync(path, 1_700_000_000, 1_700_000_000);
            if (++number % perProcess === 0) renew();
            const home = join(root, `home-${number % 50}`);
            rmSync(home, { recursive: true, force: true });
            const task = { path: plain, home, now: Date.parse("2026-11-21T00:00:00Z") };
            const began = Date.now();
            const { found } = await run({ ...task, do: "look" });
            expect(readFileSync(path).equals(bytes), "only looked at").toBe(true);

            const done = await run({ ...task, do: "repair" });
            slowest = Math.max(slowest, Date.now() - began);
            peak = Math.max(peak, done.peak);
            expect(done.after, "what stays is told").toEqual(done.told);
            if (done.after.some((kind) => !unmendable.has(kind))) unmended++;
            if (!done.repaired) {
              expect(readFileSync(path).equals(bytes), "nothing to repair").toBe(true);
              return;
            }
            mended++;
            expect(found).toBeGreaterThan(0);
            expect((await run({ ...task, do: "repair" })).repaired, "a second repair").toBe(false);
            await run({ ...task, do: "undo" });
            expect(readFileSync(path).equals(bytes), "given back").toBe(true);
            expect(existsSync(plain), "as it lay there").toBe(path === plain);
          },
        ),
        {
          numRuns: runs,
          // A process that had to be killed can't be asked again, so a failing mutation isn't shrunk.
          endOnFailure: true,
        },
      );
      expect(mended).toBeGreaterThan(runs / 4);
      // Such as a line of megabytes that begins with its damage: it is reported, and costs nothing else.
      expect(unmended).toBeLessThanOrEqual(runs / 20);
      if (runs > 100)
        console.log(
          `${runs} rollouts, ${mended} repaired, ${unmended} of them not wholly, ${slowest} ms and ${(peak / 2 ** 20).toFixed(0)} MiB at most`,
        );
    },
  );
});
