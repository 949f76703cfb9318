import { isJsonObject, type JsonObject, objectOf } from "../../lib/json.ts";
import { parseExactJson, writeJson } from "../../lib/whole-json.ts";
import { flag } from "../../replay/flag.ts";
import type { Projection } from "../../replay/project.ts";
import { withoutParameters } from "../../provider/wire/without.ts";
import type { ItemRecord, Quarantine } from "../../session/event.ts";

/**
 * Indexes of the items that bring tools (`additional_tools`, Codex 0.150 on; mxyhi/token_proxy#307, 2026-08) and aren't sent as they
 * stand.
 */
export function displaced(projection: Projection, records: readonly ItemRecord[]): number[] {
  const seqs = new Set(
    records.flatMap(({ event }) => (event.kind === "additional_tools" ? [event.seq] : [])),
  );
  if (seqs.size === 0) return [];
  for (const { kind, record, flags } of projection.elements())
    if (kind === "item" && (flags & ~flag.detached) === flag.sent) seqs.delete(record.event.seq);
  return [...seqs];
}

const decoder = new TextDecoder();

/** The tools that the items at these indexes bring. */
export function movedTools(items: readonly Uint8Array[], places: readonly number[]): unknown[] {
  return places.flatMap((place) => {
    const tools = read(items[place]!)["tools"];
    return Array.isArray(tools) ? (tools as unknown[]) : [];
  });
}

/** An item that tools come in, without those of them that were refused. */
export function withoutTools(item: Uint8Array, refused: readonly string[]): Uint8Array {
  const { tools, ...rest } = read(item);
  const { tools: left = [] } = withoutParameters({ tools }, refused);
  if (left === tools) return item;
  return new TextEncoder().encode(writeJson({ ...rest, tools: left }));
}

const read = (item: Uint8Array): JsonObject => objectOf(parseExactJson(decoder.decode(item)));

/** The line for a repair that made the tools of `moved` more items go among the request's own; these items aren't told in words. */
export function moveNotice(
  moved: number,
  { quarantine, notice }: { quarantine: Quarantine; notice: string },
  refusal: string,
): string {
  if (moved === 0) return notice;
  return moved === quarantine.count
    ? `the item that tools came in was refused; they are offered as the request's own from now on (${refusal})`
    : `${notice}; the tools that came as an item are offered as the request's own`;
}

/** The settings with these tools behind their own; one that they have already comes once. */
export function withTools(settings: JsonObject, moved: readonly unknown[]): JsonObject {
  if (moved.length === 0) return settings;
  const own: unknown[] = Array.isArray(settings["tools"]) ? settings["tools"] : [];
  // Of two with the same name the later one counts.
  const others = new Map(moved.map((tool) => [nameOf(tool), tool]));
  for (const tool of own) others.delete(nameOf(tool));
  return { ...settings, tools: [...own, ...others.values()] };
}

const nameOf = (tool: unknown): string => writeJson(isJsonObject(tool) ? [tool["type"], tool["name"]] : tool);
