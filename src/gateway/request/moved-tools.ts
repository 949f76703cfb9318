import { isJsonObject, type JsonObject } from "../../lib/json.ts";
import { parseExactJson, writeJson } from "../../lib/whole-json.ts";
import { flag } from "../../replay/flag.ts";
import type { Projection } from "../../replay/project.ts";
import type { ItemRecord, Quarantine } from "../../session/event.ts";

/** The items that bring tools (`additional_tools`, Codex 0.150 on; mxyhi/token_proxy#307, 2026-08) and that are not sent as they stand. */
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

/** What the items at these places bring. */
export function movedTools(items: readonly Uint8Array[], places: readonly number[]): unknown[] {
  return places.flatMap((place) => {
    const item = parseExactJson(decoder.decode(items[place]));
    const tools = isJsonObject(item) ? item["tools"] : undefined;
    return Array.isArray(tools) ? (tools as unknown[]) : [];
  });
}

/** The line for a repair by which items that tools came in were moved; nothing of them is told in words. */
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
  // The later of two of a name is what was meant last.
  const others = new Map(moved.map((tool) => [nameOf(tool), tool]));
  for (const tool of own) others.delete(nameOf(tool));
  return { ...settings, tools: [...own, ...others.values()] };
}

const nameOf = (tool: unknown): string => writeJson(isJsonObject(tool) ? [tool["type"], tool["name"]] : tool);
