// A history that an endpoint refuses whatever is done about it: no request is made twice (R29), on each wire.
import { afterEach, describe, expect, it } from "vitest";
import { compactor } from "../../src/agent/compaction.ts";
import { anthropicProvider } from "../../src/provider/anthropic/provider.ts";
import { chatProvider } from "../../src/provider/chat/provider.ts";
import { responsesProvider } from "../../src/provider/responses/provider.ts";
import { createSession, resumeSession } from "../../src/runtime.ts";
import type { Equipment } from "../../src/runtime/equipment.ts";
import { shell, startSimulator, step, turn, type Simulator } from "../../src/simulator/server.ts";
import { never, testSessions } from "../kit/sessions.ts";

const wires = {
  responses: { make: responsesProvider, contract: "openai", model: "gpt-5.5" },
  chat: { make: chatProvider, contract: "chat", model: "m" },
  anthropic: { make: anthropicProvider, contract: "anthropic", model: "claude-sonnet-4-5" },
} as const;
type WireName = keyof typeof wires;

const sessions = testSessions();
let simulator: Simulator | undefined;

afterEach(() => simulator?.close());

function equipment(wire: WireName, baseUrl: string, effort?: string): Equipment {
  const { make, contract, model } = wires[wire];
  const provider = make({ name: wire, baseUrl, apiKey: "k", contract });
  return {
    ...sessions.equipment(provider, { model, ...(effort !== undefined && { effort }) }),
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
      const [runtime, start] = [sessions.runtime(), sessions.start()];
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
      const equip = (): Promise<Equipment> => Promise.resolve(equipment(wire, (simulator as Simulator).url));
      const second = await resumeSession(runtime, start.id, { force: false }, equip);
      expect((await second.run("second", never)).kind).toBe("failed");
      await second.close();
      const bodies = simulator.requests.map(({ body }) => JSON.stringify(body));
      expect(bodies.length).toBeGreaterThan(1);
      expect(bodies.filter((body, at) => bodies.indexOf(body) !== at)).toEqual([]);
    },
  );

  it.each([
    ["that it doesn't hold, since a gateway adds it,", "temperature"],
    ["that it can't do without", "stream"],
  ])("a parameter %s costs one request, and is told as that", async (_which, name) => {
    simulator = await startSimulator({ wire });
    const refusal = {
      kind: "status",
      status: 400,
      times: 99,
      code: "unsupported_parameter",
      message: `Unsupported parameter: '${name}' is not supported with this model.`,
    } as const;
    simulator.reset({ turn: [turn(/first/u, step("Never said."))], fault: [refusal] });
    const made = equipment(wire, simulator.url, "low");
    const session = await createSession(sessions.runtime(), sessions.start(), made);
    const outcome = await session.run("first", never);
    expect(outcome).toMatchObject({ kind: "failed", class: "parameter-unsupported" });
    const isUnsent = JSON.stringify(outcome).includes(`without ${name} the same request would go out again`);
    expect(isUnsent).toBe(name === "temperature");
    await session.close();
    expect(simulator.requests).toHaveLength(1);
    expect(sessions.updates.filter(({ type }) => type === "repaired")).toEqual([]);
  });
});
