import { crashPoint } from "../lib/fault.ts";
import { parseJsonBytes } from "../lib/json.ts";
import { Failure, isFailureOf } from "../failure.ts";
import {
  compactionNotice,
  type CompactionFacts,
  bytesPerToken,
  contextTokens,
  trimNotice,
  trimOutputs,
} from "../recovery/room.ts";
import { cutWindow, type Cut, weightOf } from "../session/cut.ts";
import { isPrompt, type NewEvent, type Usage } from "../session/event.ts";
import { describeItem, itemText, messageItem } from "../session/item.ts";
import { byteLength, shorten } from "../session/shorten.ts";
import { type TranscriptEntry, transcriptEntry, writeTranscript } from "../session/transcript.ts";
import { addUsage, noUsage } from "../session/usage.ts";
import { besideSummary } from "../session/window.ts";
import { quarantine } from "../runtime/repair.ts";
import { shadowIn, shadowText } from "../runtime/sealed-compaction.ts";
import type { SessionLog } from "../store.ts";
import { type Bodies, itemsOf } from "../session/items.ts";
import { carriedOn, summaryItem, type SummaryParts } from "../session/summary-item.ts";
import type { Compacted, Compacting, Compactor } from "../runtime/compactor.ts";
import { contextWindow } from "./context-window.ts";
import { summaryInstructions, summaryRequest } from "./summary.ts";

/** When a context is summarised, and how much of its end stays as it is. */
export interface CompactionOptions {
  /** Tokens from which on the window is summarised before the next attempt; by default 85 % of the model's window, where it is known. */
  compactAt?: number;
  /** Tokens of the window's end that are kept whole; by default 20,000, and never more than three tenths of the window. */
  keepTokens?: number;
}

/** Requests for one summary: each after the first has half the transcript. */
const tries = 4;
/** By how much a window that couldn't be summarised grows until that is tried again. */
const growth = 1.1;
/** Characters of a summary. A model that repeats what it was given instead of summarising it is cut short. */
const longestSummary = 40_000;
/** Bytes of one item's text that go into the transcript at most; more is of no use to a summary. */
const longestText = 256 * 1024;

/** Summarises through the session's own model, keeps the window's end whole, and shortens tool outputs where that is not enough. */
export function compactor(options: CompactionOptions = {}): Compactor {
  return new ModelCompactor(options);
}

class ModelCompactor implements Compactor {
  readonly #compactAt: number | undefined;
  readonly #keepTokens: number;
  /**
   * The step before which the window was last found full, and the tokens from which on it counts as full again: a window is summarised at
   * most once before each step, and where a model couldn't, it isn't asked again until the window has grown, since each try costs as much
   * as that is long. By log, since a rotated session has another, with other steps.
   */
  readonly #found = new WeakMap<SessionLog, { before: number; model: string; again: number }>();

  constructor({ compactAt, keepTokens = 20_000 }: CompactionOptions) {
    this.#compactAt = compactAt;
    this.#keepTokens = keepTokens;
  }

  async prepare(session: Compacting): Promise<void> {
    const { history, log } = session.journal;
    const { model } = session.settings;
    const last = this.#found.get(log);
    const found = last?.model === model ? last : undefined;
    if (found?.before === history.step) return;
    const { bytes, excess } = session.project();
    const tokens = contextTokens(history, bytes);
    const limit = this.#limitOf(session);
    // A byte count alone is no reason to give up history: until the provider has counted tokens, its refusal decides.
    const isCounted = limit !== undefined && history.contextTokens !== undefined;
    if (excess === 0 && (!isCounted || tokens < limit)) {
      // Smaller than when it was found full: what it grows to now is another window.
      if (found) found.again = 0;
      return;
    }
    if (found && tokens < found.again) return;
    const full = `the context is nearly full (about ${tokens.toLocaleString("en-US")} tokens)`;
    session.observe({ type: "notice", text: `${full}; summarising it` });
    const made = await this.#summarise(session, "full");
    const isRefused = made.kind === "failed" && !isFailureOf(made.failure, ...passing);
    this.#found.set(log, { before: history.step, model, again: isRefused ? tokens * growth : 0 });
    if (made.kind !== "failed" || isFailureOf(made.failure, "cancelled")) return;
    session.observe({
      type: "notice",
      text: `${full} and could not be summarised (${made.failure.class}); going on with it as it is`,
    });
  }

