import type { JsonObject } from "../lib/json.ts";
import { type NewEvent, sessionEvent } from "./event.ts";
import type { ItemFacts } from "./facts.ts";

const knownTypes: ReadonlySet<string> = new Set(
  sessionEvent.options.map((option) => option.shape.type.value),
);

/**
 * Whether an event whose line has no valid checksum is one that can be believed: a whole header, and for a known type every member as
 * the schema has it. Members that the schema doesn't know are allowed. Unknown types need their header only.
 */
export function isBelievable(event: JsonObject): boolean {
  const { seq, fence, at, type } = event;
  if (!isCount(seq) || !isCount(fence) || typeof at !== "number" || typeof type !== "string") return false;
  return !knownTypes.has(type) || sessionEvent.safeParse(event).success;
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

const optionalTexts = ["role", "call", "id", "name", "issuer", "model", "followUp"] as const;
const origins: ReadonlySet<string> = new Set(["input", "model", "tool", "repair"]);

/** The schema's answer for most of what is logged, in a tenth of its time; false only means that the schema has to be asked. */
function isPlainItem(event: NewEvent): boolean {
  return (
    event.type === "item-added" &&
    Number.isFinite(event.turn) &&
    Number.isFinite(event.step) &&
    typeof event.kind === "string" &&
    origins.has(event.origin) &&
    isPlainSeal(event.sealed) &&
    (event.cut === undefined ||
      (Array.isArray(event.cut) && event.cut.length === 2 && event.cut.every(Number.isFinite))) &&
    optionalTexts.every((member) => event[member] === undefined || typeof event[member] === "string")
  );
}

const shapes: ReadonlySet<string> = new Set(["fernet", "opaque", "malformed"]);

function isPlainSeal(sealed: ItemFacts["sealed"]): boolean {
  if (sealed === undefined) return true;
  if (typeof sealed !== "object" || sealed === null) return false;
  const { at, tail, shape } = sealed;
  return (at === undefined || Number.isFinite(at)) && typeof tail === "string" && shapes.has(shape);
}

/** What is wrong with an event that is to be written, or `undefined`. Its number, lease and time are the writer's own. */
export function objection(event: NewEvent): string | undefined {
  if (isPlainItem(event)) return undefined;
  // What zod compiles for each type takes longer than what a process of a few turns ever checks with it.
  const checked = sessionEvent.safeParse({ ...event, seq: 0, fence: 0, at: 0 }, { jitless: true });
  if (checked.success) return undefined;
  const issue = checked.error.issues[0];
  return issue ? `${issue.path.join(".") || event.type}: ${issue.message}` : checked.error.message;
}
