import { newId } from "./model.ts";
import type { Item } from "./requirements.ts";

export type StreamEvent = Item & { type: string };

/** The events of one response in the order of the official types (openai npm, `ResponseStreamEvent`, 2026-11). */
export function responseEvents(model: string, output: readonly Item[], inputTokens: number): StreamEvent[] {
  const base = {
    id: newId("resp"),
    object: "response",
    created_at: Math.floor(Date.now() / 1_000),
    model,
    store: false,
  };
  const running = { ...base, status: "in_progress", output: [], usage: null, error: null };
  const usage = {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 20,
    output_tokens_details: { reasoning_tokens: 8 },
    total_tokens: inputTokens + 20,
  };
  const events: StreamEvent[] = [
    { type: "response.created", response: running },
    { type: "response.in_progress", response: running },
    ...output.flatMap((item, index) => itemEvents(item, index)),
    { type: "response.completed", response: { ...base, status: "completed", output, usage, error: null } },
  ];
  return events.map((event, sequence_number) => ({ ...event, sequence_number }));
}

function itemEvents(item: Item, output_index: number): StreamEvent[] {
  const at = { item_id: item["id"], output_index };
  const added = (start: Item): StreamEvent => ({
    type: "response.output_item.added",
    output_index,
    item: { ...item, ...start },
  });
  const done: StreamEvent = { type: "response.output_item.done", output_index, item };
  switch (item["type"]) {
    case "message": {
      const [part] = item["content"] as [Item];
      const member = part["type"] === "refusal" ? "refusal" : "text";
      const stem = `response.${member === "refusal" ? "refusal" : "output_text"}`;
      const text = String(part[member]);
      const place = { ...at, content_index: 0 };
      return [
        added({ status: "in_progress", content: [] }),
        { type: "response.content_part.added", ...place, part: { ...part, [member]: "" } },
        ...deltas(text).map((delta) => ({ type: `${stem}.delta`, ...place, delta })),
        { type: `${stem}.done`, ...place, [member]: text },
        { type: "response.content_part.done", ...place, part },
        done,
      ];
    }
    case "function_call":
      return [
        added({ status: "in_progress", arguments: "" }),
        ...deltas(String(item["arguments"])).map((delta) => ({
          type: "response.function_call_arguments.delta",
          ...at,
          delta,
        })),
        { type: "response.function_call_arguments.done", ...at, arguments: item["arguments"] },
        done,
      ];
    case "custom_tool_call":
      return [
        added({ status: "in_progress", input: "" }),
        ...deltas(String(item["input"])).map((delta) => ({
          type: "response.custom_tool_call_input.delta",
          ...at,
          delta,
        })),
        { type: "response.custom_tool_call_input.done", ...at, input: item["input"] },
        done,
      ];
    default:
      return [added({}), done];
  }
}

/** Cut between code units, as the real one cuts between tokens: pieces of at most 200, and never more than 20 of them. */
function deltas(text: string): string[] {
  const characters = Array.from(text);
  const size = Math.max(12, Math.ceil(characters.length / 20));
  return Array.from({ length: Math.ceil(characters.length / size) }, (_, at) =>
    characters.slice(at * size, (at + 1) * size).join(""),
  );
}

/** Ways of writing an event stream that its specification allows and that proxies and gateways were seen to use. */
export interface Framing {
  lineEnd?: "\n" | "\r\n" | "\r";
  /** A comment before every event, as keepalives are sent. */
  comments?: boolean;
  /** JSON spread over several `data:` lines. */
  multiline?: boolean;
  /** No `event:` lines. */
  nameless?: boolean;
  /** No blank after the colon; `id:` and `retry:` lines beside the data. */
  terse?: boolean;
  byteOrderMark?: boolean;
  /** Events of types that nobody knows, between all the others. */
  strangers?: boolean;
  /** `data: [DONE]` at the end. */
  done?: boolean;
  /** Every byte in a packet of its own. */
  bytewise?: boolean;
}

export function eventText(event: StreamEvent, framing: Framing): string {
  const { lineEnd = "\n", comments, multiline, nameless, terse, strangers } = framing;
  const blank = terse ? "" : " ";
  const data = multiline ? JSON.stringify(event, null, 1) : JSON.stringify(event);
  const lines = [
    ...(comments ? [": keepalive", ""] : []),
    ...(strangers
      ? [
          `event:${blank}response.tea_break.done`,
          `data:${blank}{"type":"response.tea_break.done","response":{"output":[]},"item":7}`,
          "",
        ]
      : []),
    ...(nameless ? [] : [`event:${blank}${event.type}`]),
    ...(terse ? ["id:7", "retry:3000"] : []),
    ...data.split("\n").map((line) => `data:${blank}${line}`),
    "",
    "",
  ];
  return lines.join(lineEnd);
}
