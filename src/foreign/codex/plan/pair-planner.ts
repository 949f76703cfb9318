import { isJsonObject } from "../../../lib/json.ts";
import { writeJson } from "../../../lib/whole-json.ts";
import { isOutputKind, outputKinds } from "../../../session/item.ts";
import type { Edit } from "./edit.ts";
import type { EditedFile } from "./edited-file.ts";
import type { Examination } from "../examine/examination.ts";
import { isOfScript } from "../examine/watched-record.ts";
import { answerKind } from "../rollout/payload/answer.ts";
import { isCopiedCall } from "../findings/judge.ts";
import { linesIn, partOf, type RolloutLine, type Span, startsOf } from "../rollout/bytes/lines.ts";
import type { Unpaired } from "../examine/unpaired.ts";
import { memberIn, payloadIn } from "./line-places.ts";
import { padded } from "./line-bytes.ts";
import { pairedByPlace } from "./paired-by-place.ts";
import { lostCall, lostOutput, scriptOutput } from "./rebuild-pair.ts";
import { rebuiltLine } from "./rebuilt-line.ts";
import { readRecord, type RolloutRecord } from "../rollout/record/record.ts";
import type { PlanOptions } from "./plan-options.ts";
import { isBlank } from "../rollout/bytes/white-space.ts";

/** A call and its output are at most so many lines apart where one of them is damaged: further away it is another call's. */
const nearby = 16;
/** With more findings than this, no blank lines are searched for them: each search takes a read. */
const mostInLines = 1_000;
/** With more halves than this none are paired by their places. */
const mostRenumbered = 20_000;
/** Bytes from a call to its output, at most, that are looked through for what was lost. */
const mostBetween = 2 ** 22;
/** Records that no step has within. */
const betweenTurns: ReadonlySet<string> = new Set(["turn_context", "compacted"]);
/** An altered id differs from the original in at most so many characters. */
const mostChanged = 2;
/** Shorter ids are mere counters (`call_1`), which differ little from each other. */
const uniqueId = 20;

/**
 * Gives calls their outputs and outputs their calls. Halves that are both there are brought together; a missing half is put in, into a
 * line that became blank where there is one, so that nothing moves. Call `exchanged` first, then `renamed`, `renumbered` and `lost`.
 */
export class PairPlanner {
  readonly #found: Examination;
  readonly #isRead: boolean;
  readonly #file: EditedFile;
  /** Offsets of halves that were brought together. */
  readonly #paired = new Set<number>();
  /** Offsets of blank lines that are taken for something put in. */
  #taken: Set<number> | undefined;
  /** Offsets of unreadable lines, which become blank in this repair. */
  #unreadable: ReadonlySet<number> | undefined;

  constructor(found: Examination, { isRead = false }: Pick<PlanOptions, "isRead">, file: EditedFile) {
    this.#found = found;
    this.#isRead = isRead;
    this.#file = file;
  }