  summarise(session: Compacting): Promise<Compacted> {
    return this.#summarise(session, "asked");
  }

  async makeRoom(session: Compacting, how: "summarise" | "trim"): Promise<Compacted> {
    const made = how === "summarise" ? await this.#summarise(session, "overflowed") : undefined;
    if (made?.kind === "compacted") return made;
    if (made?.kind === "failed" && isFailureOf(made.failure, ...passing)) return made;
    return trim(session);
  }

  async #summarise(session: Compacting, why: CompactionFacts["why"]): Promise<Compacted> {
    const { history } = session.journal;
    const { items } = history;
    const total = items.reduce((sum, record) => sum + weightOf(record), 0);
    const cut = cutWindow(items, Math.min(this.#keepTokens * bytesPerToken, 0.3 * total));
    // A summary that frees less than a tenth is not worth a request, unless a person asks for it.
    if (!cut || (why !== "asked" && cut.cutBytes < 0.1 * total)) return { kind: "nothing" };
    const { bytes } = session.project();
    const tokensBefore = contextTokens(history, bytes);
    const { entries, parts, told } = await gather(session, cut);
    if (entries.length === 0) return { kind: "nothing" };
    const window = this.#compactAt ?? contextWindow(session.settings.model);
    const most = window === undefined ? Infinity : window * bytesPerToken;
    const written = await writeSummary(session, entries, 0.7 * Math.min(most, Math.max(bytes, total) + told));
    if (written.kind === "failed") return written;
    const notice = compactionNotice({
      why,
      tokensBefore,
      summarised: cut.index,
      summaryTokens: Math.ceil(byteLength(written.text) / bytesPerToken),
      kept: items.length - cut.index,
    });
    await logSummary(session, cut, summaryItem({ ...parts, kind: "summary", text: written.text }), {
      usage: written.usage,
      notice,
      // Within a turn, the turn's end updates the catalogue.
      describes: why === "asked",
    });
    return { kind: "compacted", notice };
  }

  /** Tokens from which on the window counts as full. */
  #limitOf({ settings }: Compacting): number | undefined {
    const window = contextWindow(settings.model);
    return this.#compactAt ?? (window === undefined ? undefined : Math.floor(0.85 * window));
  }
}

/** From here on the summary stands in the place of what was cut. */
async function logSummary(
  { journal, observe }: Compacting,
  { keepFrom, index: count }: Cut,
  item: Uint8Array,
  { usage, notice, describes }: { usage: Usage; notice: string; describes: boolean },
): Promise<void> {
  const facts = describeItem(item);
  if (!facts) throw new Error("a summary is an item");
  const event: NewEvent = { type: "history-compacted", ...facts, keepFrom, count, usage, notice };
  const [made] = await journal.append({ event, item });
  crashPoint("compaction-appended");
  observe({ type: "notice", text: notice });
  if (describes && made) journal.describe(made.event.at);
}

/** Failures that say nothing about the request: it is worth another try when they are over. */
const passing = [
  "cancelled",
  "usage-limit",
  "rate-limit",
  "billing",
  "overloaded",
  "transport-interrupted",
  "auth-expired",
  "auth-denied",
  "model-missing",
  "parameter-unsupported",
] as const;

async function trim({ journal, provider, settings, observe }: Compacting): Promise<Compacted> {
  const { history } = journal;
  const trimmed = trimOutputs(history, { issuer: provider.issuer, model: settings.model });
  if (!trimmed) return { kind: "nothing" };
  const notice = trimNotice(trimmed);
  await quarantine({ observe }, journal, trimmed, notice);
  return { kind: "compacted", notice };
}

interface Gathered {
  readonly entries: readonly TranscriptEntry[];
  readonly parts: Pick<SummaryParts, "context" | "prompt">;
  /** Bytes of what the log shows of a sealed compaction. */
  readonly told: number;
}

