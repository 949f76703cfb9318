import { isJsonObject, type JsonObject } from "../../../lib/json.ts";
import { writeJson } from "../../../lib/whole-json.ts";
import { outcomeUnknown } from "../../../replay/pair.ts";
import { outputKinds } from "../../../session/item.ts";
import { answerTo } from "../rollout/payload/answer.ts";
import type { Unpaired } from "../examine/unpaired.ts";
import { toldCall } from "./told-call.ts";
import type { RolloutRecord } from "../rollout/record/record.ts";

/** The half of a pair that is there: the item's type, and the call's id. */
type Half = Pick<Unpaired, "kind" | "call">;

/** What an event tells of how a call went. */
interface Told {
  output?: string;
  exit?: number;
}

/**
 * The output item for a call that has none: what the call's event tells, or that the outcome is unknown. `event`: the record of that
 * event, if any.
 */
export function lostOutput({ kind, call }: Half, event: RolloutRecord | undefined): JsonObject {
  const { output, exit } = event ? toldBy(event) : {};
  const told =
    output === undefined
      ? outcomeUnknown
      : `${exit === undefined ? "" : `Exit code: ${exit}\n`}Output:\n${output}`;
  return answerTo(kind, call, told);
}

/** The output item for a script's call that has none (code mode): that its outcome is unknown, and what events tell of the calls it made. */
export function scriptOutput({ kind, call }: Half, events: readonly RolloutRecord[]): JsonObject {
  const calls = events.flatMap((event) => {
    const made = toldCall(tellingPart(event));
    if (made === undefined) return [];
    const { output = "", exit } = toldBy(event);
    const given = "input" in made ? made.input : writeJson(made.arguments);
    const ended = exit === undefined ? "" : `\nExit code: ${exit}`;
    return `${made.name} ${given}${ended}${output === "" ? "" : `\nOutput:\n${output}`}`;
  });
  const told = [`${outcomeUnknown}. The script made these calls:`, ...calls].join("\n\n");
  return { type: outputKinds[kind]!, call_id: call, output: calls.length === 0 ? outcomeUnknown : told };
}

/** The call item for an output (of that `kind`) that has none: the call as an event tells it, or a stand-in that says that the record was damaged. */
export function lostCall({ kind, call }: Half, event: RolloutRecord | undefined): JsonObject {
  const told = event && toldCall(tellingPart(event));
  const text = told && "input" in told ? told.input : undefined;
  const given = told === undefined || "input" in told ? undefined : told.arguments;
  if (kind === "custom_tool_call_output") {
    const name = text === undefined ? "lost_call" : told!.name;
    return {
      type: "custom_tool_call",
      call_id: call,
      name,
      input: text ?? (given ? writeJson(given) : lost),
    };
  }
  const name = told?.name.replaceAll(/[^\w-]/gu, "_").slice(0, longestName) ?? "lost_call";
  const made = given ?? (text === undefined ? { note: lost } : { input: text });
  return { type: "function_call", call_id: call, name, arguments: writeJson(made) };
}

const lost = "the record of this call was damaged";
/** Providers take no longer names. */
const longestName = 64;

/** The part of an event that tells the call: its payload, or the item in it. */
function tellingPart({ payload }: RolloutRecord): JsonObject {
  return isJsonObject(payload["item"]) ? payload["item"] : payload;
}

function toldBy(event: RolloutRecord): Told {
  const from = tellingPart(event);
  const told: Told = {};
  const output = from["aggregated_output"] ?? from["stdout"] ?? from["result"];
  if (typeof output === "string") told.output = output;
  else if (output !== undefined && output !== null) told.output = writeJson(output);
  if (typeof from["exit_code"] === "number") told.exit = from["exit_code"];
  return told;
}
