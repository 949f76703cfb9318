import { randomBytes } from "node:crypto";
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import type * as IdsModule from "../src/lib/ids.ts";
import { shipped } from "./shipped.ts";

const { uuidv7 } = await shipped<typeof IdsModule>("lib/ids");

/** Rollouts in the shape that Codex 0.169 writes: what a turn's lines are, how many, and how long, is that of real ones. */
export interface RolloutShape {
  /** Bytes of the whole file, about. */
  bytes: number;
  /** Bytes of a tool's output; the turn has four of them. */
  output: number;
  /** After so many turns what was said is compacted; absent: never. */
  compactedAfter?: number;
}

const instructions = "You are a coding agent. You and the user share one workspace. ".repeat(320);
const sealed = `gAAAAABr${randomBytes(900).toString("base64url")}`;
const word = "the quick brown fox jumps over the lazy dog, line after line of what a build prints\n";

/** Writes a rollout into a home and resolves to its id and path. `at`: when its thread was made, milliseconds since 1970. */
export function writeRollout(
  home: string,
  at: number,
  cwd: string,
  { bytes, output, compactedAfter }: RolloutShape,
): { id: string; path: string } {
  const id = uuidv7(at);
  const time = new Date(at).toISOString();
  const path = join(
    home,
    "sessions",
    ...time.slice(0, 10).split("-"),
    `rollout-${time.slice(0, 19).replaceAll(":", "-")}-${id}.jsonl`,
  );
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, "w");
  let ordinal = 0;
  let written = 0;
  let waiting = "";
  let items = 0;
  const line = (type: string, payload: object): void => {
    // Codex keeps this of each item beside it (0.159 and later).
    const metadata = type === "response_item" && {
      metadata: { history_sequence: ++items, sampled_through_sequence: items - 1, client_authored: false },
    };
    waiting += `${JSON.stringify({ timestamp: time, ordinal: ordinal++, type, payload, ...metadata })}\n`;
    if (waiting.length < 2 ** 20) return;
    written += writeSync(file, waiting);
    waiting = "";
  };
  line("session_meta", {
    session_id: id,
    id,
    timestamp: time,
    cwd,
    originator: "codex_cli_rs",
    cli_version: "0.169.0",
    source: "cli",
    thread_source: "user",
    model_provider: "loopback",
    base_instructions: { text: instructions },
    history_mode: "paginated",
    context_window: { window_id: uuidv7(at) },
  });
  for (let turn = 1; written + waiting.length < bytes; turn++) {
    writeTurn(line, { thread: id, cwd, turn, at, output });
    if (compactedAfter !== undefined && turn % compactedAfter === 0) writeCompaction(line, turn, at);
  }
  writeSync(file, waiting);
  closeSync(file);
  return { id, path };
}

type Line = (type: string, payload: object) => void;

/** The prompts of the last turns and a summary in words stand in the place of all before. */
function writeCompaction(line: Line, turn: number, at: number): void {
  const message = (text: string): object => ({
    type: "message",
    role: "user",
    content: [{ type: "input_text", text }],
  });
  const first = Math.max(1, turn - 11);
  const kept = Array.from({ length: turn - first + 1 }, (_, nth) => message(promptOf(first + nth)));
  const summary = `Another language model started to solve this problem and produced a summary of its thinking process.\n${word.repeat(30)}`;
  line("compacted", {
    message: summary,
    replacement_history: [...kept, message(summary)],
    window_id: uuidv7(at),
  });
}

const promptOf = (turn: number): string => `turn ${turn}: change the parser and run its tests`;

interface WrittenTurn {
  readonly thread: string;
  readonly cwd: string;
  /** Counted from 1. */
  readonly turn: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Bytes of each of its four outputs. */
  readonly output: number;
}

function writeTurn(line: Line, { thread, cwd, turn, at, output }: WrittenTurn): void {
  const turnId = uuidv7(at);
  const event = (type: string, more: object): void => line("event_msg", { type, turn_id: turnId, ...more });
  const completed = (item: object): void => event("item_completed", { thread_id: thread, item });
  const passthrough = { internal_chat_message_metadata_passthrough: { turn_id: turnId } };
  event("task_started", { started_at: Math.floor(at / 1_000), model_context_window: 258_400 });
  line("turn_context", {
    turn_id: turnId,
    cwd,
    approval_policy: "never",
    sandbox_policy: { type: "danger-full-access" },
    model: "gpt-5.5",
    summary: "none",
  });
  const prompt = promptOf(turn);
  line("response_item", {
    type: "message",
    id: `msg_${turnId}`,
    role: "user",
    content: [{ type: "input_text", text: prompt }],
    ...passthrough,
  });
  completed({ type: "UserMessage", id: uuidv7(at), content: [{ type: "text", text: prompt }] });
  for (let call = 0; call < 4; call++) {
    const [callId, item] = [`call_${newId(24)}`, newId(48)];
    const text = `${newId(16)} ${word.repeat(Math.ceil(output / word.length))}`.slice(0, output);
    line("response_item", {
      type: "reasoning",
      id: `rs_${item}`,
      summary: [],
      content: null,
      encrypted_content: sealed,
    });
    line("response_item", {
      type: "function_call",
      status: "completed",
      id: `fc_${item}`,
      name: "exec_command",
      arguments: JSON.stringify({ cmd: `npm test -- ${call}` }),
      call_id: callId,
      ...passthrough,
    });
    line("response_item", {
      type: "function_call_output",
      id: `fco_${item}`,
      call_id: callId,
      output: text,
      ...passthrough,
    });
    event("token_count", {
      info: { total_token_usage: usage, last_token_usage: usage, model_context_window: 258_400 },
    });
  }
  const answer = `Turn ${turn} is done.`;
  completed({ type: "AgentMessage", id: `msg_${newId(48)}`, content: [{ type: "Text", text: answer }] });
  line("response_item", {
    type: "message",
    status: "completed",
    id: `msg_${newId(48)}`,
    role: "assistant",
    content: [{ type: "output_text", text: answer, annotations: [] }],
    ...passthrough,
  });
  event("task_complete", { last_agent_message: answer, completed_at: Math.floor(at / 1_000) });
}

const usage = {
  input_tokens: 12_000,
  cached_input_tokens: 0,
  output_tokens: 50,
  reasoning_output_tokens: 20,
  total_tokens: 12_050,
};

const newId = (hex: number): string => randomBytes(hex / 2).toString("hex");
