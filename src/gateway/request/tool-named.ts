import { type Failure, isFailureOf } from "../../failure.ts";
import { reread } from "../../failure/named.ts";
import type { JsonObject } from "../../lib/json.ts";
import { toolsWithin } from "../../provider/wire/named-tools.ts";
import type { TakenRequest } from "./taken-request.ts";

/**
 * The failure with its tool named in a way that holds for later requests, too, in which places change: by its type, or by its name where
 * it is a function (`tools[type=…]`, `tools[name=…]`). A bare `tools[…]` is taken for a type where the request has a tool of that type,
 * else for a name: functions may be called like a type. Of a tool in a namespace some say its own name, and some what a relay has made of
 * both (`mcp__clock__sleep`).
 */
export function withToolNamed(failure: Failure, taken: TakenRequest): Failure {
  if (!isFailureOf(failure, "parameter-unsupported")) return failure;
  const [, by, told = "", part = ""] =
    /^tools\[(name=)?([\w-]+)\](\.description)?/u.exec(failure.data.parameter ?? "") ?? [];
  const { signal } = failure;
  const { tools } = taken;
  const item = /\binput\[(\d+)\]\.tools\[/u.exec(signal?.param ?? signal?.message ?? "")?.[1];
  const brought = item === undefined ? [] : taken.toolsOf(Number(item));
  const placed = brought.length > 0 ? brought : tools;
  const named = (by ? undefined : asTold(told, placed, isOfItself(failure))) ?? byName(told, tools);
  return named === undefined ? failure : reread(failure, failure.class, { parameter: named + part });
}

function asTold(told: string, tools: readonly JsonObject[], isByName: boolean): string | undefined {
  const tool = /^\d+$/u.test(told) ? tools[Number(told)] : undefined;
  if (!tool) return tools.some(({ type }) => type === told) ? `tools[type=${told}]` : undefined;
  const by = isByName || tool["type"] === "function" ? "name" : "type";
  return typeof tool[by] === "string" ? `tools[${by}=${tool[by]}]` : undefined;
}

function byName(told: string, tools: readonly JsonObject[]): string | undefined {
  const all = [...tools.map((tool) => ({ name: tool["name"], tool })), ...tools.flatMap(toolsWithin)];
  const one =
    all.find(({ name, tool }) => name === told || tool["name"] === told) ??
    all.find(({ name }) => typeof name === "string" && bare(name) === bare(told));
  return typeof one?.name === "string" ? `tools[name=${one.name}]` : undefined;
}

const bare = (name: string): string => name.replace(/^mcp__/u, "");

/** Whether a tool is refused for what it says of itself (its name, its schema), and not for its kind. */
export const isOfItself = ({ signal }: Failure): boolean =>
  /\btools\[\d+\]\.(?!type\b)\w/u.test(signal?.param ?? signal?.message ?? "");
