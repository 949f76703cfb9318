import { printableLine } from "../../../lib/printable.ts";
import { counted, durationWords, quoted } from "../../../lib/words.ts";
import { sealAge } from "../../../replay/seal.ts";
import {
  isCallIdMissed,
  isDependentRefused,
  isIdRefused,
  isSealMissed,
  isSealRefused,
  refusalIn,
  signalFromText,
} from "./error-text.ts";
import type { BadLine, Examination } from "../examine/examination.ts";
import type { FindingKind, Severity } from "./catalogue.ts";
import { type Finding, finding, mostPlaces, type Place, worstFirst } from "./finding.ts";
import { isCompressed } from "../rollout/compressed.ts";
import type { InvalidId } from "../examine/invalid-ids.ts";
import type { LoneReasoning } from "../examine/reasoning-watch.ts";
import type { Span, Unpaired } from "../rollout/span.ts";
import { homeOf, isCodexName, readRolloutName, rolloutFile } from "../home/places.ts";
import type { RolloutHeader } from "../rollout/header.ts";
import type { SealedSpan } from "../examine/sealed-blobs.ts";
import { idText } from "../examine/watched-record.ts";

/** What findings are made with beside an examination. */
export interface JudgeOptions {
  /** The rollout's own path, where `Examination.path` is that of a copy. */
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Turns an examination into findings: one for each kind of damage, the worst first. */
export function judge(found: Examination, { path, now }: JudgeOptions): Finding[] {
  const heads = headFindings(found, path);
  if (!isOfLines(found) || !found.ofCodex) return heads;
  return worstFirst([
    ...heads,
    ...lineFindings(found),
    ...orderFindings(found),
    ...pairFindings(found),
    ...messageFindings(found),
    ...sealFindings(found, now),
    ...turnFindings(found),
  ]);
}

/** Whether the file consists of lines at all: an old document is one JSON value, and a git-lfs pointer only says where the file is. */
export function isOfLines({ head }: Examination): boolean {
  return head !== "document" && head !== "git-lfs";
}

function headFindings(
  { head, first, header, bytes, records, ofCodex, layout, broken, firstOrdinal }: Examination,
  path: string,
): Finding[] {
  const at = first ? [placeOf(first)] : [];
  const found: Finding[] = [];
  if (isCompressed(path)) found.push(finding("compressed", []));
  if (broken !== undefined) {
    const mends = "restore it from a backup; nothing of it can be unpacked";
    const isLost = bytes === 0;
    found.push({ ...finding("broken-archive", [], { detail: broken }), ...(isLost && { mends }) });
    if (isLost) return found;
  }
  if (bytes === 0) return [...found, finding("empty-file", [])];
  if (head === "git-lfs") return [...found, finding("git-lfs-pointer", at)];
  if (head === "document" && ofCodex) return [...found, finding("old-document", [])];
  if (layout !== undefined) return [...found, finding("other-layout", at, { detail: layout })];
  if (!ofCodex) {
    // Another program's file isn't damaged, unless it lies where a session should.
    const isAnothers = (records > 0 || head === "document") && readRolloutName(path) === undefined;
    const isZipped = path.endsWith(".jsonl.gz") && { mends: `unpack it: gunzip ${quoted(path)}` };
    return [...found, { ...finding("not-a-rollout", at), ...(isAnothers && anothers), ...isZipped }];
  }
  if (head === "byte-order-mark") found.push(finding("byte-order-mark", at));
  if (head === "broken") found.push(finding("header-broken", at));
  if (head === "missing") found.push(finding("header-missing", at));
  if (header?.unknownMode !== undefined) {
    const severity = isOfNewer(header) ? "note" : undefined;
    found.push(finding("history-mode-unknown", at, { detail: header.unknownMode, severity }));
  }
  const named = readRolloutName(path)?.thread;
  if (named !== undefined && header !== undefined && header.id !== named)
    found.push(finding("name-differs", at, { detail: `the first line says ${header.id}` }));
  const isNameless = named === undefined || (!isCodexName(path) && header?.isPaginated === true);
  if (isNameless && header !== undefined && homeOf(path) !== undefined)
    found.push(
      finding("name-differs", at, { detail: `rename it to ${rolloutFile(header.id, header.created ?? 0)}` }),
    );
  const isWholeThread = readRolloutName(path)?.rollout === named;
  if (isWholeThread && header?.isPaginated && (firstOrdinal ?? 0) > 0 && !header.historyBase)
    found.push(finding("base-lost", at));
  return found;
}

/** Whether a newer version than the catalogue was measured with wrote the first line: that version reads what it writes. */
function isOfNewer({ cliVersion = "" }: RolloutHeader): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)\./u.exec(cliVersion) ?? [];
  return Number(major) > 0 || Number(minor) > 169;
}

