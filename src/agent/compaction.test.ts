import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { uuidv7 } from "../lib/ids.ts";
import { isJsonObject, type JsonObject } from "../lib/json.ts";
import { anthropicProvider } from "../provider/anthropic/provider.ts";
import { chatProvider } from "../provider/chat/provider.ts";
import { responsesProvider } from "../provider/responses/provider.ts";
import { contractNamed } from "../replay/contracts.ts";
import { forkSession } from "../runtime/fork.ts";
import { createSession, resumeSession, type Session } from "../runtime.ts";
import type { Equipment } from "../runtime/equipment.ts";
import { schemaVersion, type EventOf, type NewEvent } from "../session/event.ts";
import { describeItem } from "../session/item.ts";
import { call, type ScenarioInput, startSimulator, step, type Simulator, turn } from "../simulator/server.ts";
import type { Tool } from "../tool.ts";
import { compactor, type CompactionOptions } from "./compaction.ts";
import { never, testSessions } from "../../test/kit/sessions.ts";

const sessions = testSessions();
let simulator: Simulator;

beforeEach(async () => {
  simulator = await startSimulator();
});

afterEach(() => simulator.close());

/** Prints a text so many times. */
const lister: Tool = {
  definition: { type: "function", name: "list", description: "List.", parameters: { type: "object" } },
  replay: "safe",
  approval: () => undefined,
  inspect: () => Promise.resolve({ state: "not-started" }),
  run: ({ input }) => {
    const { text, times } = JSON.parse(input) as { text: string; times: number };
    return Promise.resolve({ status: "ok", output: text.repeat(times), durationMs: 0 });
  },
};
const listing = (text: string, times: number) => call("list", { text, times });

function equipment(options: CompactionOptions = {}, apiKey = "k"): Equipment {
  const named = { name: "simulator", baseUrl: simulator.url, contract: "openai", apiKey };
  const { environment, ...rest } = sessions.equipment(responsesProvider(named), { model: "gpt-5.5" });
  return { ...rest, environment: { ...environment, tools: [lister] }, compact: compactor(options) };
}

async function started(scenario: ScenarioInput, options?: CompactionOptions): Promise<Session> {
  simulator.reset(scenario);
  return createSession(sessions.runtime(), sessions.start(), equipment(options));
}

const resumed = (id: string, options?: CompactionOptions): Promise<Session> =>
  resumeSession(sessions.runtime(), id, { force: false }, () => Promise.resolve(equipment(options)));

const completed = { kind: "completed" };

async function compactions(id: string): Promise<EventOf<"history-compacted">[]> {
  return (await sessions.records(id)).flatMap(({ event }) =>
    event.type === "history-compacted" ? [event] : [],
  );
}

function inputOf(request: number): JsonObject[] {
  const input = simulator.requests.at(request)?.body?.["input"];
  return Array.isArray(input) ? input.filter(isJsonObject) : [];
}

const notices = (): string[] =>
  sessions.updates.flatMap((update) =>
    update.type === "notice" ? [update.text] : update.type === "repaired" ? [update.notice] : [],
  );

/** The first turn: four steps with outputs of about 12 kB; the second, two steps. */
const long: ScenarioInput["turn"] = [
  turn(/summary of this transcript/, step("SUMMARY: four listings were made; all is well.")),
  // The prompt itself was summarised, and stands word for word after the summary.
  turn(/SUMMARY: four[\s\S]*word for word\]\nfirst/, step("Went on after the summary.")),
  turn(
    /first/,
    ...[1, 2, 3, 4].map((n) => step(listing(`${n}`, 12_000), { reason: `Listing ${n}.` })),
    step("Listed."),
  ),
  turn(/second/, step(listing("x", 4_000)), step("Done with the second.")),
  turn(/third/, step("Three.")),
];