/** What is to be summarised, and what is carried on word for word. */
async function gather({ journal: { history, log }, store }: Compacting, { index }: Cut): Promise<Gathered> {
  const cut = history.items.slice(0, index);
  const bodies: Bodies = (refs) => log.bodies(refs);
  // Whoever writes the summary can't open a sealed compaction, and nothing of it is left behind the cut.
  const shadow = await shadowIn({ store, id: log.id, bodies }, cut);
  const told = shadow ? shadowText(shadow) : "";
  const entries: TranscriptEntry[] = shadow
    ? [{ who: "what came before", text: told, weight: "summary" }]
    : [];
  let context: string[] = [...(shadow?.context ?? [])];
  let prompt: string | undefined;
  const untold = shadow ? besideSummary(cut, shadow.keepFrom) : cut;
  for await (const { record, item } of itemsOf(untold, bodies)) {
    const { event } = record;
    if (event.kind === "message" && event.role === "developer") {
      if (entries.length === 0) context.push(itemText(parseJsonBytes(item)));
      continue;
    }
    const entry = transcriptEntry(record, item);
    if (!entry) continue;
    if (entry.weight === "summary") {
      // One that Codex made carries nothing on: the person's messages and the context stand before it.
      const carried = carriedOn(item);
      if (carried.context.length > 0) context = [...carried.context];
      prompt = carried.prompt ?? prompt;
    }
    if (isPrompt(record)) prompt = entry.text;
    entries.push({ ...entry, text: shorten(entry.text, longestText) });
  }
  const isKept = history.items.slice(index).some(isPrompt);
  return {
    entries,
    parts: { context, ...(prompt !== undefined && !isKept && { prompt }) },
    told: byteLength(told),
  };
}

type Written = { kind: "written"; text: string; usage: Usage } | { kind: "failed"; failure: Failure };

/** Asks for the summary; when the transcript is too long for a request of its own, with half of what was sent. */
async function writeSummary(
  session: Compacting,
  entries: readonly TranscriptEntry[],
  room: number,
): Promise<Written> {
  let usage = noUsage;
  let transcript = writeTranscript(entries, room);
  for (let tried = 1; ; tried++) {
    const result = await ask(session, transcript);
    usage = addUsage(usage, result.usage);
    if (result.kind === "written") return { ...result, usage };
    const shorter = writeTranscript(entries, byteLength(transcript) / 2);
    if (!isFailureOf(result.failure, "context-overflow") || tried >= tries || shorter === transcript)
      return result;
    transcript = shorter;
  }
}

async function ask(session: Compacting, transcript: string): Promise<Written & { usage: Usage }> {
  const { provider, settings, journal, signal, observe } = session;
  const message = messageItem("user", summaryRequest(transcript));
  const request = {
    model: settings.model,
    ...(settings.effort !== undefined && { effort: settings.effort }),
    instructions: summaryInstructions,
    tools: [],
    without: session.project().without,
    input: { bytes: message.length, items: 1, chunks: () => once(message) },
    sealed: false,
    // A cache key of its own, so that this request doesn't displace the cached prefix of the session's requests.
    cacheKey: `${journal.log.id}-summary`,
  };
  let text = "";
  const failed = (failure: Failure) => ({ kind: "failed" as const, failure, usage: noUsage });
  for await (const event of provider.stream(request, AbortSignal.any([signal, journal.log.lost]))) {
    if (event.type === "silent") observe(event);
    if (event.type === "item" && event.facts.kind === "message") text += itemText(parseJsonBytes(event.item));
    if (event.type === "failed") {
      if (journal.log.lost.aborted) throw journal.log.lost.reason;
      return failed(event.failure);
    }
    if (event.type !== "completed") continue;
    if (text.trim() !== "")
      return { kind: "written", text: shorten(text, longestSummary), usage: event.usage };
  }
  return failed(
    new Failure(
      "unknown-provider-failure",
      "The model was asked for a summary of the conversation and answered without a word. The session is as it was.",
      {},
    ),
  );
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
