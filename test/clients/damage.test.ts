import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { type Desk, openDesk, sessionId, until } from "./desk.ts";
import type { Item } from "./requirements.ts";

const all = ["--approval", "all"];

/** What every case begins with: a session of two turns with a tool call each, and another session beside it. */
let desk: Desk;
let id = "";
let other = "";
let closing: () => Promise<void>;

beforeAll(async () => {
  desk = await openDesk((close) => (closing = close));
  desk.upstream.script("one", [{ run: "echo output-one" }], [{ say: "answer-one" }]);
  desk.upstream.script("two", [{ run: "echo output-two" }], [{ say: "answer-two" }]);
  id = sessionId(await desk.run(["exec", ...all, "one"]));
  await desk.run(["exec", "resume", id, ...all, "two"]);
  other = sessionId(await desk.run(["exec", ...all, "the other"]));
});
afterAll(() => closing());

const texts = ["one", "output-one", "answer-one", "two", "output-two", "answer-two"];

/** The lines of a log without their newlines. */
function linesOf(log: Buffer): { from: number; to: number; event: Item }[] {
  const lines: { from: number; to: number; event: Item }[] = [];
  for (let from = 0; from < log.length;) {
    const to = log.indexOf(10, from);
    lines.push({ from, to, event: JSON.parse(log.toString("utf8", from, to)) as Item });
    from = to + 1;
  }
  return lines;
}

/** The nth line with these members. */
function lineOf(log: Buffer, wanted: Item, nth: number): { from: number; to: number } {
  const matching = linesOf(log).filter(({ event }) =>
    Object.entries(wanted).every(([key, value]) => event[key] === value),
  );
  const line = matching.at(nth);
  if (!line) throw new Error("there is no such line");
  return line;
}

/** Garbage over the middle of the nth line with these members. */
function spoil(
  wanted: Item,
  nth: number,
  garbage: (length: number) => Buffer = () => Buffer.alloc(64, 0xfe),
) {
  return (log: Buffer): Buffer => {
    const line = lineOf(log, wanted, nth);
    const middle = Math.floor((line.from + line.to) / 2);
    const bytes = garbage(line.to - line.from);
    const copy = Buffer.from(log);
    bytes.copy(copy, Math.max(line.from, middle - Math.floor(bytes.length / 2)));
    return copy;
  };
}

/** Without the nth line with these members, as an editor or a merge takes one out. */
const takeOut =
  (wanted: Item, nth: number) =>
  (log: Buffer): Buffer => {
    const line = lineOf(log, wanted, nth);
    return Buffer.concat([log.subarray(0, line.from), log.subarray(line.to + 1)]);
  };

interface Damaged {
  what: string;
  damage(log: Buffer): Buffer;
  /** Which of the texts may be missing from the next request. */
  lost: string[];
}

const cases: Damaged[] = [
  { what: "torn in the last line", damage: (log) => log.subarray(0, -40), lost: [] },
  {
    what: "torn after half a line more",
    damage: (log) => Buffer.concat([log, Buffer.from('{"crc":"00000000","seq":21,"fence":2,"at":1')]),
    lost: [],
  },
  {
    what: "torn in the output of the last call",
    damage: (log) => {
      const line = linesOf(log).findLast(({ event }) => event["kind"] === "function_call_output");
      return log.subarray(0, (line?.to ?? 0) - 20);
    },
    lost: ["answer-two"],
  },
  {
    what: "garbage in a prompt",
    damage: spoil({ kind: "message", origin: "input", role: "user" }, 1),
    lost: ["two"],
  },
  { what: "garbage in reasoning", damage: spoil({ kind: "reasoning" }, 1), lost: [] },
  { what: "garbage in a call", damage: spoil({ kind: "function_call" }, 0), lost: ["output-one"] },
  {
    what: "garbage in a call's output",
    damage: spoil({ kind: "function_call_output" }, 0),
    lost: ["output-one"],
  },
  {
    what: "garbage in an answer",
    damage: spoil({ kind: "message", role: "assistant" }, 0),
    lost: ["answer-one"],
  },
  { what: "garbage in the last turn's end", damage: spoil({ type: "turn-ended" }, -1), lost: [] },
  {
    what: "garbage with newlines in it",
    damage: spoil({ kind: "function_call_output" }, 1, () => Buffer.from("\n\n{}\nnull\n\u0000\n[1]\n")),
    lost: ["output-two"],
  },
  {
    what: "NULs over a whole line",
    damage: spoil({ kind: "message", role: "assistant" }, 0, (length) => Buffer.alloc(length)),
    lost: ["answer-one"],
  },
  {
    what: "one letter changed",
    damage: (log) =>
      Buffer.from(log.toString("latin1").replace('"text":"answer-one"', '"text":"answer-0ne"'), "latin1"),
    lost: ["answer-one"],
  },
  {
    what: "garbage at the head",
    damage: (log) => Buffer.concat([Buffer.alloc(100, 0xfe), log.subarray(100)]),
    lost: [],
  },
  { what: "the first line cut off", damage: (log) => log.subarray(log.indexOf(10) + 1), lost: [] },
  {
    what: "a call taken out",
    damage: takeOut({ kind: "function_call" }, 0),
    lost: ["output-one"],
  },
  {
    what: "a call's output taken out",
    damage: takeOut({ kind: "function_call_output" }, 1),
    lost: ["output-two"],
  },
  {
    what: "an answer taken out",
    damage: takeOut({ kind: "message", role: "assistant" }, 0),
    lost: ["answer-one"],
  },
  { what: "a step's end taken out", damage: takeOut({ type: "step-ended" }, 1), lost: [] },
  {
    what: "garbage over the first turn",
    damage: (log) => {
      const line = linesOf(log).find(({ event }) => event["type"] === "turn-ended");
      return Buffer.concat([Buffer.alloc(line?.to ?? 0, 0xfe), log.subarray(line?.to ?? 0)]);
    },
    lost: ["one", "output-one", "answer-one"],
  },
];

