import { Failure, isFailureOf } from "../../failure.ts";
import type { JsonObject } from "../../lib/json.ts";
import type { TakenRequest } from "./taken-request.ts";

/**
 * The failure with its tool named in a way that holds for later requests, too, in which places change: by its type, or by its name where
 * it is a function (`tools[type=…]`, `tools[name=…]`). A bare `tools[…]` is taken for a type where the request has a tool of that type,
 * else for a name: functions may be called like a type.
 */
export function withToolNamed(failure: Failure, taken: TakenRequest): Failure {
  if (!isFailureOf(failure, "parameter-unsupported")) return failure;
  const told = /^tools\[([\w-]+)\]/u.exec(failure.data.parameter ?? "")?.[1];
  const parameter = told === undefined ? undefined : meant(told, taken.tools, isOfItself(failure));
  if (parameter === undefined) return failure;
  const { signal } = failure;
  return new Failure(failure.class, failure.message, { parameter }, signal === undefined ? {} : { signal });
}

function meant(told: string, tools: readonly JsonObject[], isByName: boolean): string | undefined {
  const tool = /^\d+$/u.test(told) ? tools[Number(told)] : undefined;
  if (tool) {
    const by = isByName || tool["type"] === "function" ? "name" : "type";
    return typeof tool[by] === "string" ? `tools[${by}=${tool[by]}]` : undefined;
  }
  const by = (["type", "name"] as const).find((member) => tools.some((one) => one[member] === told));
  return by === undefined ? undefined : `tools[${by}=${told}]`;
}

/** Whether a tool is refused for what it says of itself (its name, its schema), and not for its kind. */
export const isOfItself = ({ signal }: Failure): boolean =>
  /\btools\[\d+\]\.(?!type\b)\w/u.test(signal?.param ?? signal?.message ?? "");
