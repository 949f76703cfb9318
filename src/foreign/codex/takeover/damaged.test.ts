// A damaged rollout is taken over as its repair would leave it, and stays as it is.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { codexRollouts } from "../../../../test/kit/codex-home.ts";
import { importPlan } from "../../../../test/kit/import-plan.ts";
import { shownItems } from "../../../../test/kit/taken-over.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import type { JsonObject } from "../../../lib/json.ts";
import { uuidv7 } from "../../../lib/ids.ts";
import type { SessionStore } from "../../../store.ts";
import { mendedCopy } from "../repair/mended-copy.ts";
import { threadAt } from "./find.ts";
import { importThread, type TakenOver } from "./import.ts";
import type { ImportPlan } from "./import-plan.ts";

interface Case {
  readonly plan: ImportPlan;
  readonly store: SessionStore;
  readonly path: string;
  take(): Promise<TakenOver>;
  items(id: string): Promise<JsonObject[]>;
  /** What is left in the home of ours. */
  left(): string[];
}

/** A fixture's rollout (its largest), with what `damage` makes of its lines. `mended` makes the copy that is read. */
function damaged(version: string, damage: (lines: string[]) => string[], mended = mendedCopy): Case {
  const folder = temporaryFolder();
  const [fixture] = codexRollouts(version).toSorted((a, b) => b.bytes - a.bytes);
  const path = join(folder, basename(fixture!.path));
  const lines = readFileSync(fixture!.path, "utf8").split("\n").slice(0, -1);
  writeFileSync(path, `${damage(lines).join("\n")}\n`);
  const home = join(folder, "home");
  const plan = { ...importPlan(), mended: (each: string) => mended(each, home) };
  return {
    plan,
    path,
    store: plan.store,
    take: async () => importThread(plan, (await threadAt(path))!),
    items: async (id) => (await shownItems(plan.store, id)).map((item) => JSON.parse(item) as JsonObject),
    left: () => readdirSync(join(home, "repairs")),
  };
}

async function undamaged(version: string): Promise<JsonObject[]> {
  const { take, items } = damaged(version, (lines) => lines);
  const { id, isMended } = await take();
  expect(isMended).toBe(false);
  return items(id);
}

const kindsOf = (items: JsonObject[]): unknown[] => items.map(({ type }) => type);

test.for(["0.98.0", "0.130.0"])(
  "calls of which a program has made objects (%s) are taken with their text",
  async (version) => {
    const inObjects = (line: string): string =>
      line.replace(
        /"arguments":("(?:[^"\\]|\\.)*")/u,
        (_, text: string) => `"arguments":${JSON.parse(text) as string}`,
      );
    const { take, items } = damaged(version, (lines) => lines.map(inObjects));
    const { id } = await take();
    const texts = (all: JsonObject[]): unknown[] => all.flatMap(({ arguments: given }) => given ?? []);
    const expected = texts(await undamaged(version)).map((text) => JSON.stringify(JSON.parse(String(text))));
    expect(texts(await items(id))).toEqual(expected);
  },
);

test.for(["0.98.0", "0.130.0", "0.169.0"])("the whole file twice (%s) is taken once", async (version) => {
  const { path, take, items, left } = damaged(version, (lines) => [...lines, ...lines]);
  const before = readFileSync(path);
  const { id, isMended } = await take();
  expect(isMended).toBe(true);
  expect(await items(id)).toEqual(await undamaged(version));
  expect(readFileSync(path)).toEqual(before);
  expect(left()).toEqual([]);
});

test("a file that a living program writes to is taken as it is", async () => {
  const { path, take } = damaged("0.130.0", (lines) => [...lines, ...lines]);
  const program = spawn("sh", ["-c", 'exec 3>>"$0"; echo open; read -r line', path]);
  await once(program.stdout, "data");
  expect(await take()).toMatchObject({ did: "made", isMended: false });
  program.stdin.end();
  await once(program, "exit");
});

