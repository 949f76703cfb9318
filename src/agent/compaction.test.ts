import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../lib/clock.ts";
import { uuidv7 } from "../lib/ids.ts";
import { isJsonObject, type JsonObject } from "../lib/json.ts";
import { responsesProvider } from "../provider/responses/provider.ts";
import { contractNamed } from "../replay/contracts.ts";
import { createSession, type Equipment, type Runtime, type Session } from "../runtime.ts";
import type { EventOf, LogRecord } from "../session/event.ts";
import { messageItem } from "../session/item.ts";
import {
  shell,
  type ScenarioInput,
  startSimulator,
  step,
  type Simulator,
  turn,
} from "../simulator/server.ts";
import { memoryStore } from "../store/memory/memory-store.ts";
import type { SessionStore } from "../store.ts";
import { toolEnvironment } from "../tool/environment.ts";
import type { SessionUpdate } from "../turn/update.ts";
import { compactor, type CompactionOptions } from "./compaction.ts";
import { toolbox } from "./toolbox.ts";

let simulator: Simulator;
let store: SessionStore;
let workspace: string;
let updates: SessionUpdate[];

beforeEach(async () => {
  simulator = await startSimulator();
  store = memoryStore({ version: "test" });
  workspace = await mkdtemp(join(tmpdir(), "throughline-compaction-"));
  updates = [];
});

afterEach(async () => {
  await simulator.close();
  await store.close();
  await rm(workspace, { recursive: true, force: true });
});

const runtime = (): Runtime => ({
  store,
  clock: systemClock,
  random: () => 0.5,
  observe: (update) => updates.push(update),
  wait: false,
});

const equipment = (options: CompactionOptions = {}, apiKey = "k"): Equipment => ({
  provider: responsesProvider({ name: "simulator", baseUrl: simulator.url, contract: "openai", apiKey }),
  contract: contractNamed("openai"),
  instructions: "You are a test.",
  settings: { provider: "simulator", model: "gpt-5.5", instructionsHash: "0", approval: "all" },
  environment: {
    tools: toolbox(() => store.list()),
    workspace,
    env: toolEnvironment(process.env).env,
    approve: () => Promise.resolve({ allowed: true }),
    observe: (update) => updates.push(update),
  },
  compact: compactor(options),
});

async function started(scenario: ScenarioInput, options?: CompactionOptions): Promise<Session> {
  simulator.reset(scenario);
  const start = {
    id: uuidv7(Date.now()),
    workspace: { path: workspace },
    version: "test",
    context: messageItem("developer", "<environment_context>here</environment_context>"),
  };
  return createSession(runtime(), start, equipment(options));
}

const never = new AbortController().signal;
const completed = { kind: "completed" };

async function records(id: string): Promise<LogRecord[]> {
  const found: LogRecord[] = [];
  await store.read(id, { record: (record) => found.push(record) });
  return found;
}

async function compactions(id: string): Promise<EventOf<"history-compacted">[]> {
  return (await records(id)).flatMap(({ event }) => (event.type === "history-compacted" ? [event] : []));
}

function inputOf(request: number): JsonObject[] {
  const input = simulator.requests.at(request)?.body?.["input"];
  return Array.isArray(input) ? input.filter(isJsonObject) : [];
}

const notices = (): string[] =>
  updates.flatMap((update) =>
    update.type === "notice" ? [update.text] : update.type === "repaired" ? [update.notice] : [],
  );

/** The first turn: four steps with outputs of about 12 kB; the second, two steps. */
const long: ScenarioInput["turn"] = [
  turn(/summary of this transcript/, step("SUMMARY: four listings were made; all is well.")),
  turn(
    /first/,
    ...[1, 2, 3, 4].map((n) => step(shell(`printf '${n}%.0s' $(seq 12000)`), { reason: `Listing ${n}.` })),
    step("Listed."),
  ),
  turn(/second/, step(shell("echo more; printf 'x%.0s' $(seq 4000)")), step("Done with the second.")),
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
      expect(JSON.stringify(input[0])).toContain("<environment_context>here");
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
