import { isJsonObject, parseJson, type JsonObject } from "../lib/json.ts";
import { entryOf } from "../lib/table.ts";
import { builtInTurn } from "./built-in.ts";
import { offeredCall, type ModelCall } from "./offered.ts";
import type { Scenario, Step, Turn } from "./scenario.ts";

/** One output item of the model, before it gets ids. */
export type ModelOutput = { type: "reasoning" | "compaction" | "message"; text: string } | ModelCall;

/** What a request says to the model, whatever wire it came over: the history as Responses items, and tools of the same shape. */
export interface ScriptRequest {
  readonly input: readonly JsonObject[];
  readonly tools: readonly JsonObject[];
  /** Whether the answer is to be a compaction of the input and nothing else. */
  readonly compact: boolean;
}

/** What the scripted model answers to a request. */
export interface ModelAnswer {
  /** The n-th prompt of the session, from 1. */
  readonly turn: number;
  /** The name of the scripted step, if it has one. */
  readonly step: string | undefined;
  readonly outputs: readonly ModelOutput[];
}

/** What a request says about where its session is: everything the script is stepped by. */
interface Position {
  prompt: string;
  turn: number;
  /** The items after the last prompt. */
  since: JsonObject[];
}

/**
 * The next response of the scripted model. It depends on the request alone: the same session gets the same continuation after a retry, a
 * restart of the client or of the simulator. The script of the turn is walked along the model's items that the request replays; where
 * they end is the step to answer with, and a step of which the client kept only a part is completed.
 */
export function answer(scenario: Scenario, request: ScriptRequest): ModelAnswer {
  const position = locate(request.input);
  if (request.compact) {
    const summary = `Until here ${request.input.length} items; the last prompt was: ${position.prompt}`;
    return { turn: position.turn, step: undefined, outputs: [{ type: "compaction", text: summary }] };
  }
  const turn = matchTurn(scenario, position);
  const { step, from, output } = walk(turn, position.since);
  if (step === undefined)
    return { turn: position.turn, step: undefined, outputs: [{ type: "message", text: "Done." }] };
  const say = (text: string): string => fill(text, position.prompt, output);
  const planned: ModelOutput[] = [];
  if (step.say !== undefined) planned.push({ type: "message", text: say(step.say) });
  for (const call of step.call) {
    planned.push(
      offeredCall(call, request.tools) ?? {
        type: "message",
        text: `This client offers no tool for: ${JSON.stringify(call)}`,
      },
    );
  }
  const rest = planned.slice(from);
  const outputs =
    step.reason === undefined ? rest : [{ type: "reasoning" as const, text: say(step.reason) }, ...rest];
  return { turn: position.turn, step: step.name, outputs };
}

function matchTurn(scenario: Scenario, { prompt, turn }: Position): Turn {
  const scripted = scenario.turn.find(
    (candidate) =>
      (candidate.number === undefined || candidate.number === turn) &&
      (candidate.prompt === undefined || new RegExp(candidate.prompt, "mu").test(prompt)),
  );
  return scripted ?? builtInTurn(prompt);
}

/**
 * A prompt is the last of a run of user messages; a run counts as one prompt, so prompts that were never answered don't count. A line in
 * brackets behind an answer is the client's own ("[go on]"), for APIs that don't go on with an answer that was cut off, and no prompt.
 */
function locate(input: readonly JsonObject[]): Position {
  let turn = 0;
  let prompt = "";
  let since: JsonObject[] = [];
  let answered = true;
  for (const item of input) {
    if (isMessage(item) && item["role"] === "user") {
      if (since.length > 0 && /^\s*\[[^\]]*\]\s*$/u.test(textOf(item["content"]))) continue;
      if (answered) turn++;
      answered = false;
      prompt = textOf(item["content"]);
      since = [];
    } else if (isModelItem(item)) {
      answered = true;
      since.push(item);
    } else since.push(item);
  }
  return { prompt, turn: Math.max(turn, 1), since };
}

function walk(
  turn: Turn,
  since: readonly JsonObject[],
): { step: Step | undefined; from: number; output: string } {
  const made = since.filter((item) => isModelItem(item) && item["type"] !== "reasoning");
  const outputs = new Map(since.filter(isOutput).map((item) => [item["call_id"], textOf(item["output"])]));
  let output = "";
  let step: Step | undefined = turn.step[0];
  let at = 0;
  // Each round that goes on has used up at least one item, so that a script that loops ends with the history.
  while (step !== undefined && at < made.length) {
    const calls: string[] = [];
    const before = at;
    let from = 0;
    const wanted: readonly boolean[] = [
      ...(step.say === undefined ? [] : [false]),
      ...step.call.map(() => true),
    ];
    for (const isCall of wanted) {
      const item = made[at];
      if (item === undefined) return { step, from, output };
      from++;
      // A client may have dropped the text beside a call; the call stands for both.
      if (!isCall && !isMessage(item)) continue;
      at++;
      const text = outputs.get(item["call_id"]);
      if (text !== undefined) {
        calls.push(text);
        output = text;
      }
    }
    if (at === before) at++;
    step = follow(turn, step, calls);
  }
  return { step, from: 0, output };
}

function follow(turn: Turn, step: Step, outputs: readonly string[]): Step | undefined {
  const joined = outputs.join("\n");
  const rule = step.next.find(({ when }) => when === undefined || new RegExp(when, "mu").test(joined));
  if (rule === undefined) return turn.step[turn.step.indexOf(step) + 1];
  return turn.step.find(({ name }) => name === rule.go);
}

function fill(text: string, prompt: string, output: string): string {
  const values: Readonly<Record<string, string>> = {
    prompt,
    output,
    last_line: lastLine(output),
    exit_code: exitCode(output) ?? "unknown",
  };
  return text.replaceAll(/\{\{(\w+)\}\}/g, (whole, name: string) => entryOf(values, name) ?? whole);
}

/** "(nothing)" of a command that printed nothing: what tools say before an output ends with "Output:". */
function lastLine(output: string): string {
  const lines = output.trimEnd().split("\n");
  const last = lines.at(-1) ?? "";
  return last === "Output:" && lines.indexOf(last) === lines.length - 1 ? "(nothing)" : last;
}

/** Tools tell their exit status in JSON (`metadata.exit_code`) or in words ("Exit code: 1", "exited with code 1"). */
function exitCode(output: string): string | undefined {
  const told = parseJson(output);
  if (isJsonObject(told)) {
    const code =
      told["exit_code"] ?? (isJsonObject(told["metadata"]) ? told["metadata"]["exit_code"] : undefined);
    if (typeof code === "number") return String(code);
  }
  return /\bexit(?:ed)?(?: with)?(?: code| status)?[ :=]+(-?\d+)/iu.exec(output)?.[1];
}

/** Text of content or of an output: a string, or a list of parts with text. */
export function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content
    .map((part) => (isJsonObject(part) && typeof part["text"] === "string" ? part["text"] : ""))
    .join("");
}

export function isMessage(item: JsonObject): boolean {
  return item["type"] === "message" || (item["type"] === undefined && typeof item["role"] === "string");
}

/** Whether a model made the item: its messages, its reasoning, its calls. */
export function isModelItem(item: JsonObject): boolean {
  const type = item["type"];
  return (
    (isMessage(item) && item["role"] === "assistant") ||
    type === "reasoning" ||
    (typeof type === "string" && type.endsWith("_call"))
  );
}

export function isOutput(item: JsonObject): boolean {
  return typeof item["type"] === "string" && item["type"].endsWith("_call_output");
}
