// An endpoint that refuses what a test says, and a request with what Codex sends.
import type { JsonObject } from "../../src/lib/json.ts";
import { prompt } from "../kit/simulator-client.ts";
import { bodyOf, completed, created, serve, sse } from "../wire/upstream.ts";
import { ask, gatewayTo } from "./kit.ts";

export const good = created + sse("response.output_item.added", { item: {} }) + completed;

export interface Refusal {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
}

export interface Endpoint {
  readonly url: string;
  readonly sent: { text: string; body: JsonObject }[];
}

/** An endpoint that refuses a request as `refuse` says. */
export async function endpoint(
  refuse: (body: JsonObject, text: string) => Refusal | undefined,
): Promise<Endpoint> {
  const sent: Endpoint["sent"] = [];
  const url = await serve(async (request, response) => {
    const text = await bodyOf(request);
    const body = JSON.parse(text) as JsonObject;
    sent.push({ text, body });
    const refusal = refuse(body, text);
    if (!refusal) return void response.writeHead(200, { "content-type": "text/event-stream" }).end(good);
    response.writeHead(refusal.status, { "content-type": refusal.type ?? "application/json" });
    response.end(refusal.body);
  });
  return { url, sent };
}

export const refused = (status: number, body: object): Refusal => ({ status, body: JSON.stringify(body) });
export const invalid = (message: string, more: JsonObject = {}): Refusal =>
  refused(400, { error: { message, type: "invalid_request_error", param: null, code: null, ...more } });

export const seal = `gAAAAA${"B".repeat(120)}`;

export function requestBody(more: JsonObject = {}): JsonObject {
  return {
    model: "gpt-5.5",
    store: false,
    stream: true,
    include: ["reasoning.encrypted_content"],
    prompt_cache_key: "session-1",
    client_metadata: { installation: "1" },
    text: { verbosity: "low" },
    reasoning: { effort: "high", summary: "auto" },
    tools: [
      { type: "function", name: "exec_command", parameters: {} },
      { type: "custom", name: "apply_patch" },
      { type: "image_generation" },
      { type: "namespace", name: "image_gen", tools: [] },
    ],
    input: [
      prompt("List."),
      { type: "reasoning", id: "rs_1", summary: [], encrypted_content: seal },
      { type: "function_call", id: "fc_1", call_id: "call_1", name: "exec_command", arguments: "{}" },
      { type: "function_call_output", call_id: "call_1", output: "a.txt" },
      prompt("Go on."),
    ],
    ...more,
  };
}

export const items = (body: JsonObject): JsonObject[] => body["input"] as JsonObject[];

export interface Asked {
  readonly statuses: number[];
  /** The bodies that reached the endpoint. */
  readonly sent: JsonObject[];
  readonly texts: string[];
  readonly lines: readonly string[];
}

/** Asks the same three times (or `times`) through one gateway, of an endpoint that refuses what `refuse` says. */
export async function askedThrice(
  more: JsonObject,
  refuse: (body: JsonObject) => Refusal | undefined,
  times = 3,
): Promise<Asked> {
  const { url, sent } = await endpoint(refuse);
  const gateway = await gatewayTo(url);
  const [statuses, texts]: [number[], string[]] = [[], []];
  for (let turn = 0; turn < times; turn++) {
    const body = {
      model: "m",
      store: false,
      stream: true,
      input: [prompt("List."), prompt("Go on.")],
      ...more,
    };
    const answer = await ask(gateway, JSON.stringify(body));
    statuses.push(answer.status);
    texts.push(await answer.text());
  }
  return { statuses, texts, lines: gateway.lines, sent: sent.map(({ body }) => body) };
}
