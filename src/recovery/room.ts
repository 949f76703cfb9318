import { activeQuarantines } from "../replay/directives.ts";
import { weightOf } from "../session/cut.ts";
import type { ItemRecord, Quarantine } from "../session/event.ts";
import type { History } from "../session/history.ts";
import { isOutputKind } from "../session/item.ts";
import type { QuarantineScope } from "../session/quarantine-scope.ts";
import { counted } from "../lib/words.ts";

/** About what providers count: 4 bytes a token, of English text and of code alike. */
export const bytesPerToken = 4;

/** Tokens of the next request, roughly: what the last response counted plus what came since; without such a count, judged by `bytes`. */
export function contextTokens(history: History, bytes: number): number {
  const { contextTokens: told, items, step } = history;
  if (!told) {
    const media = items.reduce((sum, record) => sum + record.body.length - weightOf(record), 0);
    return Math.ceil(Math.max(0, bytes - media) / bytesPerToken);
  }
  let since = 0;
  for (let at = items.length - 1; at >= 0; at--) {
    const record = items[at]!;
    const { event } = record;
    if (event.type !== "item-added" || event.step < step) break;
    const isNew = event.origin === "input" ? event.step > step : event.origin !== "model";
    if (isNew) since += weightOf(record);
  }
  return told + Math.ceil(since / bytesPerToken);
}

const keeps = [16_384, 4_096, 1_024, 256];
/** Bytes of a shortened output beside the text that is kept. */
const overhead = 256;

/** A quarantine that shortens tool outputs. */
export interface Trim extends Quarantine {
  readonly scope: Extract<QuarantineScope, { kind: "outputs" }>;
}

/**
 * The next quarantine that shortens tool outputs in requests to a model of the issuer: to the largest size that halves the window, or, where they
 * were shortened before, to a quarter. `undefined` when no output would get shorter.
 */
export function trimOutputs(
  history: Pick<History, "items" | "quarantines" | "lastSeq">,
  { issuer, model }: { issuer: string; model: string },
): Trim | undefined {
  const { items, quarantines, lastSeq } = history;
  const before = activeQuarantines({ issuer, model, quarantines }).flatMap(({ scope }) =>
    scope.kind === "outputs" ? [scope] : [],
  );
  const sizeOf = ({ event, body }: ItemRecord): number => {
    if (!isOutputKind(event.kind)) return body.length;
    const limits = before.flatMap(({ through, keepBytes }) =>
      event.seq <= through ? [keepBytes + overhead] : [],
    );
    return Math.min(body.length, ...limits);
  };
  const outputs = items.filter(({ event }) => isOutputKind(event.kind));
  const total = items.reduce((sum, record) => sum + sizeOf(record), 0);
  const longer = (keep: number): ItemRecord[] => outputs.filter((output) => sizeOf(output) > keep + overhead);
  const gain = (keep: number): number =>
    longer(keep).reduce((sum, output) => sum + sizeOf(output) - keep - overhead, 0);
  const keepBytes = keeps.find((keep) => gain(keep) >= total / 2) ?? keeps.findLast((keep) => gain(keep) > 0);
  if (keepBytes === undefined) return undefined;
  return {
    rung: 5,
    why: "context-overflow",
    refusedBy: issuer,
    scope: { kind: "outputs", through: lastSeq, keepBytes, model },
    count: longer(keepBytes).length,
  };
}

const tokensWords = (tokens: number): string => `${tokens.toLocaleString("en-US")} tokens`;

/** What the line for a compaction tells: tokens, and how many items were summarised and kept. */
export interface CompactionFacts {
  why: "full" | "overflowed" | "asked";
  tokensBefore: number;
  summarised: number;
  summaryTokens: number;
  kept: number;
}

/** The line for a compaction. */
export function compactionNotice(facts: CompactionFacts): string {
  const { why, tokensBefore, summarised, summaryTokens, kept } = facts;
  const cause = {
    full: "the context was nearly full",
    overflowed: "the context was full",
    asked: "as asked",
  }[why];
  return [
    `${cause} (about ${tokensWords(tokensBefore)})`,
    `${counted(summarised, "item")} summarised in about ${tokensWords(summaryTokens)}`,
    kept === 1 ? "the last item kept whole" : `the last ${kept} items kept whole`,
    "the log keeps everything",
  ].join("; ");
}

/** The line for tool outputs that were shortened. */
export function trimNotice({ scope, count }: Trim): string {
  const size = `about ${scope.keepBytes.toLocaleString("en-US")} bytes each`;
  return `the context was still full; ${counted(count, "tool output")} shortened to ${size} in requests; the log keeps them whole`;
}

/** The line for a sealed compaction that a text takes the place of. `count`: items that the text was made from. */
export function shadowNotice(count: number): string {
  return count === 0
    ? "a compaction that another provider or account sealed can't be opened here, and nothing visible stands before it in the log; a note says so in its place"
    : `a compaction that another provider or account sealed can't be opened here; ${counted(count, "visible item")} of the log stand in its place as text`;
}