describe("a context that overflows", () => {
  it.each(["http", "event", "failed"] as const)(
    "in mid-turn, told by %s, is summarised, and the turn goes on with its tool's output",
    async (overflow) => {
      const session = await started({ turn: long, limits: { context_tokens: 100_000, overflow } });
      expect(await session.run("first", never)).toEqual(completed);
      const before = simulator.requests.length;
      const size = simulator.requests.at(-1)!.bytes / 4;
      // The first request of the second turn fits, and the one with its tool's output doesn't.
      simulator.reset({ turn: long, limits: { context_tokens: Math.ceil(size + 500), overflow } });
      expect(await session.run("second", never)).toEqual(completed);
      expect(before).toBeGreaterThan(0);
      // Call; refused; summary; answered.
      expect(simulator.requests).toHaveLength(4);
      const input = inputOf(-1);
      expect(JSON.stringify(input[0])).toContain("SUMMARY: four listings");
      expect(JSON.stringify(input[0])).toContain("The context.");
      expect(input.filter((item) => item["type"] === "function_call_output")).toHaveLength(1);
      expect(JSON.stringify(input)).toContain("second");
      const [made, another] = await compactions(session.id);
      expect(another).toBeUndefined();
      expect(made?.notice).toMatch(
        /^the context was full \(about [\d,]+ tokens\); \d+ items summarised in about \d+ tokens; the last \d+ items kept whole; the log keeps everything$/u,
      );
      expect(notices()).toContain(made?.notice);
      // The next turn costs one request.
      expect(await session.run("third", never)).toEqual(completed);
      expect(simulator.requests).toHaveLength(5);
      await session.close();
    },
  );
});

describe.each(["chat", "anthropic"] as const)("over the %s wire", (wire) => {
  it("a context that overflows in mid-turn is summarised, and the turn goes on", async () => {
    await simulator.close();
    simulator = await startSimulator({ wire, scenario: { turn: long } });
    const speak = wire === "chat" ? chatProvider : anthropicProvider;
    const base: Equipment = {
      ...equipment(),
      provider: speak({ name: "simulator", baseUrl: simulator.url, contract: wire, apiKey: "k" }),
      contract: contractNamed(wire),
      settings: { provider: "simulator", model: "simulator", instructionsHash: "0", approval: "all" },
    };
    const session = await createSession(sessions.runtime(), sessions.start(), base);
    expect(await session.run("first", never)).toEqual(completed);
    const size = simulator.requests.at(-1)!.bytes / 4;
    simulator.reset({ turn: long, limits: { context_tokens: Math.ceil(size + 500) } });
    expect(await session.run("second", never)).toEqual(completed);
    expect(simulator.requests).toHaveLength(4);
    expect(JSON.stringify(simulator.requests.at(-1)?.body)).toContain("SUMMARY: four listings");
    expect(await session.run("third", never)).toEqual(completed);
    expect(simulator.requests).toHaveLength(5);
    await session.close();
  });
});

