import { isCallKind } from "../../../../session/item.ts";
import { glance } from "./glance.ts";

const headBytes = 512;
/** The `id` member of an item, after members with short values. */
export const idMember = /^(\{(?:"\w+":(?:"[^"\\]*"|null),)*?)("id":"[^"\\]*",)/u;

/** An item, as its line begins. */
export interface ItemHead {
  /** It is an answer or a call. */
  readonly isModels: boolean;
  /** Where its `id` stands in the line, with the comma after it; absent where it has none there. */
  readonly id?: { readonly at: number; readonly bytes: number };
}

/** The item in a line; `undefined`: none, or the first bytes don't tell. */
export function itemHead(line: Buffer): ItemHead | undefined {
  const glanced = glance(line);
  if (glanced?.type !== "response_item") return undefined;
  const { kind = "", payload } = glanced;
  const head = line.toString("latin1", payload, payload + headBytes);
  const isModels = isCallKind(kind) || (kind === "message" && head.includes('"role":"assistant"'));
  const found = idMember.exec(head);
  if (!found) return { isModels };
  return { isModels, id: { at: payload + found[1]!.length, bytes: found[2]!.length } };
}
