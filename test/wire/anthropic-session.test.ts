// Sessions over the Messages wire, whole: runtime, replay, ladder and provider against the simulator in Anthropic's place.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isJsonObject, type JsonObject } from "../../src/lib/json.ts";
import { anthropicProvider } from "../../src/provider/anthropic/provider.ts";
import { responsesProvider } from "../../src/provider/responses/provider.ts";
import type { Provider } from "../../src/provider.ts";
import { createSession, resumeSession, type Session } from "../../src/runtime.ts";
import type { Equipment } from "../../src/runtime/equipment.ts";
import {
  shell,
  startSimulator,
  step,
  turn,
  type ScenarioInput,
  type Simulator,
} from "../../src/simulator/server.ts";
import { never, testSessions } from "../kit/sessions.ts";

type WireName = "anthropic" | "responses";

const sessions = testSessions();
let simulators: Record<WireName, Simulator>;

beforeEach(async () => {
  simulators = {
    anthropic: await startSimulator({ wire: "anthropic" }),
    responses: await startSimulator(),
  };
});

afterEach(async () => {
  for (const simulator of Object.values(simulators)) await simulator.close();
});

const models: Record<WireName, string> = { anthropic: "claude-sonnet-4-5", responses: "gpt-5.5" };

function equipment(wire: WireName): Equipment {
  const options = { name: wire, baseUrl: simulators[wire].url, apiKey: "k" };
  const provider =
    wire === "anthropic"
      ? anthropicProvider({ ...options, contract: "anthropic" })
      : responsesProvider({ ...options, contract: "openai" });
  return sessions.equipment(provider, { model: models[wire], effort: "low" });
}

/** The item with one character of its signature changed. */
function damaged(item: Uint8Array): Uint8Array {
  const text = Buffer.from(item).toString();
  const at = text.indexOf('"encrypted_content":"') + 60;
  return Buffer.from(`${text.slice(0, at)}${text[at] === "A" ? "B" : "A"}${text.slice(at + 1)}`);
}

async function started(
  wire: WireName,
  scenario: ScenarioInput,
  wrapped = (provider: Provider): Provider => provider,
): Promise<Session> {
  for (const simulator of Object.values(simulators)) simulator.reset(scenario);
  const equipped = equipment(wire);
  return createSession(sessions.runtime(), sessions.start(), {
    ...equipped,
    provider: wrapped(equipped.provider),
  });
}

/** Closes the session and resumes it with another provider. */
async function takenUpWith(wire: WireName, session: Session): Promise<Session> {
  await session.close();
  return resumeSession(sessions.runtime(), session.id, { force: false }, () =>
    Promise.resolve(equipment(wire)),
  );
}

async function items(id: string): Promise<JsonObject[]> {
  const found: JsonObject[] = [];
  for (const record of await sessions.records(id)) {
    if (!record.body) continue;
    const item: unknown = JSON.parse(Buffer.from(await sessions.store.body(id, record.body)).toString());
    if (isJsonObject(item)) found.push(item);
  }
  return found;
}

/** The blocks of a type in a request's messages. */
function blocks(request: number, type: string): JsonObject[] {
  const messages = simulators.anthropic.requests[request]?.body?.["messages"] as { content: JsonObject[] }[];
  return messages.flatMap(({ content }) => content).filter((block) => block["type"] === type);
}

const outcomes = (wire: WireName): (string | undefined)[] =>
  simulators[wire].requests.map(({ outcome }) => outcome);
const runs = (say: string): ScenarioInput["turn"] => [
  turn(undefined, step(shell("echo ran >> ran"), { reason: "Look." }), step(say, { reason: "Enough." })),
];

