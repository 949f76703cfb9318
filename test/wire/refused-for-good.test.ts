// A history that an endpoint refuses whatever is done about it: no request is made twice (R29), on each wire.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { compactor } from "../../src/agent/compaction.ts";
import { toolbox } from "../../src/agent/toolbox.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { uuidv7 } from "../../src/lib/ids.ts";
import { anthropicProvider } from "../../src/provider/anthropic/provider.ts";
import { chatProvider } from "../../src/provider/chat/provider.ts";
import { responsesProvider } from "../../src/provider/responses/provider.ts";
import { contractNamed } from "../../src/replay/contracts.ts";
import { createSession, type Equipment, resumeSession, type Runtime } from "../../src/runtime.ts";
import { messageItem } from "../../src/session/item.ts";
import { shell, startSimulator, step, turn, type Simulator } from "../../src/simulator/server.ts";
import { memoryStore } from "../../src/store/memory/memory-store.ts";
import type { SessionStore } from "../../src/store.ts";
import { toolEnvironment } from "../../src/tool/environment.ts";

const wires = {
  responses: { make: responsesProvider, contract: "openai", model: "gpt-5.5" },
  chat: { make: chatProvider, contract: "chat", model: "m" },
  anthropic: { make: anthropicProvider, contract: "anthropic", model: "claude-sonnet-4-5" },
} as const;
type WireName = keyof typeof wires;

let store: SessionStore;
let workspace: string;
let simulator: Simulator | undefined;

beforeEach(async () => {
  store = memoryStore({ version: "test" });
  workspace = await mkdtemp(join(tmpdir(), "throughline-refused-"));
});

afterEach(async () => {
  await simulator?.close();
  await store.close();
  await rm(workspace, { recursive: true, force: true });
});

function equipment(wire: WireName, url: string, effort: string | undefined): Equipment {
  const { make, contract, model } = wires[wire];
  return {
    provider: make({ name: wire, baseUrl: url, apiKey: "k", contract }),
    contract: contractNamed(contract),
    instructions: "You are a test.",
    settings: {
      provider: wire,
      model,
      ...(effort !== undefined && { effort }),
      instructionsHash: "0",
      approval: "all",
    },
    environment: {
      tools: toolbox(() => store.list()),
      workspace,
      env: toolEnvironment(process.env).env,
      approve: () => Promise.resolve({ allowed: true }),
      observe: () => undefined,
    },
    compact: compactor({}),
  };
}

const refusals = {
  "a dead seal": {
    code: "invalid_encrypted_content",
    message: "The encrypted content could not be verified.",
  },
  "a call without output": { message: "No tool output found for function call call_1." },
  "an item that is there twice": { code: "duplicate_item", message: "Duplicate item found with id rs_1." },
  "words that nobody knows": { message: "Die Anfrage ist ungültig." },
  "too long a history": {
    code: "context_length_exceeded",
    message: "Your input exceeds the context window.",
  },
};

describe.each(Object.keys(wires) as WireName[])("on the %s wire", (wire) => {
  it.each(Object.entries(refusals))(
    "%s costs no request twice, also where the thinking of the log isn't sent",
    async (_what, refusal) => {
      simulator = await startSimulator({ wire });
      const script = [
        turn(/first/u, { ...step(shell("echo ran >> ran.txt")), reason: "Thinking." }, step("Done.")),
        turn(/second/u, step("Never said.")),
      ];
      simulator.reset({ turn: script });
      const runtime: Runtime = {
        store,
        clock: systemClock,
        random: () => 0,
        observe: () => undefined,
        wait: false,
      };
      const never = new AbortController().signal;
      const start = {
        id: uuidv7(Date.now()),
        workspace: { path: workspace },
        context: messageItem("developer", "The context."),
      };
      const first = await createSession(runtime, start, equipment(wire, simulator.url, "low"));
      expect(await first.run("first", never)).toEqual({ kind: "completed" });
      await first.close();

      const fault = {
        kind: "status",
        status: 400,
        type: "invalid_request_error",
        times: 99,
        ...refusal,
      } as const;
      simulator.reset({ turn: script, fault: [fault] });
      const equip = (): Promise<Equipment> =>
        Promise.resolve(equipment(wire, (simulator as Simulator).url, undefined));
      const second = await resumeSession(runtime, start.id, { force: false }, equip);
      expect((await second.run("second", never)).kind).toBe("failed");
      await second.close();
      const bodies = simulator.requests.map(({ body }) => JSON.stringify(body));
      expect(bodies.length).toBeGreaterThan(1);
      expect(bodies.filter((body, at) => bodies.indexOf(body) !== at)).toEqual([]);
    },
  );
});