test("a takeover that is aborted while the copy is made leaves neither a session nor a copy", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const { path, plan, left } = damaged(
    "0.130.0",
    (lines) => [...lines, ...lines],
    (each, home) => {
      controller.abort(reason);
      return mendedCopy(each, home, controller.signal);
    },
  );
  const thread = (await threadAt(path))!;
  await expect(importThread({ ...plan, signal: controller.signal }, thread)).rejects.toBe(reason);
  expect(left()).toEqual([]);
  expect(await plan.store.everything()).toEqual([]);
});

test("a takeover that is aborted while the file is read leaves no session", async () => {
  const { path, plan } = damaged("0.130.0", (lines) => lines);
  const reason = new Error("enough");
  const thread = (await threadAt(path))!;
  await expect(importThread({ ...plan, signal: AbortSignal.abort(reason) }, thread)).rejects.toBe(reason);
  expect(await plan.store.everything()).toEqual([]);
});

test("an output that stands at the end is taken at its place", async () => {
  const { take, items } = damaged("0.169.0", (lines) => {
    const at = lines.findIndex((line) => line.includes('_call_output"'));
    return [...lines.toSpliced(at, 1), lines[at]!];
  });
  const { id } = await take();
  expect(await items(id)).toEqual(await undamaged("0.169.0"));
});

test.for([
  ["type of the line", '"response_item"', '"response_itam"'],
  ["kind", '"type":"message"', '"type":"messagx"'],
] as const)("a message in whose %s a letter was altered is taken", async ([, from, to]) => {
  const isAnswer = (line: string): boolean => /"response_item".*"role":"assistant"/u.test(line);
  const { take, items } = damaged("0.169.0", (lines) => {
    const at = lines.findLastIndex((line) => isAnswer(line));
    return lines.with(at, lines[at]!.replace(from, to));
  });
  const { id, isMended } = await take();
  expect(isMended).toBe(true);
  const said = (all: JsonObject[]): unknown[] => all.map(({ type, content }) => [type, content ?? []]);
  const texts = (all: JsonObject[]): unknown => JSON.stringify(said(all)).match(/"text":"[^"]*"/gu);
  expect(texts(await items(id))).toEqual(texts(await undamaged("0.169.0")));
});

test.for([
  ["half a character", String.raw`\ud83d`, "\ufffd"],
  ["a byte that is no text", "\xff", "?"],
] as const)("an output with %s is taken with words that every provider takes", async ([, bytes, words]) => {
  const { path, take, items } = damaged("0.130.0", (lines) => lines);
  const text = readFileSync(path, "latin1").replaceAll('"output":"', `"output":"${bytes}`);
  writeFileSync(path, Buffer.from(text, "latin1"));
  const { id, isMended } = await take();
  expect(isMended).toBe(true);
  const outputs = (await items(id)).flatMap(({ output }) => output ?? []);
  expect(outputs.length).toBeGreaterThan(0);
  for (const output of outputs) expect(String(output).startsWith(words)).toBe(true);
});

test.for(["0.98.0", "0.130.0", "0.169.0"])(
  "an answer that only its event tells where the file ends (%s) is taken",
  async (version) => {
    const isAnswer = (line: string): boolean => /"response_item".*"role":"assistant"/u.test(line);
    const { take, items } = damaged(version, (lines) =>
      lines.slice(
        0,
        lines.findLastIndex((line) => isAnswer(line)),
      ),
    );
    const { id, isMended } = await take();
    expect(isMended).toBe(true);
    const answers = (all: JsonObject[]): string[] =>
      all.flatMap(({ role, content }) =>
        role === "assistant" ? [String((content as JsonObject[])[0]!["text"])] : [],
      );
    expect(answers(await items(id)).at(-1)).toBe(answers(await undamaged(version)).at(-1));
  },
);