const anothers = {
  severity: "note",
  mends: "nothing: it is another program's, or another file of Codex's",
} as const;

/** What each reason for which a line can't be read is called. */
export const kindOfBad = {
  utf8: "invalid-utf8",
  surrogate: "lone-surrogate",
  json: "unparsable-line",
} as const satisfies Record<BadLine["why"], FindingKind>;

const kindOfTail = { whole: "no-final-newline", torn: "torn-tail", nul: "nul-tail" } as const;

function lineFindings({ bad, untimed, tail, long, carriageReturns, first, path }: Examination): Finding[] {
  // A first line that can't be read is told of as the header.
  const lines = bad.items.filter(({ at }) => at !== first?.at);
  const found = Object.values(kindOfBad).flatMap((kind) => {
    const own = lines.filter(({ why }) => kindOfBad[why] === kind);
    return foundAt(kind, own);
  });
  found.push(...foundAt("untimed-record", untimed));
  if (tail)
    found.push(finding(kindOfTail[tail.is], [placeOf(tail)], { detail: counted(tail.bytes, "byte") }));
  const largest = megabytes(Math.max(...long.items.map(({ bytes }) => bytes)));
  const detail = isCompressed(path)
    ? `up to ${largest}; whether they are whole is told of what is unpacked (zstd -d)`
    : `up to ${largest}, kept byte for byte`;
  found.push(...foundAt("long-line", long, { detail }));
  if (carriageReturns > 0) found.push(finding("carriage-returns", [], { count: carriageReturns }));
  return found;
}

function orderFindings({ doubled, ordinals, header, headersAgain }: Examination): Finding[] {
  const copies = foundAt("doubled-record", { items: doubled.spans, count: doubled.count });
  // Where the first line is lost, only the lines tell whether they are numbered.
  if (!(header?.isPaginated ?? ordinals.next !== undefined)) return copies;
  const { missing, regressed, firstRegressed } = ordinals;
  return [
    ...copies,
    ...foundAt("header-again", headersAgain),
    ...foundAt("missing-ordinal", { items: missing, count: missing.count }),
    ...foundAt("ordinal-regressed", { items: firstRegressed ? [firstRegressed] : [], count: regressed }),
  ];
}

/**
 * Whether injected prompts (`isInjected`) stop the session, known or presumed: every provider but OpenAI refuses them, unless one has
 * answered already.
 */
export function isInjectedRefused({
  injected,
  turns,
  header,
}: Pick<Examination, "injected" | "turns" | "header">): boolean {
  if (turns.error !== undefined && isCallIdMissed(turns.error.message)) return true;
  return !injected.isTaken && !isAtOpenAi(header);
}

/** Whether the session's requests go to OpenAI, as far as its header says: where it names no provider, Codex asks OpenAI. */
function isAtOpenAi(header: RolloutHeader | undefined): boolean {
  return (header?.modelProvider ?? "openai") === "openai";
}

/**
 * Whether a call without output was copied into a sub-agent's rollout with the turn in which it, or an agent above it, was started: its
 * output, if there is one, is in the rollout of whoever did that. Where that turn can't be told, all such calls count.
 */
export function isCopiedCall({ index }: Span, { header, turns }: Examination): boolean {
  if (header?.origin !== "subagent") return false;
  const { copied, copiedBefore } = turns;
  const isWithin = ({ from, to }: { from: number; to: number }): boolean => index >= from && index < to;
  return !copied || isWithin(copied) || copiedBefore.some(isWithin);
}