describe.concurrent("a damaged log", () => {
  it.for(cases)(
    "$what: is named, costs what it hit and no more, and the session goes on",
    async ({ what, damage, lost }, { expect }) => {
      const home = join(desk.home, "..", what);
      cpSync(desk.home, home, { recursive: true });
      const folder = desk.session(id).replace(desk.home, home);
      const path = join(folder, "log.jsonl");
      const damaged = damage(readFileSync(path));
      writeFileSync(path, damaged);
      const otherLog = join(desk.session(other).replace(desk.home, home), "log.jsonl");
      const otherBefore = readFileSync(otherLog);

      const options = { env: { THROUGHLINE_HOME: home } };
      const listed = await desk.run(["sessions", "--json"], options);
      expect(listed.status).toBe(0);
      expect(listed.out).toContain(id);

      const run = await desk.run(["exec", "resume", id, ...all, what], options);
      expect(run).toMatchObject({ status: 0, out: `You said: ${what}\n` });
      expect(run.err).toMatch(/^· the log is damaged.*(?:bytes? \d+|\d+ bytes)/mu);

      const mine = desk.upstream.requests.filter(({ raw }) => raw.includes(JSON.stringify(what)));
      expect(mine.map(({ outcome }) => outcome)).toEqual(["answered"]);
      for (const text of texts) {
        const missing = !mine[0]?.raw.includes(`${text}\\n`) && !mine[0]?.raw.includes(`"${text}"`);
        if (!lost.includes(text)) expect(missing && text).toBe(false);
      }
      const torn = join(folder, "log.torn");
      const kept = Buffer.concat([
        readFileSync(path),
        existsSync(torn) ? readFileSync(torn) : Buffer.alloc(0),
      ]);
      const whole = damaged.lastIndexOf(10) + 1;
      expect(kept.subarray(0, whole).equals(damaged.subarray(0, whole))).toBe(true);
      expect(kept.includes(damaged.subarray(whole))).toBe(true);
      expect(readFileSync(otherLog).equals(otherBefore)).toBe(true);

      // The damage is told once; the next turn is like any other.
      const next = await desk.run(["exec", "resume", id, ...all, `${what} again`], options);
      expect(next.status).toBe(0);
    },
  );

  it("without its head and before its first turn ended: it doesn't know its folder, and is taken along with --here", async ({
    expect,
    onTestFinished,
  }) => {
    const own = await openDesk(onTestFinished);
    own.upstream.script("hold", [{ run: "echo ran >> ran.txt; sleep 0.3; echo output" }], [{ say: "Held." }]);
    const running = own.start(["exec", ...all, "hold"]);
    await until(() => own.lines("ran.txt").length === 1, "the tool to start");
    running.child.kill("SIGKILL");
    const lost = sessionId(await running.ended);
    const path = join(own.session(), "log.jsonl");
    writeFileSync(path, readFileSync(path).fill(0xfe, 0, 100));
    const refused = await own.run(["exec", "resume", lost, ...all]);
    expect(refused).toMatchObject({ status: 2, out: "" });
    expect(refused.err).toMatch(/head of its log is damaged.*--here/u);
    const run = await own.run(["exec", "resume", lost, "--here", ...all]);
    expect(run).toMatchObject({ status: 0, out: "Held.\n" });
    expect(run.err).toMatch(/^· the log is damaged \(line 1, bytes 0 to \d+\)/mu);
    expect(own.lines("ran.txt")).toHaveLength(1);
    expect((await own.run(["show", lost])).out).toContain(own.work);
  });
});