test("an output that is null is taken as its repair leaves it, and its call stays", async () => {
  const { take, items } = damaged("0.169.0", (lines) => {
    const at = lines.findLastIndex((line) => /_call_output"/u.test(line));
    const record = JSON.parse(lines[at]!) as { payload: JsonObject };
    return lines.with(at, JSON.stringify({ ...record, payload: { ...record.payload, output: null } }));
  });
  const { id, isMended } = await take();
  expect(isMended).toBe(true);
  const all = await items(id);
  expect(kindsOf(all)).toEqual(kindsOf(await undamaged("0.169.0")));
  expect(all.every(({ output }) => output !== null)).toBe(true);
});

test("a message that doesn't say whose it is any more is taken as its repair leaves it", async () => {
  const { take, items } = damaged("0.169.0", (lines) => {
    const at = lines.findLastIndex((line) => line.includes('"role":"user","content"'));
    return lines.with(at, lines[at]!.replace('"role":"user",', ""));
  });
  const { id, isMended } = await take();
  expect(isMended).toBe(true);
  const roles = (all: JsonObject[]): unknown[] => all.map(({ role }) => role);
  expect(roles(await items(id))).toEqual(roles(await undamaged("0.169.0")));
});

test("a message whose record can't be read is taken from the event that tells it", async () => {
  const isAnswer = (line: string): boolean =>
    line.includes('"type":"message"') && line.includes('"role":"assistant"');
  const { take, items } = damaged("0.169.0", (lines) => {
    const at = lines.findIndex(isAnswer);
    return lines.with(at, lines[at]!.replace('"text":"', '"text":"\\x41'));
  });
  const { id, isMended } = await take();
  expect(isMended).toBe(true);
  expect(kindsOf(await items(id))).toEqual(kindsOf(await undamaged("0.169.0")));
});

const more = { type: "message", role: "user", content: [{ type: "input_text", text: "more" }] };
const moreLine = `${JSON.stringify({ timestamp: "2026-11-23T00:00:00.000Z", type: "response_item", payload: more })}\n`;

test("what Codex appends to it later is taken over, too", async () => {
  const { path, take, items } = damaged("0.130.0", (lines) => [...lines, ...lines]);
  const { id } = await take();
  const before = await items(id);
  expect(await take()).toMatchObject({ did: "same", id });
  appendFileSync(path, moreLine);
  expect(await take()).toMatchObject({ did: "remade", id });
  expect(await items(id)).toEqual([...before, more]);
});

test.for<[string, typeof mendedCopy]>([
  ["a copy is made", mendedCopy],
  ["no copy can be had", () => Promise.resolve(undefined)],
])("what Codex appends to it before %s is taken over once", async ([, mended]) => {
  let isAppended = false;
  const { take, items } = damaged(
    "0.130.0",
    (lines) => [...lines, ...lines],
    (path, home) => {
      if (!isAppended) appendFileSync(path, moreLine);
      isAppended = true;
      return mended(path, home);
    },
  );
  const { id } = await take();
  await take();
  expect((await items(id)).filter((item) => JSON.stringify(item) === JSON.stringify(more))).toHaveLength(1);
});

test.for<[string, string]>([
  ["an output", '_call_output"'],
  ["an answer", '"role":"assistant"'],
])("a file that ends within %s is, once that is written to its end, what it is whole", async ([, start]) => {
  const { path, take, items } = damaged("0.130.0", (lines) => lines);
  const whole = readFileSync(path, "utf8");
  const cut = whole.lastIndexOf(start) + 40;
  writeFileSync(path, whole.slice(0, cut));
  await take();
  appendFileSync(path, whole.slice(cut));
  const { id } = await take();
  expect(await items(id)).toEqual(await undamaged("0.130.0"));
});

test("what may complete a mended message doesn't come into a session behind it, which isn't made anew because something is queued for it", async () => {
  const { path, store, take, items } = damaged("0.130.0", (lines) => lines);
  const whole = readFileSync(path, "utf8");
  const cut = whole.lastIndexOf('"role":"assistant"') + 40;
  writeFileSync(path, whole.slice(0, cut));
  const { id } = await take();
  const before = await items(id);
  await store.queue(id, { id: uuidv7(1), at: 1, text: "and then", mode: "followup" });
  appendFileSync(path, whole.slice(cut));
  expect(await take()).toMatchObject({ did: "moved-on", id });
  expect(await items(id)).toEqual(before);
});