function pairFindings(examined: Examination): Finding[] {
  const { orphans, injected, leavesIdsOut } = examined;
  const severity = isInjectedRefused(examined) ? undefined : "note";
  return [
    ...(leavesIdsOut ? [finding("ids-left-out", [])] : []),
    ...foundAt("injected-output", injected.found, { severity }),
    ...callFindings(examined),
    ...foundAt("output-without-call", orphans),
  ];
}

function callFindings(examined: Examination): Finding[] {
  const { open, turns } = examined;
  // The call that a session ends in may still run, or was cut off with it: every version since 0.73 goes on from there.
  const isEnd = ({ index, event }: Unpaired): boolean => index >= turns.lastBegan && !event;
  const isCut = open[Symbol.iterator]().every((call) => isCopiedCall(call, examined) || isEnd(call));
  const called = new Set<string>();
  for (const { name } of open) called.add(name ?? "call");
  const names = [...called].slice(0, 5).join(", ");
  return foundAt(
    "call-without-output",
    { items: open, count: open.count },
    {
      detail: isCut ? `${names}, where the session ends, or was begun from another` : names,
      severity: isCut ? "note" : undefined,
    },
  );
}

function messageFindings(examined: Examination): Finding[] {
  const { reasoning, unread, lostMessages, untold, lostCalls, turns } = examined;
  const { plain, unreasoned, firstId } = reasoning;
  const refusal = refusalIn(turns.error?.message);
  const isDependent = refusal !== undefined && isDependentRefused(refusal);
  const dependent = turns.error && isDependent && (firstId ?? Infinity) < turns.error.at;
  const severity = refusal?.class === "reasoning-content-too-long" ? undefined : "note";
  const { items: ids, isRefused } = refusedIds(examined);
  const lone = damagingReasoning(examined);
  const unsealed = unsealedReasoning(examined);
  const lost = lostMessages.map(({ hole }) => hole);
  const events = untold.map(({ hole }) => hole);
  const calls = lostCalls.map(({ before }) => before);
  return [
    ...(dependent
      ? [finding("dependent-id", [placeOf(turns.error!)])]
      : foundAt("dependent-id", unreasoned.items)),
    ...foundAt("invalid-id", ids, {
      ...(ids[0] && { detail: printableLine(idText(ids[0].id) ?? "", 80) }),
      severity: isRefused ? undefined : "note",
    }),
    ...foundAt("plain-reasoning", plain, { severity }),
    ...foundAt("unsealed-reasoning", unsealed),
    ...foundAt("lone-reasoning", lone),
    ...foundAt("unread-item", unread),
    ...foundAt("lost-message", lost),
    ...foundAt("lost-event", events),
    ...foundAt("lost-call", calls),
  ];
}

/**
 * Reasoning on its own that is damage: the item it led to is gone. Once the provider has refused one, all of it counts; otherwise it may
 * just come from a turn that was cut off.
 */
export function damagingReasoning({
  reasoning,
  turns,
}: Pick<Examination, "reasoning" | "turns">): LoneReasoning[] {
  const isRefused = refusalIn(turns.error?.message)?.class === "reasoning-unpaired";
  return reasoning.lone.filter(({ isDamage }) => isDamage || isRefused);
}

/**
 * Reasoning of which only the id is left, as after `jq 'del(.payload.encrypted_content)'`: OpenAI looks for it by that id, and has kept
 * nothing. Null in the place of the seal may be all that a provider gave, unless other reasoning of the session is sealed. Such reasoning
 * counts as damage at OpenAI, as long as that hasn't answered to it, and anywhere once an item was refused as not persisted. Once a seal was
 * missed, all of it does, also where it has no id (openai/codex#19661).
 */
export function unsealedReasoning({
  reasoning: { unsealed },
  seals,
  turns,
  header,
}: Pick<Examination, "reasoning" | "seals" | "turns" | "header">): readonly Span[] {
  const isTaken = unsealed.isTaken && header?.isPaginated === true;
  const said = turns.error?.message;
  if (isSealMissed(said ?? "")) return unsealed.found.items;
  const isRefused = refusalIn(said)?.class === "item-not-persisted";
  const isSealing = seals.blobs.spans().some((blob) => blob.in === "reasoning");
  const isDead = (isAtOpenAi(header) && !isTaken) || isRefused || isSealing;
  return unsealed.found.items.filter(({ isCut, hasId }) => hasId && (isCut || isDead));
}

