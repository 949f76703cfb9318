import { mkdirSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Failure } from "../failure.ts";
import { uuidv7 } from "../lib/ids.ts";
import type { JsonObject } from "../lib/json.ts";
import { isItemRecord, type LogRecord } from "../session/event.ts";
import { describeItem } from "../session/item.ts";
import { created } from "../store/conformance/events.ts";
import { folding } from "../store/fold.ts";
import { memoryStore } from "../store/memory/memory-store.ts";
import type { SessionStore } from "../store.ts";
import type { Tool, ToolCall, ToolState } from "../tool.ts";
import { type CallEnvironment, Calls } from "./calls.ts";
import { Journal } from "./journal.ts";

let store: SessionStore;
let journal: Journal;
let cancel: AbortController;
/** What the tools did, in order. */
let did: string[];
let approve: CallEnvironment["approve"];

beforeEach(async () => {
  store = memoryStore({ version: "test" });
  const { visitor, history } = folding();
  const id = uuidv7(Date.now());
  journal = new Journal(await store.create(id, created(id), "testing", { visitor }), history());
  cancel = new AbortController();
  did = [];
  approve = () => Promise.resolve({ allowed: true });
});

afterEach(() => store.close());

function tool(name: string, more: Partial<Tool> = {}): Tool {
  return {
    definition: { type: "function", name, description: "", parameters: {} } as never,
    replay: "never",
    approval: () => ({ title: "Run it?", detail: name }),
    inspect: () => Promise.resolve({ state: "not-started" }),
    run: async ({ input }: ToolCall) => {
      did.push(`${name} begins ${input}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
      did.push(`${name} ends ${input}`);
      return { status: "ok", output: `${name} ${input}`, durationMs: 0 };
    },
    ...more,
  };
}

const callsOf = (...tools: Tool[]): Calls =>
  new Calls(
    journal,
    { tools, workspace: "/w", env: {}, approve: (...asked) => approve(...asked) },
    () => undefined,
    cancel.signal,
  );

/** Starts a call whose item is in the log. */
async function make(
  calls: Calls,
  name: string,
  given: JsonObject | string | undefined,
  call = String(given),
  intended = false,
): Promise<void> {
  const value: JsonObject = { type: "function_call", call_id: call, name, arguments: given };
  const item = Buffer.from(JSON.stringify(value));
  const event = { type: "item-added", turn: 1, step: 1, ...describeItem(item)!, origin: "model" } as const;
  const [record] = await journal.append({ event, item });
  if (record && isItemRecord(record)) calls.start(record, item, intended);
}

async function records(): Promise<LogRecord[]> {
  const found: LogRecord[] = [];
  await store.read(journal.log.id, { record: (record) => found.push(record) });
  return found;
}

/** What the log says: intents, and outputs with their texts. */
async function logged(): Promise<string[]> {
  const lines: string[] = [];
  for (const record of await records()) {
    const { event } = record;
    if (event.type === "tool-started") lines.push(`intent ${event.call}`);
    if (event.type !== "item-added" || !isItemRecord(record) || !event.kind.endsWith("_output")) continue;
    const { output } = JSON.parse(Buffer.from(await store.body(journal.log.id, record.body)).toString()) as {
      output: string;
    };
    lines.push(`${event.call}: ${output}`);
  }
  return lines;
}

describe("calls of one response", () => {
  it("run at the same time, but those of tools that run alone, which go one after another", async () => {
    const calls = callsOf(tool("read"), tool("patch", { exclusive: true }));
    await make(calls, "patch", "1");
    for (const given of ["2", "3"]) await make(calls, "read", given);
    for (const given of ["4", "5"]) await make(calls, "patch", given);
    await calls.drain();
    expect(did.slice(0, 3)).toEqual(["patch begins 1", "read begins 2", "read begins 3"]);
    const patches = did.filter((line) => line.startsWith("patch"));
    const inTurn = ["1", "4", "5"].flatMap((given) => [`patch begins ${given}`, `patch ends ${given}`]);
    expect(patches).toEqual(inTurn);
  });

  it("that a gateway gave one id are run, and answered, in order", async () => {
    const calls = callsOf(tool("read"));
    for (const given of ["1", "2"]) await make(calls, "read", given, "same");
    await calls.drain();
    expect(await logged()).toEqual(["intent same", "same: read 1", "intent same", "same: read 2"]);
  });
});

describe("a call", () => {
  it("is not run, and leaves no intent, where it is denied or its turn is cancelled", async () => {
    approve = () => Promise.resolve({ allowed: false, why: "Denied." });
    const calls = callsOf(tool("run"), tool("read", { approval: () => undefined }));
    await make(calls, "run", "1");
    await calls.drain();
    approve = (_, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(new Error("The question was closed.")));
        cancel.abort();
      });
    await make(calls, "run", "2");
    await calls.drain();
    await make(calls, "read", "3");
    await calls.drain();
    const notStarted = "Not started: the turn was cancelled.";
    expect(await logged()).toEqual(["1: Denied.", `2: ${notStarted}`, `3: ${notStarted}`]);
    expect(did).toEqual([]);
  });

  it("whose arguments are an object is given them as JSON, and one without any the empty text", async () => {
    const calls = callsOf(tool("read"));
    for (const given of [{ path: "a" }, undefined]) await make(calls, "read", given, "1");
    await calls.drain();
    expect(did.filter((line) => line.includes("begins"))).toEqual([
      'read begins {"path":"a"}',
      "read begins ",
    ]);
  });

  it("of a tool that isn't there is answered with those that are", async () => {
    const calls = callsOf(tool("read"), tool("patch"));
    await make(calls, "write", "1");
    await calls.drain();
    expect(await logged()).toEqual(['1: There is no tool named "write". The tools are: read, patch.']);
  });

  it.each<[ToolState, string]>([
    [{ state: "not-started" }, "The tool could not be started: no room"],
    [{ state: "running", pid: 1, since: 0 }, "outcome unknown; verify before repeating: no room"],
    [{ state: "unknown", why: "" }, "outcome unknown; verify before repeating: no room"],
  ])("whose tool breaks is answered by what its traces tell: %o", async (state, answer) => {
    const broken = { run: () => Promise.reject(new Error("no room")), inspect: () => Promise.resolve(state) };
    const calls = callsOf(tool("run", broken));
    await make(calls, "run", "1");
    await calls.drain();
    expect(await logged()).toEqual(["intent 1", `1: ${answer}`]);
  });

  it("has no answer where the store broke, or the question did: whoever drains is told, once all have ended", async () => {
    const failure = new Failure("store-full", "There is no room.", { path: "spool" });
    const calls = callsOf(tool("run", { run: () => Promise.reject(failure) }), tool("read"));
    await make(calls, "run", "1");
    await make(calls, "read", "2");
    await expect(calls.drain()).rejects.toBe(failure);
    expect(did).toEqual(["read begins 2", "read ends 2"]);
    expect((await logged()).filter((line) => line.startsWith("1:"))).toEqual([]);
    approve = () => Promise.reject(new Error("no terminal"));
    const others = callsOf(tool("read"));
    await make(others, "read", "3");
    await expect(others.drain()).rejects.toThrow("no terminal");
  });
});

describe("a call that was begun by an owner that died", () => {
  it("is not run again where its traces are gone, unless that is harmless", async () => {
    const calls = callsOf(tool("run"), tool("read", { replay: "safe" }));
    await make(calls, "run", "1", "1", true);
    await make(calls, "read", "2", "2", true);
    await calls.drain();
    expect(did).toEqual(["read begins 2", "read ends 2"]);
    expect((await logged()).toSorted()).toEqual([
      "1: outcome unknown; verify before repeating: the traces of this call are gone",
      "2: read 2",
    ]);
  });

  it("is the tool's to follow, without asking again, where its traces are there", async () => {
    approve = () => Promise.reject(new Error("asked again"));
    const calls = callsOf(tool("run"));
    mkdirSync(journal.log.spool(journal.history.lastSeq + 1), { recursive: true });
    await make(calls, "run", "1", "1", true);
    await calls.drain();
    expect(await logged()).toEqual(["1: run 1"]);
  });
});
