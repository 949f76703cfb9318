import { describe, expect, it, onTestFinished } from "vitest";
import { anthropicProvider } from "../provider/anthropic/provider.ts";
import { chatProvider } from "../provider/chat/provider.ts";
import { contractNamed } from "../replay/contracts.ts";
import { forkSession } from "../runtime/fork.ts";
import { createSession, type Session } from "../runtime.ts";
import type { Equipment } from "../runtime/equipment.ts";
import type { EventOf } from "../session/event.ts";
import { call, type ScenarioInput, startSimulator, step, turn } from "../simulator/server.ts";
import type { Tool } from "../tool.ts";
import { never } from "../../test/kit/sessions.ts";
import { simulatedSessions } from "../../test/kit/simulated-sessions.ts";
import { compactor, type CompactionOptions } from "./compaction.ts";

const sessions = simulatedSessions();

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

function equipment(options: CompactionOptions = {}): Equipment {
  const { environment, ...rest } = sessions.simulated();
  return { ...rest, environment: { ...environment, tools: [lister] }, compact: compactor(options) };
}

const started = (scenario: ScenarioInput, options?: CompactionOptions): Promise<Session> =>
  sessions.started(scenario, equipment(options));

const resumed = (id: string, options?: CompactionOptions): Promise<Session> =>
  sessions.resumed(id, equipment(options));

const run = async (session: Session, prompt: string): Promise<void> =>
  expect(await session.run(prompt, never)).toEqual({ kind: "completed" });

async function compactions(id: string): Promise<EventOf<"history-compacted">[]> {
  return (await sessions.records(id)).flatMap(({ event }) =>
    event.type === "history-compacted" ? [event] : [],
  );
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

/** A session behind the first turn of `long`. */
async function begun(): Promise<Session> {
  const session = await started({ turn: long });
  await run(session, "first");
  return session;
}

/** The same taken up with these options, once the simulator follows this scenario. */
async function takenUp(scenario: ScenarioInput, options: CompactionOptions): Promise<Session> {
  const first = await begun();
  await first.close();
  sessions.simulator.reset(scenario);
  return resumed(first.id, options);
}

describe("a context that overflows", () => {
  it.each(["http", "event", "failed"] as const)(
    "in mid-turn, told by %s, is summarised, and the turn goes on with its tool's output",
    async (overflow) => {
      const session = await started({ turn: long, limits: { context_tokens: 100_000, overflow } });
      await run(session, "first");
      const size = sessions.simulator.requests.at(-1)!.bytes / 4;
      // The first request of the second turn fits, and the one with its tool's output doesn't.
      sessions.simulator.reset({ turn: long, limits: { context_tokens: Math.ceil(size + 500), overflow } });
      await run(session, "second");
      // Call; refused; summary; answered.
      expect(sessions.simulator.requests).toHaveLength(4);
      const input = sessions.inputOf(-1);
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
      await run(session, "third");
      expect(sessions.simulator.requests).toHaveLength(5);
      await session.close();
    },
  );

  it.each(["chat", "anthropic"] as const)(
    "in mid-turn is summarised over the %s wire too, and the turn goes on",
    async (wire) => {
      const simulator = await startSimulator({ wire, scenario: { turn: long } });
      onTestFinished(() => simulator.close());
      const speak = wire === "chat" ? chatProvider : anthropicProvider;
      const base: Equipment = {
        ...equipment(),
        provider: speak({ name: "simulator", baseUrl: simulator.url, contract: wire, apiKey: "k" }),
        contract: contractNamed(wire),
        settings: { provider: "simulator", model: "simulator", instructionsHash: "0", approval: "all" },
      };
      const session = await createSession(sessions.runtime(), sessions.start(), base);
      await run(session, "first");
      const size = simulator.requests.at(-1)!.bytes / 4;
      simulator.reset({ turn: long, limits: { context_tokens: Math.ceil(size + 500) } });
      await run(session, "second");
      expect(simulator.requests).toHaveLength(4);
      expect(JSON.stringify(simulator.requests.at(-1)?.body)).toContain("SUMMARY: four listings");
      await run(session, "third");
      expect(simulator.requests).toHaveLength(5);
      await session.close();
    },
  );
});

describe("a context that is nearly full", () => {
  const message = "Your prompt was flagged as potentially violating our usage policy.";

  it("is summarised before the next request, which then fits", async () => {
    const session = await started({ turn: long }, { compactAt: 8_000 });
    for (const prompt of ["first", "second"]) await run(session, prompt);
    const made = await compactions(session.id);
    expect(made.length).toBeGreaterThan(0);
    expect(made[0]?.notice).toContain("the context was nearly full (about");
    const types = (await sessions.records(session.id)).map(({ event }) => event.type);
    expect(types).not.toContain("attempt-failed");
    // What the provider counted stays beneath the limit, by one step's outputs at most.
    for (const request of sessions.simulator.requests) expect(request.bytes / 4).toBeLessThan(8_000 + 3_500);
    await session.close();
  });

  it("stays as it is when the summary can't be made, and says so", async () => {
    const outage: ScenarioInput = { turn: long, fault: [{ kind: "status", status: 500, request: 1 }] };
    const session = await takenUp(outage, { compactAt: 8_000 });
    await run(session, "third");
    expect(sessions.simulator.requests).toHaveLength(2);
    expect(await compactions(session.id)).toEqual([]);
    expect(notices().join("\n")).toContain("could not be summarised (overloaded)");
    await session.close();
  });

  it("is not asked for before each step, when the model refuses to sum it up, but again once it has grown", async () => {
    const small = Array.from({ length: 12 }, (_, n) => step(listing(`${n}`, 300)));
    const session = await takenUp(
      {
        turn: [
          turn(/summary of this transcript/, step("SUMMARY: none.", { name: "summary" })),
          turn(/fourth/, ...small, step("Four.")),
        ],
        fault: [{ kind: "status", step: "summary", status: 400, message, times: 100 }],
      },
      { compactAt: 8_000 },
    );
    await run(session, "fourth");
    const asked = sessions.simulator.requests.filter(({ status }) => status === 400);
    expect(asked.length).toBeGreaterThan(1);
    expect(asked.length).toBeLessThanOrEqual(4);
    await session.close();
  });

  it("is asked for again before the next step, when an outage kept the model from summing it up", async () => {
    const small = Array.from({ length: 3 }, (_, n) => step(listing(`${n}`, 300)));
    const session = await takenUp(
      {
        turn: [
          turn(/summary of this transcript/, step("SUMMARY: four listings were made.")),
          turn(/fourth/, ...small, step("Four.")),
        ],
        fault: [{ kind: "overloaded", request: 1 }],
      },
      { compactAt: 8_000 },
    );
    await run(session, "fourth");
    expect(await compactions(session.id)).toHaveLength(1);
    await session.close();
  });

  it("is asked for as soon as it is full again, when it was made smaller since the model refused to sum it up", async () => {
    const session = await takenUp(
      {
        turn: [
          turn(/summary of this transcript/, step("SUMMARY: four listings were made.")),
          turn(/fourth/, step("Four.")),
          turn(/word for word\]\nfifth/, step("Five.")),
          turn(/fifth/, step(listing("a", 20_000)), step(listing("b", 20_000)), step("Five.")),
        ],
        fault: [{ kind: "status", request: 1, status: 400, message }],
      },
      { compactAt: 8_000, keepTokens: 100 },
    );
    await run(session, "fourth");
    expect(await session.compact(never)).toMatchObject({ kind: "compacted" });
    await run(session, "fifth");
    const made = await compactions(session.id);
    expect(made).toHaveLength(2);
    expect(made[1]?.notice).toContain("nearly full");
    await session.close();
  });

  it("is summarised again and again; the session opens by its last window", async () => {
    const session = await started({ turn: long }, { compactAt: 4_000, keepTokens: 1_000 });
    for (let n = 0; n < 4; n++) await run(session, "first");
    const made = await compactions(session.id);
    expect(made.length).toBeGreaterThanOrEqual(3);
    expect(JSON.stringify(sessions.inputOf(-1)[0])).toContain("The context.");
    const whole = session.history;
    await session.close();
    let seen = 0;
    await sessions.store.read(session.id, { record: () => seen++ }, { from: "window" });
    expect(seen).toBeLessThan((await sessions.records(session.id)).length / 3);
    const again = await resumed(session.id);
    const [found, before] = [again.history, whole].map(({ items }) => items.map(({ event }) => event.seq));
    expect(found).toEqual(before);
    await run(again, "third");
    await again.close();
  });
});

