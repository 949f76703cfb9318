// A bare Responses API client, for tests that look at what the simulator sends.
import { createParser } from "eventsource-parser";
import type { JsonObject } from "../../src/lib/json.ts";
import { onTestFinished } from "vitest";
import { type Simulator, type SimulatorOptions, startSimulator } from "../../src/simulator/server.ts";

export const tools = [
  { type: "function", name: "shell_command", description: "", parameters: {} },
  { type: "custom", name: "apply_patch", description: "" },
  { type: "function", name: "list_sessions", description: "", parameters: {} },
];
export const prompt = (text: string): JsonObject => ({
  type: "message",
  role: "user",
  content: [{ type: "input_text", text }],
});

/** The body of a streamed request, as an agent sends it that keeps its history itself; `more`: other members, or other values. */
export const requestText = (input: unknown, more: JsonObject = {}): string =>
  JSON.stringify({
    model: "gpt-5.5",
    store: false,
    include: ["reasoning.encrypted_content"],
    input,
    tools,
    stream: true,
    ...more,
  });

/** A simulator for this test alone. */
export async function testSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = await startSimulator(options);
  onTestFinished(() => simulator.close());
  return simulator;
}

export function post(
  simulator: Simulator,
  input: unknown,
  more: JsonObject = {},
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${simulator.url}/responses`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer key-1", ...headers },
    body: requestText(input, more),
  });
}

export interface Streamed {
  status: number;
  events: { event: string; data: JsonObject }[];
  items: JsonObject[];
  /** The connection broke before the stream ended. */
  broken: boolean;
  raw: string;
}

export async function read(response: Response): Promise<Streamed> {
  const got: Streamed = { status: response.status, events: [], items: [], broken: false, raw: "" };
  const parser = createParser({
    onEvent: ({ event = "", data }) => {
      const parsed = JSON.parse(data) as JsonObject;
      got.events.push({ event, data: parsed });
      if (event === "response.output_item.done") got.items.push(parsed["item"] as JsonObject);
    },
  });
  try {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      got.raw += chunk;
      parser.feed(chunk);
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    got.broken = true;
  }
  return got;
}

export const stream = async (...sent: Parameters<typeof post>): Promise<Streamed> =>
  read(await post(...sent));
export const json = async (...sent: Parameters<typeof post>): Promise<JsonObject> =>
  (await (await post(...sent)).json()) as JsonObject;
export const last = (streamed: Streamed): string | undefined => streamed.events.at(-1)?.event;
export const textOf = (items: JsonObject[]): string =>
  items
    .flatMap((item) =>
      item["type"] === "message" ? (item["content"] as { text: string }[]).map(({ text }) => text) : [],
    )
    .join("\n");
export const answers = (items: JsonObject[], ...texts: string[]): JsonObject[] =>
  items
    .filter((item) => String(item["type"]).endsWith("_call"))
    .map((item, at) => ({
      type: `${String(item["type"])}_output`,
      call_id: item["call_id"],
      output: texts[at] ?? "",
    }));

/** Plays an agent until the model calls no more tools; `run` answers a call. */
export async function play(
  simulator: Simulator,
  text: string,
  run: (call: JsonObject) => string,
  history: JsonObject[] = [],
): Promise<JsonObject[]> {
  const input = [...history, prompt(text)];
  for (let round = 0; round < 20; round++) {
    const { items } = await stream(simulator, input);
    const calls = items.filter((item) => String(item["type"]).endsWith("_call"));
    input.push(...items, ...answers(items, ...calls.map(run)));
    if (calls.length === 0) return input;
  }
  throw new Error("the model calls tools for ever");
}
