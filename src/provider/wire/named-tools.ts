import { isJsonObject, type JsonObject } from "../../lib/json.ts";

/** A tool's name. Chat endpoints have what a function is in a member of its own. */
export const toolName = (tool: JsonObject): unknown =>
  isJsonObject(tool["function"]) ? tool["function"]["name"] : tool["name"];

/** The tools in a namespace, each with the name that it is known by outside of it; none for a tool that is no namespace. */
export function toolsWithin(tool: JsonObject): { name: string; tool: JsonObject }[] {
  const { type, name, tools } = tool;
  if (type !== "namespace" || typeof name !== "string" || !Array.isArray(tools)) return [];
  const before = `${name.replace(/_+$/u, "")}__`;
  return tools.filter(isJsonObject).map((inner) => ({ name: before + String(toolName(inner)), tool: inner }));
}

/**
 * The tools, with those that are meant as `change` makes them, those in namespaces too; with the last of a namespace goes the namespace.
 * The list itself where none is meant.
 */
export function changeTools(
  tools: readonly unknown[],
  isMeant: (tool: JsonObject, name: unknown) => boolean,
  change: (tool: JsonObject) => readonly JsonObject[],
): readonly unknown[] {
  let isChanged = false;
  const changeOne = (tool: JsonObject, name: unknown): readonly JsonObject[] => {
    if (!isMeant(tool, name)) return [tool];
    isChanged = true;
    return change(tool);
  };
  const changed = tools.flatMap((tool): readonly unknown[] => {
    if (!isJsonObject(tool)) return [tool];
    const inner = toolsWithin(tool);
    if (inner.length === 0 || isMeant(tool, toolName(tool))) return changeOne(tool, toolName(tool));
    const left = inner.flatMap((one) => changeOne(one.tool, one.name));
    return left.length === 0 ? [] : [{ ...tool, tools: left }];
  });
  return isChanged ? changed : tools;
}
