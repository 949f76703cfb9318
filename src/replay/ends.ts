import { entryOf } from "../lib/table.ts";
import type { ItemRecord } from "../session/event.ts";
import type { Columns } from "./columns.ts";
import type { ReplayContract } from "./contract.ts";
import { speakerOf } from "./element.ts";
import { flag } from "./flag.ts";
import { isModelItem, isSameStep } from "./likeness.ts";
import { type ReplayEntry, ruleWords } from "./report.ts";

/** Whether a message of the user's has to be put before everything, and after it, and what a report says about that. */
export interface Ends {
  readonly head: boolean;
  readonly tail: boolean;
  readonly entries: readonly ReplayEntry[];
}

const open: Ends = { head: false, tail: false, entries: [] };

/** The role under which a message is sent. */
export function roleOf({ event: { role = "" } }: ItemRecord, { roles }: ReplayContract): string {
  return entryOf(roles, role) ?? role;
}

/** Looks at the first items and at the last ones. */
export function endsOf(
  contract: ReplayContract,
  items: readonly ItemRecord[],
  order: Int32Array,
  columns: Columns,
): Ends {
  if (contract.ends === "any") return open;
  const speaker = (at: number): ReturnType<typeof speakerOf> =>
    (columns.flags(at) & flag.sent) === 0
      ? undefined
      : speakerOf(items[at]!, columns.flags(at), roleOf(items[at]!, contract));
  const speaks = (at: number): boolean => speaker(at) !== undefined;
  const first = order.find(speaks);
  if (first === undefined) return open;
  const last = order.findLastIndex(speaks);
  const lastAt = order[last]!;
  const head = speaker(first) !== "user";
  const tail = speaker(lastAt) === "assistant" && !isAnswered(items, order, columns, last);
  const entries: ReplayEntry[] = [];
  const say = (at: number, rule: "assistant-first" | "assistant-last"): void => {
    entries.push({ seq: items[at]!.event.seq, rule, why: ruleWords[rule] });
  };
  if (head) say(first, "assistant-first");
  if (tail) say(lastAt, "assistant-last");
  return { head, tail, entries };
}

/** Whether the last step has a call with a made-up answer, which then stands after the whole step. */
function isAnswered(
  items: readonly ItemRecord[],
  order: Int32Array,
  columns: Columns,
  last: number,
): boolean {
  const { event } = items[order[last]!]!;
  for (let position = last; position >= 0; position--) {
    const at = order[position]!;
    const flags = columns.flags(at);
    if ((flags & flag.sent) === 0) continue;
    const isInStep = isSameStep(event, items[at]!.event);
    if (isInStep && (flags & flag.answered) !== 0) return true;
    if (!isInStep || !isModelItem(items[at]!)) return false;
  }
  return false;
}
