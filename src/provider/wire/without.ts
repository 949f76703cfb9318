import { isJsonObject, type JsonObject, objectOf } from "../../lib/json.ts";
import { entryOf } from "../../lib/table.ts";
import { changeTools, toolName } from "./named-tools.ts";

/**
 * The members of a request body without those that the endpoint has refused, named as it names them: `include`, `reasoning.effort`. An
 * object that has nothing left in it goes too. `tools[type=web_search]` are the tools of that type, `tools[name=web_search]` those of that name
 * (`tools[name=clock__sleep]` of one in a namespace), `tools[web_search]` those of the type, or where there is none, of the name,
 * `tools[!function]` those of any other type, `tools[parameters!=object]` functions whose parameters aren't told as an object; in the place
 * of `tools[name=clock].description` goes the name; `tools[].strict`, or `strict` alone, is a member of every tool, and `store=false` sets a
 * member. Items are not touched (`input[].namespace`).
 */
export function withoutParameters(body: object, refused: readonly string[] | undefined): JsonObject {
  let rest: JsonObject = { ...body };
  for (const name of refused ?? []) rest = withoutOne(rest, name);
  return rest;
}

/** How the Responses API names what chat endpoints, and errors of servers that are built on them, call otherwise. */
const chatNames: Readonly<Record<string, string>> = {
  verbosity: "text.verbosity",
  reasoning_effort: "reasoning.effort",
  response_format: "text.format",
  max_tokens: "max_output_tokens",
  max_completion_tokens: "max_output_tokens",
};

function withoutOne(body: JsonObject, name: string): JsonObject {
  if (/^(?:input|messages)\b/u.test(name)) return body;
  const tools = /^tools\[(!|type=|name=|parameters!=|)([^\]]+)\](\.description)?$/u.exec(name);
  if (tools?.[3] !== undefined) return describedByName(body, tools[2]!);
  if (tools) return withoutTools(body, tools[1]!, tools[2]!);
  const ofTools = /^(?:tools\[\]\.(?<member>\w+)|(?<member>strict))$/u.exec(name)?.groups?.["member"];
  if (ofTools !== undefined) return withoutToolMember(body, ofTools);
  const [member = "", value] = name.split("=");
  if (value !== undefined) return { ...body, [member]: value === "true" };
  const first = member.split(/[.[]/u, 1)[0]!;
  // `reasoningEffort` (xAI).
  const spelt = member.replace(/[a-z0-9](?=[A-Z])/gu, "$&_").toLowerCase();
  const named = Object.hasOwn(body, first)
    ? member
    : (entryOf(chatNames, member) ?? entryOf(chatNames, spelt) ?? spelt);
  return withoutPath(
    body,
    named.split(/[.[\]]+/u).filter((part) => part !== ""),
  );
}

function withoutPath(object: JsonObject, [first, ...deeper]: readonly string[]): JsonObject {
  if (first === undefined || !Object.hasOwn(object, first)) return object;
  const { [first]: member, ...rest } = object;
  if (deeper.length === 0 || !isJsonObject(member)) return rest;
  const left = withoutPath(member, deeper);
  return Object.keys(left).length === 0 ? rest : { ...object, [first]: left };
}

/** A choice among tools that are gone goes with them. */
function withoutTools(body: JsonObject, by: string, named: string): JsonObject {
  const { tools } = body;
  if (!Array.isArray(tools)) return body;
  const isOfType = (tool: unknown): boolean => isJsonObject(tool) && tool["type"] === named;
  const isOfKind = by === "!" || by === "type=" || (by === "" && tools.some(isOfType));
  const isMeant = by === "parameters!=" ? hasOtherParameters(named) : isCalled(named);
  const left = isOfKind
    ? tools.filter((tool) => isOfType(tool) === (by === "!"))
    : changeTools(tools, isMeant, () => []);
  if (left === tools || (isOfKind && left.length === tools.length)) return body;
  const { tools: _tools, tool_choice: choice, parallel_tool_calls: _parallel, ...rest } = body;
  if (left.length === 0) return rest;
  const isChoiceLeft = typeof choice === "string" || left.some((tool) => isChosen(tool, choice));
  return {
    ...body,
    tools: left,
    ...(choice !== undefined && !isChoiceLeft && { tool_choice: "auto" }),
  };
}

const isCalled =
  (named: string) =>
  (_tool: JsonObject, name: unknown): boolean =>
    name === named;

const hasOtherParameters =
  (type: string) =>
  (tool: JsonObject): boolean =>
    tool["type"] === "function" &&
    objectOf(objectOf(tool["function"] ?? tool)["parameters"])["type"] !== type;

/** A namespace has to have a description, so that one which is refused isn't left out. */
function describedByName(body: JsonObject, name: string): JsonObject {
  const { tools } = body;
  if (!Array.isArray(tools)) return body;
  const described = changeTools(tools, isCalled(name), (tool) => {
    const inside = tool["function"];
    const description = toolName(tool);
    return isJsonObject(inside)
      ? [{ ...tool, function: { ...inside, description } }]
      : [{ ...tool, description }];
  });
  return { ...body, tools: described };
}

/** Chat endpoints have what a function is in a member of its own. */
function withoutToolMember(body: JsonObject, member: string): JsonObject {
  const { tools } = body;
  if (!Array.isArray(tools)) return body;
  const stripped = tools.map((tool: unknown) => {
    if (!isJsonObject(tool)) return tool;
    const inside = tool["function"];
    const whole = isJsonObject(inside) ? { ...tool, function: withoutPath(inside, [member]) } : tool;
    return withoutPath(whole, [member]);
  });
  return { ...body, tools: stripped };
}

function isChosen(tool: unknown, choice: unknown): boolean {
  if (!isJsonObject(tool) || !isJsonObject(choice)) return false;
  return (
    tool["type"] === choice["type"] && (choice["name"] === undefined || toolName(tool) === choice["name"])
  );
}
