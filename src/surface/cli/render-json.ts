import { isoTime } from "../../lib/date.ts";
import { isJsonObject, parseJson, parseJsonBytes } from "../../lib/json.ts";
import type { Usage } from "../../session/event.ts";
import { itemText } from "../../session/item.ts";
import type { ToolOutcome } from "../../tool.ts";
import type { Observe, SessionUpdate } from "../../turn/update.ts";
import type { ExecEvent } from "../json/events.ts";
import { patchedFiles } from "../update-words.ts";
import { jsonVersion, printEvent } from "../json/print.ts";
import type { Invocation } from "../command/command.ts";
import { inHome, updateInHome } from "../command/in-home.ts";

/**
 * One event a line in the shape that users of `codex exec --json` know (thread, turn and item events, 0.47 to 0.169), with
 * `session.recovered`, `session.waiting`, `session.rotated` and `followup.delivered` beside them. Item ids are `item_<seq>`, the same in
 * every run over the same session.
 */
export function jsonRenderer(invocation: Pick<Invocation, "terminal" | "options">): Observe {
  const { terminal } = invocation;
  // `thread.started` comes first, as clients of `codex exec --json` expect it.
  let early: ExecEvent[] | undefined = [];
  const print = (event: ExecEvent): void => {
    if (early && event.type !== "thread.started") return void early.push(event);
    for (const each of [event, ...(early ?? [])]) printEvent(terminal, each);
    early = undefined;
  };
  const inputs = new Map<number, string>();
  return (happened) => {
    const update = updateInHome(invocation, happened);
    switch (update.type) {
      case "session-opened":
        return print({
          type: "thread.started",
          schema: jsonVersion,
          thread_id: update.id,
          resumed: update.resumed,
        });
      case "notice":
        return print({ type: "session.notice", message: update.text });
      case "turn-started":
        return print({ type: "turn.started", turn: update.turn });
      case "item": {
        const item = messageItem(update);
        if (item) print({ type: "item.completed", item });
        return;
      }
      case "tool-started":
        inputs.set(update.callSeq, update.input);
        return print({ type: "item.started", item: callItem(update.callSeq, update.name, update.input) });
      case "tool-ended": {
        const input = inputs.get(update.callSeq) ?? "";
        inputs.delete(update.callSeq);
        return print({
          type: "item.completed",
          item: callItem(update.callSeq, update.name, input, update.outcome),
        });
      }
      case "silent":
        return print({ type: "session.silent", ms: update.ms });
      case "attempt-failed": {
        const { failure, action, delayMs, notice } = update;
        return print({
          type: "session.attempt_failed",
          class: failure.class,
          action,
          delay_ms: delayMs,
          message: notice,
        });
      }
      case "repaired":
        return print({
          type: "session.recovered",
          message: update.notice,
          rung: update.rung,
          items: update.count,
        });
      case "session-rotated": {
        const { from, to, notice } = update;
        return print({ type: "session.rotated", from, thread_id: to, message: notice });
      }
      case "follow-up-delivered": {
        const { id, mode, text } = update;
        return print({ type: "followup.delivered", id, mode, text });
      }
      case "waiting":
        return print({
          type: "session.waiting",
          until: isoTime(update.until),
          message: update.notice,
        });
      case "turn-ended":
        return print(turnEnd(update, (words) => inHome(invocation, words)));
      case "attempt-started":
      case "text-delta":
      case "reasoning-delta":
      case "tool-progress":
    }
  };
}

type Item = Extract<ExecEvent, { type: "item.completed" }>["item"];
type UsageJson = Extract<ExecEvent, { type: "turn.completed" }>["usage"];

function turnEnd(
  { outcome, usage }: Extract<SessionUpdate, { type: "turn-ended" }>,
  tell: (words: string) => string,
): ExecEvent {
  switch (outcome.kind) {
    case "completed":
      return { type: "turn.completed", usage: usageJson(usage) };
    case "interrupted":
      return { type: "turn.failed", error: { class: "interrupted", message: outcome.reason } };
    case "failed":
      return { type: "turn.failed", error: { class: outcome.class, message: tell(outcome.message) } };
    case "limited": {
      const until = outcome.until === undefined ? undefined : isoTime(outcome.until);
      return { type: "turn.failed", error: { class: outcome.class, message: tell(outcome.message), until } };
    }
  }
}

function usageJson(usage: Usage): UsageJson {
  return {
    input_tokens: usage.inputTokens,
    cached_input_tokens: usage.cachedInputTokens,
    output_tokens: usage.outputTokens,
    reasoning_output_tokens: usage.reasoningTokens,
  };
}

function messageItem({ record, item }: Extract<SessionUpdate, { type: "item" }>): Item | undefined {
  const { event } = record;
  if (event.type !== "item-added" || event.origin !== "model") return undefined;
  const text = itemText(parseJsonBytes(item));
  if (event.kind === "message") return { id: `item_${event.seq}`, type: "agent_message", text };
  if (event.kind === "reasoning" && text) return { id: `item_${event.seq}`, type: "reasoning", text };
  return undefined;
}

function callItem(seq: number, name: string, input: string, outcome?: ToolOutcome): Item {
  const status = outcome ? (outcome.status === "ok" ? "completed" : outcome.status) : "in_progress";
  const parsed = parseJson(input);
  if (name === "shell_command" && isJsonObject(parsed)) {
    const exit = outcome?.exitCode ?? null;
    const output = outcome?.output ?? "";
    return {
      id: `item_${seq}`,
      type: "command_execution",
      ...(typeof parsed["command"] === "string" && { command: parsed["command"] }),
      aggregated_output: output,
      exit_code: exit,
      status,
    };
  }
  if (name === "apply_patch") {
    return { id: `item_${seq}`, type: "file_change", changes: patchedFiles(input), status };
  }
  return {
    id: `item_${seq}`,
    type: "tool_call",
    tool: name,
    arguments: parsed ?? input,
    output: outcome?.output,
    status,
  };
}
