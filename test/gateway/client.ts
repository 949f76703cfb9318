// A client that replays what it was sent from its own memory, as Codex does from its files, against a gateway and a simulator.
import type { GatewayOptions } from "../../src/gateway/server.ts";
import type { JsonObject } from "../../src/lib/json.ts";
import {
  type ScenarioInput,
  type Simulator,
  startSimulator,
  step,
  turn,
} from "../../src/simulator/server.ts";
import { prompt, read, requestText, type Streamed } from "../kit/simulator-client.ts";
import { ask, closeAll, gatewayTo, type Tried } from "./kit.ts";

export { last } from "../kit/simulator-client.ts";

const simulators: Simulator[] = [];

export async function closeBoth(): Promise<void> {
  await closeAll();
  await Promise.all(simulators.splice(0).map((simulator) => simulator.close()));
}

/** Each prompt is answered with reasoning and a message. */
export const talk: ScenarioInput = { turn: [turn(/./u, { ...step("Said."), reason: "Thought." })] };

export async function both(
  scenario: ScenarioInput = talk,
  options: Partial<GatewayOptions> = {},
): Promise<{ simulator: Simulator; gateway: Tried }> {
  const simulator = await startSimulator({ scenario });
  simulators.push(simulator);
  return { simulator, gateway: await gatewayTo(simulator.url, options) };
}

export async function send(
  gateway: Tried,
  input: unknown,
  more: JsonObject = {},
  headers: Record<string, string> = {},
): Promise<Streamed> {
  return read(await ask(gateway, requestText(input, more), { headers }));
}

export interface Client {
  readonly input: JsonObject[];
  say(text: string, headers?: Record<string, string>): Promise<Streamed>;
}

let clients = 0;

export function client(gateway: Tried): Client {
  const input: JsonObject[] = [];
  const key = `session-${++clients}`;
  return {
    input,
    async say(text, headers = {}) {
      input.push(prompt(text));
      const got = await send(gateway, input, { prompt_cache_key: key }, headers);
      input.push(...got.items);
      return got;
    },
  };
}

type Recorded = Simulator["requests"][number];

export const inputOf = (request: Recorded | undefined): JsonObject[] =>
  (request?.body as { input?: JsonObject[] } | undefined)?.input ?? [];
export const sealsIn = (request: Recorded | undefined): number =>
  inputOf(request).filter((item) => typeof item["encrypted_content"] === "string").length;