describe("a context that is nearly full", () => {
  it("is summarised before the next request, which then fits", async () => {
    const session = await started({ turn: long }, { compactAt: 8_000 });
    expect(await session.run("first", never)).toEqual(completed);
    expect(await session.run("second", never)).toEqual(completed);
    const made = await compactions(session.id);
    expect(made.length).toBeGreaterThan(0);
    expect(made[0]?.notice).toContain("the context was nearly full (about");
    expect(
      (await sessions.records(session.id)).filter(({ event }) => event.type === "attempt-failed"),
    ).toEqual([]);
    // What the provider counted stays beneath the limit, by one step's outputs at most.
    for (const request of simulator.requests) expect(request.bytes / 4).toBeLessThan(8_000 + 3_500);
    await session.close();
  });

  it("stays as it is when the summary can't be made, and says so", async () => {
    const first = await started({ turn: long });
    expect(await first.run("first", never)).toEqual(completed);
    await first.close();
    simulator.reset({ turn: long, fault: [{ kind: "status", status: 500, request: 1 }] });
    const session = await resumed(first.id, { compactAt: 8_000 });
    expect(await session.run("third", never)).toEqual(completed);
    expect(simulator.requests).toHaveLength(2);
    expect(await compactions(session.id)).toEqual([]);
    expect(notices().join("\n")).toContain("could not be summarised (overloaded)");
    await session.close();
  });

  it("is not asked for before each step, when the model refuses to sum it up, but again once it has grown", async () => {
    const first = await started({ turn: long });
    expect(await first.run("first", never)).toEqual(completed);
    await first.close();
    const small = Array.from({ length: 12 }, (_, n) => step(listing(`${n}`, 300)));
    const message = "Your prompt was flagged as potentially violating our usage policy.";
    simulator.reset({
      turn: [
        turn(/summary of this transcript/, step("SUMMARY: none.", { name: "summary" })),
        turn(/fourth/, ...small, step("Four.")),
      ],
      fault: [{ kind: "status", step: "summary", status: 400, message, times: 100 }],
    });
    const session = await resumed(first.id, { compactAt: 8_000 });
    expect(await session.run("fourth", never)).toEqual(completed);
    const asked = simulator.requests.filter(({ status }) => status === 400);
    expect(asked.length).toBeGreaterThan(1);
    expect(asked.length).toBeLessThanOrEqual(4);
    await session.close();
  });

  it("is asked for again before the next step, when an outage kept the model from summing it up", async () => {
    const first = await started({ turn: long });
    expect(await first.run("first", never)).toEqual(completed);
    await first.close();
    const small = Array.from({ length: 3 }, (_, n) => step(listing(`${n}`, 300)));
    simulator.reset({
      turn: [
        turn(/summary of this transcript/, step("SUMMARY: four listings were made.")),
        turn(/fourth/, ...small, step("Four.")),
      ],
      fault: [{ kind: "overloaded", request: 1 }],
    });
    const session = await resumed(first.id, { compactAt: 8_000 });
    expect(await session.run("fourth", never)).toEqual(completed);
    expect(await compactions(session.id)).toHaveLength(1);
    await session.close();
  });

  it("is asked for as soon as it is full again, when it was made smaller since the model refused to sum it up", async () => {
    const first = await started({ turn: long });
    expect(await first.run("first", never)).toEqual(completed);
    await first.close();
    const message = "Your prompt was flagged as potentially violating our usage policy.";
    simulator.reset({
      turn: [
        turn(/summary of this transcript/, step("SUMMARY: four listings were made.")),
        turn(/fourth/, step("Four.")),
        turn(/word for word\]\nfifth/, step("Five.")),
        turn(/fifth/, step(listing("a", 20_000)), step(listing("b", 20_000)), step("Five.")),
      ],
      fault: [{ kind: "status", request: 1, status: 400, message }],
    });
    const session = await resumed(first.id, { compactAt: 8_000, keepTokens: 100 });
    expect(await session.run("fourth", never)).toEqual(completed);
    expect(await session.compact(never)).toMatchObject({ kind: "compacted" });
    expect(await session.run("fifth", never)).toEqual(completed);
    const made = await compactions(session.id);
    expect(made).toHaveLength(2);
    expect(made[1]?.notice).toContain("nearly full");
    await session.close();
  });

  it("is summarised again and again; the session opens by its last window", async () => {
    const session = await started({ turn: long }, { compactAt: 4_000, keepTokens: 1_000 });
    for (let n = 0; n < 4; n++) expect(await session.run("first", never)).toEqual(completed);
    const made = await compactions(session.id);
    expect(made.length).toBeGreaterThanOrEqual(3);
    expect(JSON.stringify(inputOf(-1)[0])).toContain("The context.");
    const whole = session.history;
    await session.close();
    let seen = 0;
    await sessions.store.read(session.id, { record: () => seen++ }, { from: "window" });
    expect(seen).toBeLessThan((await sessions.records(session.id)).length / 3);
    const again = await resumed(session.id);
    expect(again.history.items.map(({ event }) => event.seq)).toEqual(
      whole.items.map(({ event }) => event.seq),
    );
    expect(await again.run("third", never)).toEqual(completed);
    await again.close();
  });
});

