import { isJsonObject, type JsonObject } from "../../lib/json.ts";
import { parseExactJson, writeJson } from "../../lib/whole-json.ts";
import { flag } from "../../replay/flag.ts";
import type { Projection } from "../../replay/project.ts";
import type { ItemRecord } from "../../session/event.ts";

/** The places of items that bring tools (`additional_tools`, Codex 0.150 on; mxyhi/token_proxy#307, 2026-08). */
export const toolItems = (records: readonly ItemRecord[]): number[] =>
  records.flatMap(({ event }) => (event.kind === "additional_tools" ? [event.seq] : []));

export function isAsItStands(projection: Projection, seq: number): boolean {
  for (const { kind, record, flags } of projection.elements())
    if (kind === "item" && record.event.seq === seq) return (flags & ~flag.detached) === flag.sent;
  return false;
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

/** The settings with these tools behind their own; one that they have already comes once. */
export function withTools(settings: JsonObject, moved: readonly unknown[]): JsonObject {
  if (moved.length === 0) return settings;
  const own: unknown[] = Array.isArray(settings["tools"]) ? settings["tools"] : [];
  const known = new Set(own.map(nameOf));
  const others = moved.filter((tool) => !known.has(nameOf(tool)));
  return { ...settings, tools: [...own, ...others] };
}

const nameOf = (tool: unknown): string => writeJson(isJsonObject(tool) ? [tool["type"], tool["name"]] : tool);