describe("a summary that can't be made as it is asked for", () => {
  it("is asked for with half the transcript when the transcript itself is too long", async () => {
    const session = await started({ turn: long }, { compactAt: 100_000 });
    await run(session, "first");
    sessions.simulator.reset({ turn: long, limits: { context_tokens: 2_600 } });
    await run(session, "third");
    expect(await compactions(session.id)).toHaveLength(1);
    expect(sessions.simulator.requests.length).toBeLessThanOrEqual(6);
    await session.close();
  });

  it("gives way to shorter outputs when the model refuses, and the log keeps them whole", async () => {
    const session = await begun();
    const size = sessions.simulator.requests.at(-1)!.bytes;
    sessions.simulator.reset({
      turn: [turn(/third/, step("Three."))],
      limits: { context_tokens: Math.ceil(size / 8) },
      fault: [{ kind: "status", status: 400, request: 2, code: "content_filter", message: "Filtered." }],
    });
    await run(session, "third");
    expect(sessions.simulator.requests).toHaveLength(3);
    expect(await compactions(session.id)).toEqual([]);
    const outputs = sessions.inputOf(-1).filter((item) => item["type"] === "function_call_output");
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
      sessions.simulator.reset({ turn: [turn(/fourth/, step("Four."))] });
      const other = equipment();
      const settings = { ...other.settings, model };
      const switched = await sessions.resumed(session.id, { ...other, settings });
      await run(switched, "fourth");
      expect(sessions.simulator.requests).toHaveLength(1);
      expect(JSON.stringify(sessions.inputOf(0)).includes("bytes left out here"), model).toBe(isShort);
      await switched.close();
    }
  });

  it("leaves the session as it was when a limit is met, and the turn ends as limited", async () => {
    const session = await begun();
    sessions.simulator.reset({
      turn: long,
      limits: { context_tokens: 5_000 },
      fault: [{ kind: "usage-limit", request: 2, resets_in: "1h" }],
    });
    expect(await session.run("third", never)).toMatchObject({ kind: "limited", class: "usage-limit" });
    expect(await compactions(session.id)).toEqual([]);
    sessions.simulator.reset({ turn: long, limits: { context_tokens: 5_000 } });
    expect(await session.run(undefined, never)).toEqual({ kind: "completed" });
    expect(await compactions(session.id)).toHaveLength(1);
    await session.close();
  });

  it("is tried again when the request for it is cut", async () => {
    const session = await begun();
    sessions.simulator.reset({
      turn: long,
      limits: { context_tokens: 5_000 },
      fault: [{ kind: "cut", after: "text", request: 2 }],
    });
    await run(session, "third");
    expect(await compactions(session.id)).toHaveLength(1);
    await session.close();
  });

  it("ends the turn as too long when nothing is left that could be shortened", async () => {
    const session = await started({ turn: long, limits: { context_tokens: 300 } });
    expect(await session.run(`third ${"word ".repeat(2_000)}`, never)).toMatchObject({
      kind: "failed",
      class: "context-overflow",
    });
    expect(sessions.simulator.requests.length).toBeLessThanOrEqual(2);
    await session.close();
  });
});

