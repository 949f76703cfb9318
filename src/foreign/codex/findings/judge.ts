import { printableLine } from "../../../lib/printable.ts";
import { counted, durationWords, quoted } from "../../../lib/words.ts";
import { sealAge } from "../../../replay/seal.ts";
import { isSealRefused, signalFromText } from "./error-text.ts";
import type { BadLine, Examination } from "../examine/examination.ts";
import type { FindingKind } from "./catalogue.ts";
import type { Severity } from "./finding-entry.ts";
import { type Finding, finding, mostPlaces, type Place, worstFirst } from "./finding.ts";
import { isCompressed, type Packing } from "../rollout/bytes/compressed.ts";
import {
  alteredSeals,
  damagingReasoning,
  isDependentIdRefused,
  isInjectedRefused,
  isPlainReasoningRefused,
  refusedIds,
  unsealedReasoning,
} from "./refused.ts";
import type { Span } from "../rollout/bytes/lines.ts";
import type { Unpaired } from "../examine/unpaired.ts";
import { behindLinks, homeOf, isCodexName, readRolloutName, rolloutFile } from "../home/places.ts";
import { isOfNewer } from "../rollout/record/whole-header.ts";
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
  { head, first, header, bytes, records, ofCodex, packing, layout, broken, firstOrdinal }: Examination,
  path: string,
): Finding[] {
  const at = first ? [placeOf(first)] : [];
  const found: Finding[] = [];
  if (isCompressed(path)) found.push(finding("compressed", []));
  if (broken !== undefined) {
    const isLost = bytes === 0;
    const mends = unpacking(path, packing) ?? "restore it from a backup; nothing of it can be unpacked";
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
    const mends = unpacking(path, packing);
    const isPacked = mends !== undefined && { mends };
    return [...found, { ...finding("not-a-rollout", at), ...(isAnothers && anothers), ...isPacked }];
  }
  if (head === "byte-order-mark") found.push(finding("byte-order-mark", at));
  if (head === "broken") found.push(finding("header-broken", at));
  if (head === "missing") found.push(finding("header-missing", at));
  if (head === "whole" && isBareHeader(header)) found.push(finding("old-lines", []));
  if (header?.unknownMode !== undefined) {
    const severity = isOfNewer(header.cliVersion ?? "") ? "note" : undefined;
    found.push(finding("history-mode-unknown", at, { detail: header.unknownMode, severity }));
  }
  const named = readRolloutName(path)?.thread;
  if (named !== undefined && header !== undefined && header.id !== named)
    found.push(finding("name-differs", at, { detail: `the first line says ${header.id}` }));
  // Codex goes by the name of the file that a link leads to.
  const file = behindLinks(path);
  const isNameless = named === undefined || (!isCodexName(file) && header?.isPaginated === true);
  if (isNameless && header !== undefined && homeOf(path) !== undefined) {
    const which = isCodexName(path) ? `the file that it links to, ${file},` : "it";
    const detail = `rename ${which} to ${rolloutFile(header.id, header.created ?? 0)}`;
    found.push(finding("name-differs", at, { detail }));
  }
  const isWholeThread = readRolloutName(path)?.rollout === named;
  if (isWholeThread && header?.isPaginated && (firstOrdinal ?? 0) > 0 && !header.historyBase)
    found.push(finding("base-lost", at));
  return found;
}

/** Whether a header that is whole names neither its version nor a folder: those of bare lines do without (`isWholeHeader`). */
const isBareHeader = (header: Examination["header"]): boolean =>
  header?.cliVersion === undefined && header?.cwd === undefined;

const endings = { zstd: ".zst", gzip: ".gz", plain: "" } as const satisfies Record<Packing, string>;

/** What makes a rollout of a file whose name tells another packing than its bytes have, or one that Codex doesn't unpack. */
function unpacking(path: string, packing: Packing | undefined): string | undefined {
  const plain = /^(.*\.jsonl?)(?:\.zst|\.gz)?$/u.exec(path)?.[1];
  if (plain === undefined || packing === undefined) return undefined;
  const named = plain + endings[packing];
  const renamed = named === path ? [] : [`mv -n ${quoted(path)} ${quoted(named)}`];
  if (packing === "gzip") return `unpack it: ${[...renamed, `gunzip ${quoted(named)}`].join(" && ")}`;
  return renamed[0] && `its name tells another packing than its bytes have: ${renamed[0]}`;
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

function orderFindings({ doubled, ordinals, header, headersAgain, others }: Examination): Finding[] {
  const copies = [
    ...foundAt("doubled-record", { items: doubled.spans, count: doubled.count }),
    ...foundAt("others-lines", others, { ...(others.items[0] && { detail: others.items[0].thread }) }),
  ];
  // Where the first line is lost, only the lines tell whether they are numbered.
  if (!(header?.isPaginated ?? ordinals.next !== undefined)) return copies;
  const { missing, regressed, unnumbered, firstWrong } = ordinals;
  return [
    ...copies,
    ...foundAt("header-again", headersAgain),
    ...foundAt("missing-ordinal", { items: missing, count: missing.count }),
    ...foundAt("ordinal-regressed", {
      items: firstWrong ? [firstWrong] : [],
      count: regressed + unnumbered,
    }),
  ];
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
  const { plain, unreasoned, firstId = Infinity } = reasoning;
  const { error } = turns;
  const isDependent = error !== undefined && firstId < error.at && isDependentIdRefused(examined);
  const { items: ids, isRefused } = refusedIds(examined);
  return [
    ...(isDependent
      ? [finding("dependent-id", [placeOf(error)])]
      : foundAt("dependent-id", unreasoned.items)),
    ...foundAt("invalid-id", ids, {
      ...(ids[0] && { detail: printableLine(idText(ids[0].id) ?? "", 80) }),
      severity: isRefused ? undefined : "note",
    }),
    ...foundAt("plain-reasoning", plain, {
      severity: isPlainReasoningRefused(examined) ? undefined : "note",
    }),
    ...foundAt("unsealed-reasoning", unsealedReasoning(examined)),
    ...foundAt("lone-reasoning", damagingReasoning(examined)),
    ...foundAt("unread-item", unread),
    ...foundAt(
      "lost-message",
      lostMessages.map(({ hole }) => hole),
    ),
    ...foundAt(
      "lost-event",
      untold.map(({ hole }) => hole),
    ),
    ...foundAt(
      "lost-call",
      lostCalls.map(({ before }) => before),
    ),
  ];
}

function sealFindings(examined: Examination, now: number): Finding[] {
  const { seals, turns } = examined;
  const found: Finding[] = [];
  const [altered, words, summaries, reasoning] = [new Several(), new Several(), new Several(), new Several()];
  const isAltered = alteredSeals(examined);
  const { error } = turns;
  let isBeforeError = false;
  for (const blob of seals.blobs.spans()) {
    isBeforeError ||= error !== undefined && blob.at < error.at;
    const sealed = blob.in === "compaction" ? summaries : reasoning;
    const of = isAltered(blob) ? altered : blob.isWords ? words : sealed;
    of.add(blob);
  }
  if (altered.count > 0) found.push(finding("seal-malformed", altered.places, { count: altered.count }));
  if (error !== undefined && isBeforeError && isSealRefused(error.message)) {
    const detail = signalFromText(error.message).message.slice(0, 300);
    found.push(finding("seal-refused", [placeOf(error)], { detail }));
  }
  if (reasoning.count > 0) {
    const count = seals.blobs.count - altered.count - words.count - summaries.count;
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
