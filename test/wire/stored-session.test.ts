// Sessions on a provider that keeps the responses (`store: true`), whole: runtime, replay, ladder and provider against the simulator.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/lib/json.ts";
import { responsesProvider } from "../../src/provider/responses/provider.ts";
import { createSession, resumeSession, type Session } from "../../src/runtime.ts";
import type { Equipment } from "../../src/runtime/equipment.ts";
import { rewindTo } from "../../src/runtime/rewind.ts";
import {
  type FaultInput,
  shell,
  type Simulator,
  startSimulator,
  step,
  turn,
} from "../../src/simulator/server.ts";
import { never, testSessions } from "../kit/sessions.ts";

const sessions = testSessions();
let simulator: Simulator;

beforeEach(async () => {
  simulator = await startSimulator();
});

afterEach(() => simulator.close());

const equipment = ({ model = "gpt-5.5", apiKey = "k", contract = "openai-stored" } = {}): Equipment =>
  sessions.equipment(responsesProvider({ name: "stored", baseUrl: simulator.url, apiKey, contract }), {
    model,
    effort: "low",
  });

const script = [
  turn(
    /work/,
    step(shell("echo one"), { reason: "First." }),
    step([shell("echo two"), shell("echo three")], { reason: "Then." }),
    step("Done."),
  ),
  turn(undefined, step("Yes.", { reason: "Easy." })),
];

async function started(fault: readonly FaultInput[] = []): Promise<Session> {
  simulator.reset({ turn: script, fault: [...fault] });
  return createSession(sessions.runtime(), sessions.start(), equipment());
}

const run = async (session: Session, prompt: string): Promise<void> =>
  expect(await session.run(prompt, never)).toEqual({ kind: "completed" });

async function takenUp(session: Session, options: Parameters<typeof equipment>[0] = {}): Promise<Session> {
  await session.close();
  return resumeSession(sessions.runtime(), session.id, { force: false }, () =>
    Promise.resolve(equipment(options)),
  );
}

const inputOf = (body: JsonObject | undefined): JsonObject[] => (body?.["input"] ?? []) as JsonObject[];

/** What each request named and how many items it sent. */
const sent = (): [previous: boolean, items: number][] =>
  simulator.requests.map(({ body }) => [
    typeof body?.["previous_response_id"] === "string",
    inputOf(body).length,
  ]);
const outcomes = (): string[] => simulator.requests.map(({ outcome }) => outcome ?? "");
const notices = (): string[] =>
  sessions.updates.flatMap((update) => (update.type === "repaired" ? [update.notice] : []));