describe("a summary that can't be made as it is asked for", () => {
  it("is asked for with half the transcript when the transcript itself is too long", async () => {
    const session = await started({ turn: long }, { compactAt: 100_000 });
    expect(await session.run("first", never)).toEqual(completed);
    simulator.reset({ turn: long, limits: { context_tokens: 2_600 } });
    expect(await session.run("third", never)).toEqual(completed);
    const made = await compactions(session.id);
    expect(made).toHaveLength(1);
    expect(simulator.requests.length).toBeLessThanOrEqual(6);
    await session.close();
  });

  it("gives way to shorter outputs when the model refuses, and the log keeps them whole", async () => {
    const session = await started({ turn: long });
    expect(await session.run("first", never)).toEqual(completed);
    const size = simulator.requests.at(-1)!.bytes;
    simulator.reset({
      turn: [turn(/third/, step("Three."))],
      limits: { context_tokens: Math.ceil(size / 8) },
      fault: [{ kind: "status", status: 400, request: 2, code: "content_filter", message: "Filtered." }],
    });
    expect(await session.run("third", never)).toEqual(completed);
    expect(simulator.requests).toHaveLength(3);
    expect(await compactions(session.id)).toEqual([]);
    const outputs = inputOf(-1).filter((item) => item["type"] === "function_call_output");
    expect(outputs).toHaveLength(4);
    for (const { output } of outputs) expect(output).toMatch(/bytes left out here/u);
    expect(notices().join("\n")).toContain("4 tool outputs shortened to about");
    const kept = session.history.items.filter(({ event }) => event.kind === "function_call_output");
    for (const { body } of kept) expect(body.length).toBeGreaterThan(10_000);
    await session.close();

    // Another model may have a larger window: it gets them whole; the first one doesn't, and is not asked in vain again.
    for (const [model, isShort] of [
      ["gpt-4.1", false],
      ["gpt-5.5", true],
    ] as const) {
      simulator.reset({ turn: [turn(/fourth/, step("Four."))] });
      const other = equipment();
      const settings = { ...other.settings, model };
      const equip = () => Promise.resolve({ ...other, settings });
      const switched = await resumeSession(sessions.runtime(), session.id, { force: false }, equip);
      expect(await switched.run("fourth", never)).toEqual(completed);
      expect(simulator.requests).toHaveLength(1);
      expect(JSON.stringify(inputOf(0)).includes("bytes left out here"), model).toBe(isShort);
      await switched.close();
    }
  });

  it("leaves the session as it was when a limit is met, and the turn ends as limited", async () => {
    const session = await started({ turn: long });
    expect(await session.run("first", never)).toEqual(completed);
    simulator.reset({
      turn: long,
      limits: { context_tokens: 5_000 },
      fault: [{ kind: "usage-limit", request: 2, resets_in: "1h" }],
    });
    expect(await session.run("third", never)).toMatchObject({ kind: "limited", class: "usage-limit" });
    expect(await compactions(session.id)).toEqual([]);
    simulator.reset({ turn: long, limits: { context_tokens: 5_000 } });
    expect(await session.run(undefined, never)).toEqual(completed);
    expect(await compactions(session.id)).toHaveLength(1);
    await session.close();
  });

  it("is tried again when the request for it is cut", async () => {
    const session = await started({ turn: long });
    expect(await session.run("first", never)).toEqual(completed);
    simulator.reset({
      turn: long,
      limits: { context_tokens: 5_000 },
      fault: [{ kind: "cut", after: "text", request: 2 }],
    });
    expect(await session.run("third", never)).toEqual(completed);
    expect(await compactions(session.id)).toHaveLength(1);
    await session.close();
  });

  it("ends the turn as too long when nothing is left that could be shortened", async () => {
    const session = await started({ turn: long, limits: { context_tokens: 300 } });
    expect(await session.run(`third ${"word ".repeat(2_000)}`, never)).toMatchObject({
      kind: "failed",
      class: "context-overflow",
    });
    expect(simulator.requests.length).toBeLessThanOrEqual(2);
    await session.close();
  });
});