  /** An output that stands before its call swaps places with it. */
  *exchanged(): Generator<Edit, undefined> {
    const [{ open, orphans }, file] = [this.#found, this.#file];
    const outputs = new Map(orphans.items.map((output) => [output.call, output]));
    for (const call of open) {
      const output = outputs.get(call.call);
      if (output === undefined || output.index > call.index || call.index - output.index > nearby) continue;
      this.#paired.add(call.at).add(output.at);
      const kind = "output-without-call";
      yield file.replace(output, kind, "the call goes before its output", file.bytes(call));
      yield file.replace(call, kind, "the output goes after its call", file.bytes(output));
    }
    return undefined;
  }

  /** Pairs an output with a call whose id differs because one of the two was altered. */
  *renamed(): Generator<Edit, undefined> {
    const { open, orphans } = this.#found;
    const outputs = orphans.items.filter(({ at }) => !this.#paired.has(at));
    for (const call of open) {
      if (this.#paired.has(call.at)) continue;
      const fitting = outputs.filter((output) => isLikely(call, output));
      const [output] = fitting;
      if (output === undefined || fitting.length > 1 || this.#paired.has(output.at)) continue;
      const line = this.#file.bytes(output);
      const id = memberIn(line, payloadIn(line), "call_id");
      if (!id) continue;
      this.#paired.add(call.at).add(output.at);
      const bytes = Buffer.from(JSON.stringify(call.call));
      const place = partOf(output, id.at, id.length);
      const says = "the call's id becomes that of the call before it, from which it hardly differs";
      yield this.#file.replace(place, "output-without-call", says, bytes);
    }
    return undefined;
  }

  /**
   * Pairs calls with the outputs that stand in the places of theirs, where a program has changed the ids of one side. Both get the id that
   * an event has, or the shorter one, so that nothing moves.
   */
  *renumbered(): Generator<Edit, undefined> {
    const { open, orphans, doubled } = this.#found;
    if (orphans.count === 0 || open.count + orphans.count > mostRenumbered) return undefined;
    const copies = startsOf(doubled.spans);
    const isAlone = (half: Unpaired): boolean => !this.#paired.has(half.at) && !copies.has(half.at);
    const calls = Array.from(open).filter((call) => !isCopiedCall(call, this.#found));
    const halves = [...calls, ...orphans.items].filter(isAlone);
    const places = startsOf(halves);
    // Two calls of which each was told are two.
    const pairs = pairedByPlace(halves, nearby).filter(
      ([call, output]) => !(call.event && output.event) && this.#isWhole(call, output, places),
    );
    // A single one may as well be what two lost lines have left, an output and the next call.
    if (pairs.length < 2) return undefined;
    for (const [call, output] of pairs) {
      const isShorter = Buffer.byteLength(output.call) <= Buffer.byteLength(call.call);
      const [kept, changed] = output.event || (isShorter && !call.event) ? [output, call] : [call, output];
      const line = this.#file.bytes(changed);
      const id = memberIn(line, payloadIn(line), "call_id");
      if (!id) continue;
      this.#paired.add(call.at).add(output.at);
      const bytes = padded(Buffer.from(JSON.stringify(kept.call)), id.length);
      const [kind, says] =
        changed === output
          ? (["output-without-call", "the output's id becomes that of the call before it"] as const)
          : (["call-without-output", "the call's id becomes that of the output behind it"] as const);
      yield this.#file.replace(partOf(changed, id.at, id.length), kind, says, bytes);
    }
    return undefined;
  }

  /**
   * Whether nothing was lost from one line to the other, and they are of one step: no other item stands between them than the halves of its
   * other calls, none of which has its own partner where a program has changed all ids.
   */
  #isWhole(from: Span, to: Span, halves: ReadonlySet<number>): boolean {
    const bytes = to.at - from.at;
    if (bytes > mostBetween) return false;
    let next: number | undefined;
    for (const line of linesIn(this.#file.read(from.at, to.at + to.bytes - from.at), from.at)) {
      const record = readRecord(line);
      if (!record.readable || betweenTurns.has(record.type)) return false;
      if (record.type === "response_item" && !halves.has(line.offset)) return false;
      if (next !== undefined && record.ordinal !== undefined && record.ordinal !== next) return false;
      next = record.ordinal === undefined ? undefined : record.ordinal + 1;
    }
    return true;
  }

  /** A call and its output that are both gone are put in as their event tells them. */
  *lost(): Generator<Edit, undefined> {
    const taken = this.#needed();
    for (const { call, event, before, after } of this.#found.lostCalls) {
      const told = this.#file.record(event);
      if (told === undefined || taken.has(before.at) || taken.has(after.at)) continue;
      const kind = isPatch(told) ? "custom_tool_call" : "function_call";
      for (const [hole, item, what] of [
        [before, lostCall({ call, kind: outputKinds[kind]! }, told), "call"],
        [after, lostOutput({ call, kind }, told), "output"],
      ] as const) {
        taken.add(hole.at);
        const line = rebuiltLine(told, item, hole.ordinal);
        yield this.#file.putLine(hole, "lost-call", `the ${what} is put in, as its event tells it`, line);
      }
    }
    return undefined;
  }

  /** Puts in the outputs of calls that have none. */
  *outputs(): Generator<Edit, undefined> {
    const { open, doubled } = this.#found;
    const copies = startsOf(doubled.spans);
    for (const call of open) {
      const isLeft = copies.has(call.at) || this.#paired.has(call.at) || isCopiedCall(call, this.#found);
      const edit = isLeft ? undefined : this.#put(call, "output");
      if (edit) yield edit;
    }
    return undefined;
  }

  /** Puts in the calls of outputs that have none. */
  *calls(): Generator<Edit, undefined> {
    for (const output of this.#found.orphans.items) {
      const edit = this.#paired.has(output.at) ? undefined : this.#put(output, "call");
      if (edit) yield edit;
    }
    return undefined;
  }

  /** Puts in the output of a call, or the call of an output, that has none. */
  #put(half: Unpaired, missing: "output" | "call"): Edit | undefined {
    const own = this.#file.record(half);
    if (own === undefined) return undefined;
    const isOutput = missing === "output";
    const event = half.event && this.#file.record(half.event);
    const isCrlf = this.#file.read(half.at + half.bytes, 1)[0] === 0x0d;
    const start = isOutput ? half.at + half.bytes + (isCrlf ? 2 : 1) : half.at;
    const script = isOutput && half.kind === "custom_tool_call" ? this.#script(half, start) : [];
    const isTold = half.event !== undefined || script.length > 0;
    if (isOutput && this.#isRead && !isTold && this.#isBrokenOff(start)) return undefined;
    const made = script.length > 0 ? scriptOutput(half, script) : lostOutput(half, event);
    const item = isOutput ? made : lostCall(half, event);
    // A record after all others gets an ordinal: Codex refuses a file whose last record has none.
    const next = isOutput && own.ordinal !== undefined ? this.#found.ordinals.next : undefined;
    const longest = Buffer.byteLength(writeJson(rebuiltLine(own, item, next)));
    const free = this.#free(start, isOutput ? "after" : "before", longest);
    const at = free?.offset ?? start;
    const line = rebuiltLine(own, item, at >= this.#found.end ? next : undefined);
    const index = free || !isOutput ? half.index : half.index + 1;
    const what = isOutput ? `output of ${half.name ?? "the call"}` : "call";
    const from = isTold ? "as its event tells it" : "nobody knows it any more";
    const place = { index, at, bytes: free?.length ?? 0 };
    const kind = isOutput ? "call-without-output" : "output-without-call";
    return this.#file.putLine(place, kind, `the ${what} is put in (${from})`, line);
  }

  /** The events of the calls that a script made, where no other script can have made them: those after it, before the model goes on. */
  #script({ at }: Unpaired, after: number): RolloutRecord[] {
    for (const { type, kind } of this.#records(at, "before")) {
      if (type !== "response_item") continue;
      if (kind === "custom_tool_call") return [];
      break;
    }
    const events: RolloutRecord[] = [];
    for (const record of this.#records(after, "after")) {
      if (record.type === "response_item" && !isOutputKind(record.kind ?? "")) break;
      if (isOfScript(record)) events.push(record);
    }
    return events;
  }

  /** Whether the model hasn't gone on from there: what comes next is said to it. */
  #isBrokenOff(after: number): boolean {
    for (const { type, kind, payload } of this.#records(after, "after"))
      if (type === "response_item") return kind === "message" && payload["role"] !== "assistant";
    // A prompt, behind which isn't looked.
    return true;
  }

  *#records(at: number, where: "before" | "after"): Generator<RolloutRecord, undefined> {
    for (const line of this.#file.near(at, where)) {
      const record = readRecord(line);
      if (record.readable) yield record;
    }
    return undefined;
  }

  /** A blank line of at least so many bytes near the other half. */
  #free(at: number, where: "before" | "after", bytes: number): RolloutLine | undefined {
    const { bad, open, orphans } = this.#found;
    if (open.count + orphans.count > mostInLines) return undefined;
    const taken = this.#needed();
    this.#unreadable ??= startsOf(bad.items);
    for (const line of this.#file.near(at, where)) {
      const isFree = line.length >= bytes && !taken.has(line.offset) && line.ending === "\n";
      if (!isFree || !(this.#unreadable.has(line.offset) || isBlank(line.bytes))) continue;
      taken.add(line.offset);
      return line;
    }
    return undefined;
  }

  /** `#taken`, which begins with the places that lost messages and events are put into. */
  #needed(): Set<number> {
    const { lostMessages, untold } = this.#found;
    return (this.#taken ??= new Set([...lostMessages, ...untold].map(({ hole }) => hole.at)));
  }
}

function isPatch({ kind, payload: { item } }: RolloutRecord): boolean {
  return kind === "patch_apply_end" || (isJsonObject(item) && item["type"] === "FileChange");
}

/** Whether the output may be the call's although their ids differ. */
function isLikely(call: Unpaired, output: Unpaired): boolean {
  const distance = output.index - call.index;
  if (distance <= 0 || distance > nearby || call.call.length !== output.call.length) return false;
  if (answerKind(call.kind) !== output.kind) return false;
  let changed = 0;
  for (let at = 0; at < call.call.length; at++) if (call.call[at] !== output.call[at]) changed++;
  return changed <= mostChanged && call.call.length >= uniqueId;
}
