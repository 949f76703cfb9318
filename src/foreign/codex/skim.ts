import { JsonSkim } from "../../lib/json-skim.ts";
import type { JsonObject } from "../../lib/json.ts";
import type { RolloutRecord } from "./record.ts";

const wanted = [
  "timestamp",
  "ordinal",
  "type",
  "payload",
  "payload.type",
  "payload.id",
  "payload.call_id",
  "payload.name",
  "payload.encrypted_content",
  "payload.content",
  "payload.turn_id",
  "payload.error",
  "payload.last_agent_message",
  "payload.item",
  "payload.item.type",
  "payload.item.id",
] as const;
const slot = Object.fromEntries(wanted.map((path, at) => [path, at])) as Record<
  (typeof wanted)[number],
  number
>;

/** What is asked of a payload by those who examine a rollout: nothing, or a few short members. */
type Asked = "nothing" | "item" | "sealed" | "call" | "turn" | "end" | "thing";

const askedOfItems: ReadonlyMap<string, Asked> = new Map<string, Asked>([
  ["reasoning", "sealed"],
  ["function_call", "item"],
  ["function_call_output", "item"],
  ["custom_tool_call", "item"],
  ["custom_tool_call_output", "item"],
  ["local_shell_call", "item"],
  ["local_shell_call_output", "item"],
  ["web_search_call", "item"],
  ["tool_search_call", "item"],
  ["tool_search_output", "item"],
  ["image_generation_call", "item"],
  ["ghost_snapshot", "item"],
]);
const askedOfEvents: ReadonlyMap<string, Asked> = new Map<string, Asked>([
  ["token_count", "nothing"],
  ["agent_reasoning", "nothing"],
  ["agent_reasoning_raw_content", "nothing"],
  ["agent_reasoning_section_break", "nothing"],
  ["exec_command_begin", "nothing"],
  ["exec_command_output_delta", "nothing"],
  ["exec_command_end", "call"],
  ["patch_apply_begin", "nothing"],
  ["patch_apply_end", "call"],
  ["mcp_tool_call_begin", "nothing"],
  ["mcp_tool_call_end", "call"],
  ["web_search_begin", "nothing"],
  ["web_search_end", "nothing"],
  ["view_image_tool_call", "nothing"],
  ["turn_diff", "nothing"],
  ["background_event", "nothing"],
  ["task_started", "turn"],
  ["task_complete", "end"],
  ["turn_aborted", "end"],
  ["item_completed", "thing"],
]);
const askedOfTypes: ReadonlyMap<string, Asked> = new Map<string, Asked>([
  ["turn_context", "nothing"],
  ["world_state", "nothing"],
  ["token_usage_record", "nothing"],
]);
const nothing: JsonObject = {};

/**
 * Reads the lines that are most of a rollout without parsing them: they are found to be JSON, and of their payload only those members are
 * looked up that are asked for. What is said of them is what parsing the line (its bytes taken for Latin-1) would say. Who comes to ask for
 * more says so above.
 */
export class LineSkim {
  readonly #json = new JsonSkim(wanted);

  /** The bytes that lines are read from, until others are given. */
  over(bytes: Buffer): void {
    this.#json.over(bytes);
  }

  /**
   * The record of a line, its payload without what nobody asks for; `undefined`: the line has to be parsed. `start` and `end` as in
   * `JsonSkim`.
   */
  read(start: number, end: number): RolloutRecord | undefined {
    const json = this.#json;
    if (!json.skim(start, end) || !json.isObject(slot.payload)) return undefined;
    const type = json.word(slot.type);
    const kind = json.word(slot["payload.type"]);
    if (type === undefined || (json.has(slot.timestamp) && !json.isText(slot.timestamp))) return undefined;
    const payload = this.#payload(type, kind);
    if (payload === undefined) return undefined;
    const ordinal = json.number(slot.ordinal);
    // Written out: a spread costs as much as all the rest.
    if (ordinal === undefined)
      return kind === undefined
        ? { readable: true, era: "envelope", type, payload }
        : { readable: true, era: "envelope", type, kind, payload };
    return kind === undefined
      ? { readable: true, era: "paginated", type, payload, ordinal }
      : { readable: true, era: "paginated", type, kind, payload, ordinal };
  }

  /** `undefined`: more is asked of it. */
  #payload(type: string, kind: string | undefined): JsonObject | undefined {
    const json = this.#json;
    switch (askedOf(type, kind)) {
      case "nothing":
        return nothing;
      case "call":
        return { call_id: json.text(slot["payload.call_id"]) };
      case "item":
        return {
          call_id: json.text(slot["payload.call_id"]),
          id: json.text(slot["payload.id"]),
          name: json.word(slot["payload.name"]),
        };
      case "sealed":
        // Words beside what is sealed, or in its place, are asked for.
        if (json.has(slot["payload.content"]) && !json.isEmpty(slot["payload.content"])) return undefined;
        return {
          call_id: json.text(slot["payload.call_id"]),
          id: json.text(slot["payload.id"]),
          encrypted_content: json.text(slot["payload.encrypted_content"]),
          content: undefined,
        };
      case "turn": {
        const turn = slot["payload.turn_id"];
        return json.has(turn) && !json.isText(turn) ? undefined : { turn_id: json.text(turn) };
      }
      case "end": {
        const error = slot["payload.error"];
        if (json.has(error) && !json.isNull(error)) return undefined;
        const isNull = json.isNull(slot["payload.last_agent_message"]);
        return { error: undefined, last_agent_message: isNull ? null : "" };
      }
      case "thing": {
        const thing = json.word(slot["payload.item.type"]);
        // Of messages their words are asked for.
        if (thing === undefined || thing === "UserMessage" || thing === "AgentMessage") return undefined;
        return { item: { type: thing, id: json.text(slot["payload.item.id"]) } };
      }
      default:
        return undefined;
    }
  }

  /** Of the line that was read last; its bytes have to be there still. */
  get timestamp(): string | undefined {
    return this.#json.text(slot.timestamp);
  }

  get hasTimestamp(): boolean {
    return this.#json.has(slot.timestamp);
  }

  /** Whether the line that was read last has to be looked through for halves of surrogate pairs. */
  get hasSurrogates(): boolean {
    return this.#json.hasSurrogates;
  }
}

function askedOf(type: string, kind = ""): Asked | undefined {
  if (type === "response_item") return askedOfItems.get(kind);
  return type === "event_msg" ? askedOfEvents.get(kind) : askedOfTypes.get(type);
}