describe("an item of several megabytes, which the store gives in pieces", () => {
  it("is summarised, and carried on, as it stands in the log", async () => {
    const session = await started({ turn: long });
    const numbers = Array.from({ length: 300_000 }, (_, n) => String(n).padStart(8, "0")).join("");
    await run(session, `first ${numbers}`);
    expect(await session.compact(never)).toMatchObject({ kind: "compacted" });
    const [summary] = session.history.items;
    const carried = new TextDecoder().decode(await sessions.store.body(session.id, summary!.body));
    expect(carried).toContain("first 000000000000000100000002");
    expect(carried).toContain("0029999800299999");
    expect(JSON.stringify(sessions.inputOf(-1))).toContain("first 000000000000000100000002");
    await session.close();
  });
});

describe("a single output that is larger than the context", () => {
  it("is shortened in requests, and the turn goes on", async () => {
    const huge: ScenarioInput["turn"] = [turn(/huge/, step(listing("number ", 20_000)), step("Seen."))];
    const session = await started({ turn: huge, limits: { context_tokens: 4_000 } });
    await run(session, "huge");
    const output = sessions.inputOf(-1).find((item) => item["type"] === "function_call_output");
    expect(output?.["output"]).toMatch(/bytes left out here/u);
    expect(sessions.simulator.requests.length).toBeLessThanOrEqual(4);
    await session.close();
  });
});

describe("a summary asked for by a person", () => {
  it("is cut short when the model repeats what it was given", async () => {
    const session = await begun();
    sessions.simulator.reset({ turn: [turn(/summary of this transcript/, step("{{prompt}}".repeat(3)))] });
    expect(await session.compact(never)).toMatchObject({ kind: "compacted" });
    expect(session.history.items[0]!.body.length).toBeLessThan(45_000);
    await session.close();
  });

  it("is made without a turn, and says what it did", async () => {
    const session = await begun();
    const before = session.history.items.length;
    expect(await session.compact(never)).toMatchObject({ kind: "compacted" });
    expect(session.history.items.length).toBeLessThan(before);
    expect(session.history.usage.inputTokens).toBeGreaterThan(0);
    expect(await session.compact(never)).toMatchObject({ kind: expect.stringMatching(/compacted|nothing/u) });
    await session.close();
  });

  it("is one in a fork, too: not shortened first, and its context stands word for word in the next one", async () => {
    const session = await begun();
    expect(await session.compact(never)).toMatchObject({ kind: "compacted" });
    await session.close();
    const fork = await resumed((await forkSession(sessions.runtime(), session.id)).id);
    sessions.simulator.reset({
      turn: [turn(/summary of this transcript/, step("SUMMARY: of all.")), turn(/second/, step("Two."))],
    });
    await run(fork, "second");
    expect(await fork.compact(never)).toMatchObject({ kind: "compacted" });
    expect(JSON.stringify(sessions.inputOf(-1))).toContain("[summary of what came before]");
    const [summary] = fork.history.items;
    const made = new TextDecoder().decode(await sessions.store.body(fork.id, summary!.body));
    expect(made).toContain("SUMMARY: of all.");
    expect(made).toContain("The context.");
    await fork.close();
  });

  it("leaves the session as it was when the provider fails", async () => {
    const session = await begun();
    const before = (await sessions.records(session.id)).length;
    sessions.simulator.reset({ fault: [{ kind: "status", status: 500 }] });
    expect(await session.compact(never)).toMatchObject({ kind: "failed", failure: { class: "overloaded" } });
    expect(await sessions.records(session.id)).toHaveLength(before);
    await session.close();
  });
});
