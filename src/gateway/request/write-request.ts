import type { JsonObject } from "../../lib/json.ts";
import { wellFormedJson, writeJson } from "../../lib/whole-json.ts";
import { applied, type Edit } from "../../replay/edit.ts";
import { flag } from "../../replay/flag.ts";
import type { Projection } from "../../replay/project.ts";
import { requestInput } from "../../replay/request-input.ts";
import { cuts } from "../../replay/rewrite.ts";
import { withoutParameters } from "../../provider/wire/without.ts";
import { type ReadRequest, settingsOf } from "./read-request.ts";

/** How the members beside the items are to be. */
export interface MemberChanges {
  /** The members beside the items, parsed, before anything is left out of them. */
  readonly settings: JsonObject;
  /** Parameters that are left out, named as an endpoint names them: `reasoning.effort`. */
  readonly without: readonly string[];
  /** Whether sealed reasoning is asked for. */
  readonly sealed: boolean;
}

/** Whether the projection sends the request's items as they stand. */
export function isVerbatim(projection: Projection, items: readonly Uint8Array[]): boolean {
  let at = 0;
  for (const { kind, record, flags } of projection.elements()) {
    if (kind !== "item" || record.event.seq !== at || flags !== flag.sent) return false;
    at++;
  }
  return at === items.length;
}

/**
 * The request's bytes with its items as the projection has them, or as they are without one. What isn't changed keeps its bytes, spacing
 * included; the items are joined by commas.
 */
export async function writeRequest(
  request: ReadRequest,
  items: readonly Uint8Array[],
  projection: Projection | undefined,
  changes: MemberChanges,
): Promise<Buffer> {
  const edits = memberEdits(request, changes);
  if (request.list) {
    const [start, end] = request.list;
    const written = projection ? await projectedItems(projection, items) : joinedItems(items);
    edits.push({ from: start + 1, to: end - 1, bytes: written });
  }
  return Buffer.from(
    applied(
      request.bytes,
      edits.sort((left, right) => left.from - right.from),
    ).buffer,
  );
}

async function projectedItems(projection: Projection, items: readonly Uint8Array[]): Promise<Uint8Array> {
  const input = await requestInput(projection, async function* (refs) {
    yield refs.map(({ offset }) => items[offset]!);
  });
  const chunks: Uint8Array[] = [];
  for await (const chunk of input.chunks()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function joinedItems(items: readonly Uint8Array[]): Uint8Array {
  const comma = new Uint8Array([0x2c]);
  return Buffer.concat(items.flatMap((item, at) => (at === 0 ? [item] : [comma, item])));
}

const encoder = new TextEncoder();
const seals = "reasoning.encrypted_content";

/** The edits of the members that change; one that is left out goes with its comma. */
function memberEdits(request: ReadRequest, { settings, without, sealed }: MemberChanges): Edit[] {
  const given = settingsOf(request);
  const changed = withoutParameters(settings, without);
  const included = changed["include"];
  if (!sealed && Array.isArray(included)) {
    const rest = included.filter((name) => name !== seals);
    if (rest.length === 0) delete changed["include"];
    else changed["include"] = rest;
  }
  const isGone = (key: string): boolean => key !== "input" && !Object.hasOwn(changed, key);
  const replaced = request.members.flatMap(({ key, valueStart, end }): Edit[] => {
    if (key === "input" || isGone(key)) return [];
    const value = wellFormedJson(writeJson(changed[key]));
    return value === writeJson(given[key])
      ? []
      : [{ from: valueStart, to: end, bytes: encoder.encode(value) }];
  });
  const isNew = Object.hasOwn(changed, "tools") && !Object.hasOwn(given, "tools");
  const added = isNew ? `"tools":${wellFormedJson(writeJson(changed["tools"]))},` : "";
  // It is put before `input`, which every request has.
  const at = request.members.findLast(({ key }) => key === "input")?.keyStart;
  if (added !== "" && at !== undefined) replaced.push({ from: at, to: at, bytes: encoder.encode(added) });
  return [...cuts(request.members, ({ key }) => isGone(key)), ...replaced];
}

/** Whether anything beside the items is not well-formed: instructions and tools may hold what a provider refuses as much as items do. */
export function changesSettings(request: ReadRequest): boolean {
  const settings = writeJson(settingsOf(request));
  return wellFormedJson(settings) !== settings;
}
