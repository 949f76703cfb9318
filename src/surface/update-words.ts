import { isJsonObject, parseJson, parseJsonBytes } from "../lib/json.ts";
import { visible } from "../lib/printable.ts";
import { secondsWords } from "../lib/words.ts";
import { itemText } from "../session/item.ts";
import type { ToolOutcome } from "../tool.ts";
import type { SessionUpdate } from "../turn/update.ts";

type Update<Type extends SessionUpdate["type"]> = Extract<SessionUpdate, { type: Type }>;

/** What the model says in an item; `undefined` for an item that is no message of its own. */
export function answerIn({ record: { event }, item }: Update<"item">): string | undefined {
  if (event.kind !== "message" || event.type !== "item-added" || event.origin !== "model") return undefined;
  return itemText(parseJsonBytes(item));
}

/** Whether the turn ends with a failed attempt: then its outcome tells the failure. */
export function endsTurn({ action }: Update<"attempt-failed">): boolean {
  return action === "stop" || action === "park" || action === "interrupt";
}

/** A call in one line: the command, or the tool's name with its input. */
export function callLine(name: string, input: string): string {
  const parsed = parseJson(input);
  if (name === "shell_command" && isJsonObject(parsed) && typeof parsed["command"] === "string")
    return visible(parsed["command"]);
  if (name === "apply_patch")
    return visible(
      `apply_patch ${patchedFiles(input)
        .map(({ path }) => path)
        .join(" ")}`,
    );
  return visible(`${name} ${input}`);
}

/** How a call ended: "ok, 1.2 s", "exit 1, 0.3 s", "denied". */
export function outcomeWords({
  status,
  exitCode,
  durationMs,
}: Pick<ToolOutcome, "status" | "exitCode" | "durationMs">): string {
  const time = secondsWords(durationMs);
  if (status === "ok") return `ok, ${time}`;
  if (status === "denied") return "denied";
  if (exitCode === undefined) return `${status}, ${time}`;
  return status === "failed" ? `exit ${exitCode}, ${time}` : `${status}, exit ${exitCode}, ${time}`;
}

/** What a patch does to a file. */
export interface PatchedFile {
  readonly kind: "add" | "update" | "delete";
  readonly path: string;
}

const kinds: Readonly<Record<string, PatchedFile["kind"]>> = {
  Add: "add",
  Update: "update",
  Delete: "delete",
};

/** The files that a patch names, in its order. */
export function patchedFiles(patch: string): PatchedFile[] {
  return [...patch.matchAll(/^\*\*\* (Add|Update|Delete) File: (.+)$/gmu)].map(
    ([, verb = "", path = ""]) => ({ path, kind: kinds[verb] ?? "update" }),
  );
}