describe("an item of several megabytes, which the store gives in pieces", () => {
  it("is summarised, and carried on, as it stands in the log", async () => {
    const session = await started({ turn: long });
    const numbers = Array.from({ length: 300_000 }, (_, n) => String(n).padStart(8, "0")).join("");
    expect(await session.run(`first ${numbers}`, never)).toEqual(completed);
    expect(await session.compact(never)).toMatchObject({ kind: "compacted" });
    const [summary] = session.history.items;
    const carried = new TextDecoder().decode(await sessions.store.body(session.id, summary!.body));
    expect(carried).toContain("first 000000000000000100000002");
    expect(carried).toContain("0029999800299999");
    expect(JSON.stringify(inputOf(-1))).toContain("first 000000000000000100000002");
    await session.close();
  });
});

describe("a single output that is larger than the context", () => {
  it("is shortened in requests, and the turn goes on", async () => {
    const huge: ScenarioInput["turn"] = [turn(/huge/, step(listing("number ", 20_000)), step("Seen."))];
    const session = await started({ turn: huge, limits: { context_tokens: 4_000 } });
    expect(await session.run("huge", never)).toEqual(completed);
    const output = inputOf(-1).find((item) => item["type"] === "function_call_output");
    expect(output?.["output"]).toMatch(/bytes left out here/u);
    expect(simulator.requests.length).toBeLessThanOrEqual(4);
    await session.close();
  });
});

describe("a summary asked for by a person", () => {
  it("is cut short when the model repeats what it was given", async () => {
    const session = await started({ turn: long });
    expect(await session.run("first", never)).toEqual(completed);
    simulator.reset({ turn: [turn(/summary of this transcript/, step("{{prompt}}".repeat(3)))] });
    expect(await session.compact(never)).toMatchObject({ kind: "compacted" });
    expect(session.history.items[0]!.body.length).toBeLessThan(45_000);
    await session.close();
  });

  it("is made without a turn, and says what it did", async () => {
    const session = await started({ turn: long });
    expect(await session.run("first", never)).toEqual(completed);
    const before = session.history.items.length;
    expect(await session.compact(never)).toMatchObject({ kind: "compacted" });
    expect(session.history.items.length).toBeLessThan(before);
    expect(session.history.usage.inputTokens).toBeGreaterThan(0);
    expect(await session.compact(never)).toMatchObject({ kind: expect.stringMatching(/compacted|nothing/u) });
    await session.close();
  });

  it("is one in a fork, too: not shortened first, and its context stands word for word in the next one", async () => {
    const session = await started({ turn: long });
    expect(await session.run("first", never)).toEqual(completed);
    expect(await session.compact(never)).toMatchObject({ kind: "compacted" });
    await session.close();
    const fork = await resumed((await forkSession(sessions.runtime(), session.id)).id);
    simulator.reset({
      turn: [turn(/summary of this transcript/, step("SUMMARY: of all.")), turn(/second/, step("Two."))],
    });
    expect(await fork.run("second", never)).toEqual(completed);
    expect(await fork.compact(never)).toMatchObject({ kind: "compacted" });
    expect(JSON.stringify(inputOf(-1))).toContain("[summary of what came before]");
    const [summary] = fork.history.items;
    const made = new TextDecoder().decode(await sessions.store.body(fork.id, summary!.body));
    expect(made).toContain("SUMMARY: of all.");
    expect(made).toContain("The context.");
    await fork.close();
  });

  it("leaves the session as it was when the provider fails", async () => {
    const session = await started({ turn: long });
    expect(await session.run("first", never)).toEqual(completed);
    const before = (await sessions.records(session.id)).length;
    simulator.reset({ fault: [{ kind: "status", status: 500 }] });
    expect(await session.compact(never)).toMatchObject({ kind: "failed", failure: { class: "overloaded" } });
    expect(await sessions.records(session.id)).toHaveLength(before);
    await session.close();
  });
});