describe("a turn over the Messages wire", () => {
  it("sends the thinking of its open loop back byte for byte", async () => {
    const session = await started("anthropic", { turn: runs("Done.") });
    expect(await session.run("go", never)).toEqual({ kind: "completed" });
    expect(outcomes("anthropic")).toEqual(["completed", "completed"]);
    const thinking = (await items(session.id)).find(({ type }) => type === "reasoning");
    expect(blocks(1, "thinking")).toEqual([
      { type: "thinking", thinking: "Look.", signature: thinking?.["encrypted_content"] },
    ]);
    expect(blocks(1, "tool_result")).toHaveLength(1);
    expect(await session.run("again", never)).toEqual({ kind: "completed" });
    expect(simulators.anthropic.requests.every(({ status }) => status === 200)).toBe(true);
    await session.close();
  });

  it.each(["call", "arguments", "end", "message"] as const)(
    "that is cut after %s goes on from what was delivered and runs its tool once",
    async (after) => {
      const say = after === "message" ? "First." : undefined;
      const first = step(shell("echo ran >> ran"), { reason: "Look.", ...(say !== undefined && { say }) });
      const session = await started("anthropic", {
        turn: [turn(undefined, first, step("Done."))],
        fault: [{ kind: "cut", after, request: 1 }],
      });
      expect(await session.run("go", never)).toEqual({ kind: "completed" });
      expect(sessions.ran()).toBe(1);
      expect(
        outcomes("anthropic")
          .slice(1)
          .every((outcome) => outcome === "completed"),
      ).toBe(true);
      const said = (await items(session.id)).filter(({ role }) => role === "assistant");
      expect(said).toHaveLength(say === undefined ? 1 : 2);
      await session.close();
    },
  );

  it("is healed with one refused request when the signing key was rotated, and the next turns have none", async () => {
    const session = await started("anthropic", { turn: runs("Done.") });
    await session.run("one", never);
    await session.run("two", never);
    simulators.anthropic.rotateKey();
    const before = simulators.anthropic.requests.length;
    expect(await session.run("three", never)).toEqual({ kind: "completed" });
    expect(outcomes("anthropic").slice(before)).toEqual(["signature refused", "completed", "completed"]);
    expect(await session.run("four", never)).toEqual({ kind: "completed" });
    expect(outcomes("anthropic").slice(before + 3)).toEqual(["completed", "completed"]);
    // What the new key signed is sent on; thinking goes on.
    expect(blocks(before + 4, "thinking").length).toBeGreaterThan(0);
    await session.close();
  });

  it("is healed when the key was rotated in the middle of its tool loop", async () => {
    const session = await started("anthropic", {
      turn: runs("Done."),
      fault: [{ kind: "rotate-key", request: 2 }],
    });
    expect(await session.run("go", never)).toEqual({ kind: "completed" });
    expect(outcomes("anthropic")).toEqual(["completed", "signature refused", "completed"]);
    expect(sessions.ran()).toBe(1);
    await session.close();
  });

  it("loses only the one signature that was damaged among good ones", async () => {
    let count = 0;
    const damaging = (inner: Provider): Provider => ({
      name: inner.name,
      contract: inner.contract,
      issuer: inner.issuer,
      async *stream(request, signal) {
        for await (const event of inner.stream(request, signal)) {
          const isSecond = event.type === "item" && event.facts.kind === "reasoning" && ++count === 2;
          yield isSecond ? { ...event, item: damaged(event.item) } : event;
        }
      },
    });
    const session = await started("anthropic", { turn: runs("Done.") }, damaging);
    await session.run("one", never);
    const before = simulators.anthropic.requests.length;
    expect(await session.run("two", never)).toEqual({ kind: "completed" });
    expect(outcomes("anthropic").slice(before)).toEqual(["signature refused", "completed", "completed"]);
    const signatures = (await items(session.id)).flatMap((item) => item["encrypted_content"] ?? []);
    expect(blocks(before, "thinking").map(({ signature }) => signature)).toEqual(signatures.slice(0, 2));
    expect(blocks(before + 1, "thinking").map(({ signature }) => signature)).toEqual(signatures.slice(0, 1));
    const set = (await sessions.records(session.id)).flatMap(({ event }) =>
      event.type === "items-quarantined" ? [event] : [],
    );
    expect(set).toMatchObject([{ rung: 0, count: 1, why: "thinking-signature-rejected" }]);
    await session.close();
  });

  it("waits out an overloaded provider", async () => {
    const session = await started("anthropic", {
      turn: runs("Done."),
      fault: [{ kind: "overloaded", retry_after: "10ms" }],
    });
    expect(await session.run("go", never)).toEqual({ kind: "completed" });
    expect(simulators.anthropic.requests.map(({ status }) => status)).toEqual([529, 200, 200]);
    await session.close();
  });
});

describe("a session that changes its backend between turns", () => {
  it.each<WireName[]>([
    ["responses", "anthropic", "responses"],
    ["anthropic", "responses", "anthropic"],
  ])("goes from %s to %s and back to %s without a refused request", async (...wires) => {
    let session: Session | undefined;
    for (const [at, wire] of wires.entries()) {
      session =
        session === undefined
          ? await started(wire, { turn: runs("Done.") })
          : await takenUpWith(wire, session);
      expect(await session.run(`turn ${at}`, never)).toEqual({ kind: "completed" });
    }
    for (const wire of ["responses", "anthropic"] as const)
      expect(outcomes(wire)).toEqual(simulators[wire].requests.map(() => "completed"));
    expect(sessions.ran()).toBe(3);
    // On the way back the first backend's own sealed items are sent to it again, and the other's are not.
    const home = wires[0]!;
    const last = JSON.stringify(simulators[home].requests.at(-2)?.body);
    const sealed = (await items(session!.id)).flatMap((item) =>
      typeof item["encrypted_content"] === "string"
        ? [{ isAnthropic: item["format"] !== undefined, blob: item["encrypted_content"] }]
        : [],
    );
    expect(sealed).toHaveLength(6);
    for (const { isAnthropic, blob } of sealed.slice(0, 4))
      expect(last.includes(blob)).toBe(isAnthropic === (home === "anthropic"));
    await session!.close();
  });

  it.each<[WireName, WireName]>([
    ["responses", "anthropic"],
    ["anthropic", "responses"],
  ])("goes on from %s to %s in the middle of a tool loop", async (from, to) => {
    const session = await started(from, { turn: runs("Done.") });
    simulators[from].reset({ turn: runs("Done."), fault: [{ kind: "quota", request: 2 }] });
    expect(await session.run("go", never)).toMatchObject({ kind: "failed", class: "billing" });
    const next = await takenUpWith(to, session);
    expect(await next.run(undefined, never)).toEqual({ kind: "completed" });
    expect(outcomes(to)).toEqual(["completed"]);
    expect(sessions.ran()).toBe(1);
    if (to === "anthropic") {
      // The loop began without thinking of this wire's, so that none is asked for until it ends.
      expect(simulators.anthropic.requests[0]?.body).not.toHaveProperty("thinking");
      await next.run("again", never);
      expect(simulators.anthropic.requests[1]?.body).toHaveProperty("thinking");
    }
    await next.close();
  });
});