describe("a session whose provider keeps the responses", () => {
  it("sends what came since the last response, and names that", async () => {
    const session = await started();
    await run(session, "work");
    await run(session, "more");
    // Context and prompt; one output; two outputs; the next prompt.
    expect(sent()).toEqual([
      [false, 2],
      [true, 1],
      [true, 2],
      [true, 1],
    ]);
    expect(simulator.requests.every(({ body }) => body?.["store"] === true)).toBe(true);
    expect(new Set(outcomes())).toEqual(new Set(["completed"]));
    const named = simulator.requests.map(({ body }) => body?.["previous_response_id"]);
    const ended = (await sessions.records(session.id)).flatMap(({ event }) =>
      event.type === "step-ended" ? [event.response] : [],
    );
    expect(named.slice(1)).toEqual(ended.slice(0, -1));
    await session.close();
  });

  it("goes on so in another process", async () => {
    const session = await takenUp(await started().then(async (first) => (await run(first, "work"), first)));
    await run(session, "more");
    expect(sent().at(-1)).toEqual([true, 1]);
    await session.close();
  });

  it("sends everything in the same turn when the response isn't there, says so once, and builds on the new one", async () => {
    const session = await started();
    await run(session, "work");
    const before = await sessions.records(session.id);
    simulator.forgetResponses();
    await run(session, "more");
    await run(session, "and more");
    expect(outcomes().slice(3)).toEqual(["previous_response_not_found", "completed", "completed"]);
    const whole = before.filter(({ body }) => body).length + 1;
    expect(sent().slice(3)).toEqual([
      [true, 1],
      [false, whole],
      [true, 1],
    ]);
    expect(notices()).toEqual([
      "the provider has not kept the earlier responses; the whole conversation is sent in their place; nothing was left out (400 previous_response_not_found)",
    ]);
    expect((await sessions.records(session.id)).slice(0, before.length)).toEqual(before);
    // The reasoning is there by its seal, and by no id.
    const input = simulator.requests[4]?.body?.["input"] as {
      type: string;
      id?: string;
      encrypted_content?: string;
    }[];
    const reasoning = input.filter(({ type }) => type === "reasoning");
    expect(reasoning).toHaveLength(2);
    expect(reasoning.every(({ id, encrypted_content: blob }) => id === undefined && blob !== undefined)).toBe(
      true,
    );
    await session.close();
  });

  it("does without where the provider keeps none: two refusals, and never again", async () => {
    const session = await started([{ kind: "forget-responses", times: 100 }]);
    for (const prompt of ["one", "two", "three", "four"]) await run(session, prompt);
    expect(outcomes()).toEqual([
      "completed",
      "previous_response_not_found",
      "completed",
      "previous_response_not_found",
      "completed",
      "completed",
    ]);
    expect(notices()[1]).toContain("the provider keeps no responses");
    await session.close();
  });

  it("sends everything when what the response stands for has changed: another model, an account, a rewind", async () => {
    let session = await started();
    await run(session, "work");
    await run(session, "more");
    session = await takenUp(session, { model: "gpt-5.2-codex" });
    await run(session, "other model");
    expect(sent().at(-1)?.[0]).toBe(false);
    session = await takenUp(session, { model: "gpt-5.2-codex", apiKey: "other" });
    await run(session, "other account");
    expect(sent().at(-1)?.[0]).toBe(false);
    session = await takenUp(session, { model: "gpt-5.2-codex", apiKey: "other" });
    await run(session, "the same");
    expect(sent().at(-1)).toEqual([true, 1]);
    await session.close();
    const { event } = await rewindTo(sessions.store, session.id, 4);
    session = await resumeSession(sessions.runtime(), session.id, { force: false }, () =>
      Promise.resolve({ ...equipment({ model: "gpt-5.2-codex", apiKey: "other" }), changes: [event] }),
    );
    await run(session, "from there");
    expect(sent().at(-1)?.[0]).toBe(false);
    expect(new Set(outcomes())).toEqual(new Set(["completed"]));
    await session.close();
  });

  it("takes what a cut stream brought along, behind the response that was whole", async () => {
    const session = await started([{ kind: "cut", after: "call", nth: 1, request: 2 }]);
    await run(session, "work");
    expect(outcomes()).toEqual(["completed", "cut", "completed", "completed"]);
    const retry = simulator.requests[2]?.body;
    expect(retry?.["previous_response_id"]).toBe(simulator.requests[1]?.body?.["previous_response_id"]);
    expect(inputOf(retry).map(({ type }) => type)).toEqual([
      "function_call_output",
      "reasoning",
      "function_call",
      "function_call_output",
    ]);
    await session.close();
  });

  it("heals a rotated key in two requests, and goes on with one", async () => {
    const session = await started();
    await run(session, "work");
    simulator.rotateKey();
    simulator.forgetResponses();
    await run(session, "more");
    await run(session, "and more");
    // The response is gone and the seals don't open: one refusal each.
    expect(outcomes().slice(3)).toEqual([
      "previous_response_not_found",
      "sealed content refused (coded-reason)",
      "completed",
      "completed",
    ]);
    expect(sent().at(-1)).toEqual([true, 1]);
    await session.close();
  });

  it("finds what a refusal names by its place in the request, which doesn't hold what stands before it", async () => {
    const message = "Missing required parameter: 'input[1].name'.";
    const session = await started([{ kind: "status", status: 400, message, request: 3 }]);
    await run(session, "work");
    expect(sent()[2], "the outputs of the second step").toEqual([true, 2]);
    // The outputs stand in the order in which the calls ended.
    const refused = inputOf(simulator.requests[2]!.body)[1]!["call_id"];
    const input = inputOf(simulator.requests[3]!.body);
    const calls = input.filter(({ type }) => type === "function_call");
    const commands = calls.map((call) => JSON.parse(String(call["arguments"])).command as string);
    expect(commands).toHaveLength(2);
    expect(commands[0]).toBe("echo one");
    expect(calls.map((call) => call["call_id"])).not.toContain(refused);
    const inWords = ["echo two", "echo three"].find((command) => !commands.includes(command));
    expect(JSON.stringify(input), "it goes in words").toContain(inWords);
    await session.close();
  });

  it("keeps nothing with a contract that has no chain", async () => {
    const session = await takenUp(await started().then(async (first) => (await run(first, "work"), first)), {
      contract: "openai",
    });
    await run(session, "more");
    expect(simulator.requests.at(-1)?.body).toMatchObject({ store: false });
    expect(sent().at(-1)?.[0]).toBe(false);
    await session.close();
  });
});