/** A session whose log was imported: visible items that have left the window, and a sealed compaction in their place. */
async function imported(
  issuer: string | undefined,
  blob: string,
  visible: boolean | "beside it" | "behind it",
): Promise<string> {
  const id = uuidv7(Date.now());
  const { settings } = equipment();
  const created: NewEvent = {
    type: "session-created",
    id,
    schema: schemaVersion,
    version: "test",
    workspace: { path: sessions.workspace },
    settings,
  };
  const log = await sessions.store.create(id, { event: created }, "importing");
  const add = async (item: object, origin: "input" | "model" | "repair"): Promise<void> => {
    const bytes = new TextEncoder().encode(JSON.stringify(item));
    const facts = describeItem(bytes)!;
    const by = issuer === undefined ? {} : { issuer };
    await log.append({
      event: { type: "item-added", turn: 1, step: 1, ...facts, ...by, origin },
      item: bytes,
    });
  };
  const said = (role: string, text: string): object => ({
    type: "message",
    role,
    content: [{ type: role === "user" ? "input_text" : "output_text", text }],
  });
  const sealed = { type: "compaction", id: "cmp_1", encrypted_content: blob };
  if (visible === "beside it") {
    await log.append({ event: { type: "history-replaced", count: 0 } });
    await add(said("user", "Dredge the harbour."), "repair");
    await add(sealed, "repair");
  } else if (visible === "behind it") {
    await add(said("user", "Build the harbour."), "input");
    await add(said("assistant", "The quay stands; the crane is missing."), "model");
    await log.append({ event: { type: "history-replaced", count: 2 } });
    await add(said("user", "Build the harbour."), "repair");
    await add(sealed, "repair");
  } else if (!visible) await add(sealed, "model");
  else {
    await add(said("user", "Never again."), "input");
    await log.append({ event: { type: "history-cleared", scrubbed: false } });
    await add(said("user", "Build the harbour."), "input");
    await add(said("assistant", "The quay stands; the crane is missing."), "model");
    const item = new TextEncoder().encode(JSON.stringify(sealed));
    await log.append({ event: { type: "history-compacted", ...describeItem(item)!, keepFrom: 99 }, item });
  }
  await log.release();
  return id;
}

async function sealedHere(): Promise<string> {
  const response = await fetch(`${simulator.url}/responses/compact`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer k" },
    body: JSON.stringify({ model: "gpt-5.5", input: [{ type: "message", role: "user", content: "hi" }] }),
  });
  const { output } = (await response.json()) as { output: JsonObject[] };
  return String(output.find((item) => item["type"] === "compaction")?.["encrypted_content"]);
}

