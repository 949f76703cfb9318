import { isJsonObject, type JsonObject, parseJson } from "../../../lib/json.ts";
import { outcomeUnknown } from "../../../replay/pair.ts";
import { outputKinds } from "../../../session/item.ts";
import { answeredAs } from "../rollout/item.ts";
import type { Unpaired } from "../rollout/span.ts";
import type { RolloutRecord } from "../rollout/record.ts";

/** What an event tells of how a call went. */
interface Told {
  command?: string;
  output?: string;
  exit?: number;
}

/**
 * The output item of a call that has none: what the call's event tells, or that nobody knows. `event`: the record of that event, if any.
 */
export function lostOutput({ kind, call }: Unpaired, event: RolloutRecord | undefined): JsonObject {
  const { output, exit } = event ? toldBy(event) : {};
  const told =
    output === undefined
      ? outcomeUnknown
      : `${exit === undefined ? "" : `Exit code: ${exit}\n`}Output:\n${output}`;
  return { type: outputKinds[answeredAs(kind)] ?? "function_call_output", call_id: call, output: told };
}

/** The call item of an output that has none: the command that the call's event tells, or a stand-in that says so. */
export function lostCall({ kind, call }: Unpaired, event: RolloutRecord | undefined): JsonObject {
  const { command } = event ? toldBy(event) : {};
  const lost = "the record of this call was damaged";
  if (kind === "custom_tool_call_output")
    return { type: "custom_tool_call", call_id: call, name: "lost_call", input: command ?? lost };
  const named =
    command === undefined
      ? { name: "lost_call", arguments: { note: lost } }
      : { name: "exec_command", arguments: { cmd: command } };
  return {
    type: "function_call",
    call_id: call,
    name: named.name,
    arguments: JSON.stringify(named.arguments),
  };
}

function toldBy({ kind, payload }: RolloutRecord): Told {
  const from = kind === "item_completed" && isJsonObject(payload["item"]) ? payload["item"] : payload;
  const told: Told = {};
  const output = from["aggregated_output"] ?? from["formatted_output"] ?? from["stdout"] ?? from["result"];
  if (typeof output === "string") told.output = output;
  else if (output !== undefined && output !== null) told.output = JSON.stringify(output);
  if (typeof from["exit_code"] === "number") told.exit = from["exit_code"];
  const command = commandOf(from["command"]);
  if (command !== undefined) told.command = command;
  return told;
}

/** Of `["/bin/bash","-lc","ls"]` the last word; of other lists all of them. */
function commandOf(command: unknown): string | undefined {
  const words = typeof command === "string" ? (parseJson(command) ?? command) : command;
  if (typeof words === "string") return words;
  if (!Array.isArray(words) || words.length === 0) return undefined;
  const [, flag, script] = words as unknown[];
  if (words.length === 3 && (flag === "-lc" || flag === "-c") && typeof script === "string") return script;
  return words.map((word) => (typeof word === "string" ? word : JSON.stringify(word))).join(" ");
}
