import { isPrompt, type ItemRecord } from "./event.ts";
import { isCallKind, isOutputKind } from "./item.ts";
import { OpenCalls } from "./open-calls.ts";

/** Where a window is cut in two: what is summarised, and what is kept whole. */
export interface Cut {
  /** The items before this index are summarised. */
  readonly index: number;
  /** Sequence number of the first item that is kept. */
  readonly keepFrom: number;
  /** Weight of the items that are summarised. */
  readonly cutBytes: number;
}

/**
 * An item's weight in bytes of text. Images and files weigh a fixed amount each: models count them by their size in pixels or words, not
 * by the length of their base64.
 */
export function weightOf({ event: { media }, body }: ItemRecord): number {
  return media ? Math.max(0, body.length - media.total) + media.count * mediaWeight : body.length;
}

/** About 1,500 tokens, a large image (OpenAI's and Anthropic's vision guides, 2026-11). */
const mediaWeight = 6_000;

/**
 * Cuts a window in two, so that at most `keepBytes` of its end are kept. More is kept where the last step alone is larger, and where
 * keeping everything since the person's last prompt costs no more than `keepBytes` on top. A step is never split, nor a call from its
 * output; a call without output is kept with everything that follows it. `undefined` when there is no such place, or nothing but context
 * stands before it.
 */
export function cutWindow(items: readonly ItemRecord[], keepBytes: number): Cut | undefined {
  const places = cutPlaces(items);
  const total = items.reduce((sum, record) => sum + weightOf(record), 0);
  let found: Cut | undefined;
  let asked: Cut | undefined;
  let cutBytes = 0;
  let at = 0;
  let isWorthIt = false;
  for (const index of places) {
    for (; at < index; at++) {
      const record = items[at]!;
      cutBytes += weightOf(record);
      isWorthIt ||= record.event.type === "item-added" && record.event.role !== "developer";
    }
    if (!isWorthIt) continue;
    found = { index, keepFrom: items[index]!.event.seq, cutBytes };
    if (isPrompt(items[index]!)) asked = found;
    if (total - cutBytes <= keepBytes) break;
  }
  const isNear = asked && found && found.cutBytes - asked.cutBytes <= keepBytes;
  return isNear ? asked : found;
}

/** The indexes, ascending, before which a window may be cut. */
function cutPlaces(items: readonly ItemRecord[]): number[] {
  const last = lastLinked(items);
  const places: number[] = [];
  let reach = -1;
  for (let index = 0; index < items.length; index++) {
    // Before index 0 stands nothing. (A cut right after an earlier summary, which would summarise it alone, isn't `isWorthIt`.)
    if (index > 0 && reach < index) places.push(index);
    reach = Math.max(reach, last[index]!);
  }
  return places;
}

/** For each item, the index of the last item that must stay on its side of a cut: the end of its step, or the output of its call. */
function lastLinked(items: readonly ItemRecord[]): number[] {
  const last = items.map((_, index) => index);
  const steps = new Map<string, number>();
  const open = new OpenCalls<number>();
  const waiting = new Set<number>();
  for (const [index, { event }] of items.entries()) {
    if (event.type === "item-added" && event.origin !== "input") {
      const step = `${event.turn}.${event.step}`;
      const first = steps.get(step);
      if (first === undefined) steps.set(step, index);
      else last[first] = index;
    }
    if (isCallKind(event.kind)) {
      open.add(event, index);
      waiting.add(index);
    } else if (isOutputKind(event.kind)) {
      const call = open.take(event);
      if (call === undefined) continue;
      waiting.delete(call);
      last[call] = Math.max(last[call]!, index);
    }
  }
  for (const call of waiting) last[call] = items.length;
  return last;
}