describe("a sealed compaction", () => {
  it("that its own issuer opens is sent as it is", async () => {
    const id = await imported(equipment().provider.issuer, await sealedHere(), false);
    simulator.reset({ turn: long });
    const session = await resumed(id);
    expect(await session.run("third", never)).toEqual(completed);
    expect(simulator.requests).toHaveLength(1);
    expect(inputOf(0)[0]?.["type"]).toBe("compaction");
    await session.close();
  });

  it("of another issuer is told in a note when the log holds nothing of it, without a refused request", async () => {
    const id = await imported("elsewhere", await sealedHere(), false);
    simulator.reset({ turn: long });
    const session = await resumed(id);
    expect(await session.run("third", never)).toEqual(completed);
    expect(simulator.requests).toHaveLength(1);
    expect(JSON.stringify(inputOf(0))).toContain("holds nothing visible of it");
    expect(notices().join("\n")).toContain("a note says so in its place");
    expect(await session.run("third", never)).toEqual(completed);
    expect(await compactions(id)).toHaveLength(1);
    await session.close();
  });

  it("of another issuer gives way to the messages beside it where the log holds nothing else", async () => {
    const id = await imported("elsewhere", await sealedHere(), "beside it");
    simulator.reset({ turn: long });
    const session = await resumed(id);
    expect(await session.run("third", never)).toEqual(completed);
    expect(JSON.stringify(inputOf(0))).toContain("Dredge the harbour.");
    expect(notices().join("\n")).toContain("1 visible item of the log");
    await session.close();
  });

  it("gives way in each session of those that share a compactor", async () => {
    const shared = equipment();
    for (const _ of [1, 2]) {
      const id = await imported("elsewhere", await sealedHere(), false);
      simulator.reset({ turn: long });
      const session = await resumeSession(sessions.runtime(), id, { force: false }, () =>
        Promise.resolve(shared),
      );
      expect(await session.run("third", never)).toEqual(completed);
      expect(JSON.stringify(inputOf(0))).toContain("holds nothing visible of it");
      await session.close();
    }
  });

  it("of another issuer gives way to what the log shows of it, but not to what was cleared", async () => {
    const id = await imported("elsewhere", await sealedHere(), true);
    simulator.reset({ turn: long });
    const session = await resumed(id);
    expect(await session.run("third", never)).toEqual(completed);
    expect(simulator.requests).toHaveLength(1);
    const shadow = JSON.stringify(inputOf(0)[0]);
    expect(shadow).toContain("Build the harbour.");
    expect(shadow).toContain("The quay stands; the crane is missing.");
    expect(shadow).not.toContain("Never again");
    expect(notices().join("\n")).toContain("2 visible items of the log stand in its place as text");
    await session.close();
  });

  it("gives way in a session whose program gives no compactor, too", async () => {
    const id = await imported("elsewhere", await sealedHere(), "behind it");
    simulator.reset({ turn: long });
    const { compact: _compact, ...bare } = equipment();
    const session = await resumeSession(sessions.runtime(), id, { force: false }, () =>
      Promise.resolve(bare),
    );
    expect(await session.run("third", never)).toEqual(completed);
    expect(JSON.stringify(inputOf(0))).toContain("The quay stands; the crane is missing.");
    expect(await session.run("third", never)).toEqual(completed);
    expect(await compactions(id)).toHaveLength(1);
    await session.close();
  });

  it("is told to whoever summarises it, in the words of the log", async () => {
    const id = await imported(equipment().provider.issuer, await sealedHere(), "behind it");
    simulator.reset({ turn: long });
    const session = await resumed(id);
    expect(await session.run("third", never)).toEqual(completed);
    expect(inputOf(0).map((item) => item["type"])).toContain("compaction");
    expect(await session.compact(never)).toMatchObject({ kind: "compacted" });
    const asked = JSON.stringify(inputOf(-1));
    expect(asked).toContain("The quay stands; the crane is missing.");
    expect(asked.match(/Build the harbour/gu)).toHaveLength(1);
    await session.close();
  });

  it("that is refused (row 4) gives way to a text made from the log: two requests, then one a turn", async () => {
    const id = await imported(equipment().provider.issuer, await sealedHere(), false);
    simulator.reset({ turn: long });
    simulator.rotateKey();
    const session = await resumed(id);
    expect(await session.run("third", never)).toEqual(completed);
    expect(simulator.requests).toHaveLength(2);
    expect(JSON.stringify(inputOf(1))).not.toContain('"compaction"');
    expect(await session.run("third", never)).toEqual(completed);
    expect(simulator.requests).toHaveLength(3);
    await session.close();
  });
});