/**
 * Items whose ids OpenAI refuses for their form, and whether that stops the session, known or presumed. Once a request was refused for one
 * of them, all count, also those that 0.169 doesn't send. Before that they are presumed to be refused by OpenAI alone, and not where a model
 * has answered to them in a session with ordinals, as the versions that write ordinals send ids.
 */
export function refusedIds({
  invalidIds,
  turns,
  header,
}: Pick<Examination, "invalidIds" | "turns" | "header">): {
  readonly items: readonly InvalidId[];
  readonly isRefused: boolean;
} {
  const { items } = invalidIds.found;
  const said = turns.error?.message;
  const refusal = refusalIn(said);
  const isDouble = refusal?.class === "duplicate-item" && items.some(({ id }) => said?.includes(id));
  if (refusal && (isIdRefused(refusal) || isDouble)) return { items, isRefused: true };
  const isTaken = invalidIds.isTaken && header?.isPaginated === true;
  return { items: items.filter(({ isSent }) => isSent), isRefused: isAtOpenAi(header) && !isTaken };
}

function sealFindings({ seals, turns }: Examination, now: number): Finding[] {
  const found: Finding[] = [];
  const [malformed, summaries, reasoning] = [new Several(), new Several(), new Several()];
  const { error } = turns;
  let isBeforeError = false;
  for (const blob of seals.blobs.spans()) {
    isBeforeError ||= error !== undefined && blob.at < error.at;
    const of = blob.malformed ? malformed : blob.in === "compaction" ? summaries : reasoning;
    of.add(blob);
  }
  if (malformed.count > 0)
    found.push(finding("seal-malformed", malformed.places, { count: malformed.count }));
  if (error !== undefined && isBeforeError && isSealRefused(error.message)) {
    const detail = signalFromText(error.message).message.slice(0, 300);
    found.push(finding("seal-refused", [placeOf(error)], { detail }));
  }
  if (reasoning.count > 0) {
    const count = seals.blobs.count - malformed.count - summaries.count;
    found.push(finding("sealed-reasoning", reasoning.places, { count, detail: reasoning.ages(now) }));
  }
  if (summaries.count > 0)
    found.push(
      finding("sealed-compaction", summaries.places, { count: summaries.count, detail: summaries.ages(now) }),
    );
  return found;
}

function turnFindings({ turns }: Examination): Finding[] {
  return turns.open ? [finding("turn-open", [placeOf(turns.open)], { detail: turns.open.id })] : [];
}

/** Blobs of one kind: how many there are, where the first of them stand, and when they were sealed. */
class Several {
  readonly places: Place[] = [];
  count = 0;
  /** Seconds since 1970. */
  #first = Infinity;
  #last = -Infinity;

  add(blob: SealedSpan): void {
    if (this.count++ < mostPlaces) this.places.push(placeOf(blob));
    if (blob.sealedAt === undefined) return;
    this.#first = Math.min(this.#first, blob.sealedAt / 1_000);
    this.#last = Math.max(this.#last, blob.sealedAt / 1_000);
  }

  /** "sealed 24 days ago" or "sealed 3 h to 24 days ago". */
  ages(now: number): string {
    if (this.#last < this.#first) return "their age can't be told";
    const [oldest, newest] = [this.#first, this.#last].map((at) => durationWords(sealAge(at, now)));
    return oldest === newest ? `sealed ${oldest} ago` : `sealed ${newest} to ${oldest} ago`;
  }
}

/** The finding of a kind of damage, the first places of what was found; none where nothing was. */
function foundAt(
  kind: FindingKind,
  found: readonly Span[] | { readonly items: Iterable<Span>; readonly count: number },
  more: { detail?: string; severity?: Severity | undefined } = {},
): Finding[] {
  const { items, count } = "count" in found ? found : { items: found, count: found.length };
  const places = Iterator.from(items).take(mostPlaces).map(placeOf).toArray();
  return count === 0 ? [] : [finding(kind, places, { ...more, count })];
}

function placeOf({ index, at, bytes }: Span): Place {
  return { line: index + 1, at, bytes };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
