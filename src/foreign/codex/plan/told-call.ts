import { isJsonObject, type JsonObject, objectOf, stringOf } from "../../../lib/json.ts";

/** A call as its event tells it: the tool's name, and either arguments or a text of its own. */
export type ToldCall =
  | { readonly name: string; readonly arguments: JsonObject }
  | { readonly name: string; readonly input: string };

/**
 * The call that an event tells of (`exec_command_end`, `patch_apply_end`, `mcp_tool_call_end`, `view_image_tool_call`, since 0.148 the
 * item of `item_completed`), as the model must have made it; `undefined` where the event doesn't say.
 */
export function toldCall(told: JsonObject): ToldCall | undefined {
  const { changes, path, invocation } = told;
  const command = commandOf(told["command"]);
  if (command !== undefined) return { name: "exec_command", arguments: { cmd: command } };
  const patch = isJsonObject(changes) ? patchOf(changes) : undefined;
  if (patch !== undefined) return { name: "apply_patch", input: patch };
  const { server, tool, arguments: given } = isJsonObject(invocation) ? invocation : told;
  if (typeof server === "string" && typeof tool === "string")
    return { name: `mcp__${server}__${tool}`, arguments: objectOf(given) };
  const isPicture = told["type"] === "ImageView" || told["type"] === "view_image_tool_call";
  if (isPicture && typeof path === "string")
    return { name: "view_image", arguments: { path: path.replace(/^file:\/\//u, "") } };
  return undefined;
}

/** The command line: of `["/bin/bash","-lc","ls"]` the last word, of other lists all of them. */
function commandOf(words: unknown): string | undefined {
  if (!Array.isArray(words) || words.length === 0) return undefined;
  // Of a damaged line one may be anything.
  if (!words.every((word) => typeof word === "string")) return undefined;
  const [, flag, script] = words;
  const isScript = words.length === 3 && (flag === "-lc" || flag === "-c");
  return isScript ? script : words.join(" ");
}

/** The patch that made these changes, in the form in which models write it; `undefined` unless each of them is known. */
function patchOf(changes: JsonObject): string | undefined {
  const parts: string[] = [];
  for (const [path, change] of Object.entries(changes)) {
    const part = isJsonObject(change) ? changeOf(path, change) : [];
    if (part.length === 0) return undefined;
    parts.push(...part);
  }
  return parts.length === 0 ? undefined : ["*** Begin Patch", ...parts, "*** End Patch"].join("\n");
}

/** The lines of a patch that make one change; none for a change of an unknown form. */
function changeOf(path: string, change: JsonObject): string[] {
  const lines = (key: string): string[] => {
    const text = stringOf(change[key]);
    return text === "" ? [] : text.replace(/\n$/u, "").split("\n");
  };
  if (change["type"] === "add")
    return [`*** Add File: ${path}`, ...lines("content").map((line) => `+${line}`)];
  if (change["type"] === "delete") return [`*** Delete File: ${path}`];
  if (change["type"] !== "update") return [];
  const { move_path: moved } = change;
  return [
    `*** Update File: ${path}`,
    ...(typeof moved === "string" ? [`*** Move to: ${moved}`] : []),
    // A patch finds its place by the lines around it, not by numbers. The diff's "no newline at end of file" has no counterpart in this
    // format.
    ...lines("unified_diff").flatMap((line) => (line.startsWith("\\") ? [] : line.replace(/^@@ .*$/u, "@@"))),
  ];
}
