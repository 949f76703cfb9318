import type { Counted } from "./bounded.ts";
import type { DoublesWatch } from "./doubles-watch.ts";
import type { RolloutHeader } from "../rollout/record/header.ts";
import type { Packing } from "../rollout/bytes/compressed.ts";
import type { Layout } from "../rollout/file/layout.ts";
import type { LostCall } from "./lost-calls-watch.ts";
import type { InjectedPrompts } from "./injected-prompts.ts";
import type { InvalidIds } from "./invalid-ids.ts";
import type { LostMessage } from "./messages-watch.ts";
import type { OthersEvent } from "./others-watch.ts";
import type { OrdinalsWatch } from "./ordinals-watch.ts";
import type { OpenCalls } from "./open-calls.ts";
import type { Span } from "../rollout/bytes/lines.ts";
import type { Unpaired } from "./unpaired.ts";
import type { ReasoningWatch } from "./reasoning-watch.ts";
import type { SealsWatch } from "./seals-watch.ts";
import type { TurnsWatch } from "./turns-watch.ts";
import type { UntoldMessage } from "./untold-watch.ts";

/** A line that Codex passes over, or that makes it refuse the file. "json": it is no object of JSON. */
export interface BadLine extends Span {
  readonly why: "json" | "utf8" | "surrogate";
}

/** What one pass over a rollout finds: nothing here is a judgement yet. */
export interface Examination {
  readonly path: string;
  readonly bytes: number;
  readonly records: number;
  /** Whether any line is one that Codex writes. */
  readonly ofCodex: boolean;
  /** Offset after the last record and its line ending. */
  readonly end: number;
  /** The header, where the first line can be read and is one. */
  readonly header: RolloutHeader | undefined;
  /** The ordinal of the first line. */
  readonly firstOrdinal: number | undefined;
  /** What the bytes of a file are in which no line is Codex's. */
  readonly packing?: Packing | undefined;
  /** How records stand in the file where none has a line of its own. */
  readonly layout?: Layout;
  readonly head: "whole" | "byte-order-mark" | "broken" | "missing" | "git-lfs" | "document";
  /** The first line, where it is no header as it stands: a repair makes one of it, or puts one before it. */
  readonly first: Span | undefined;
  /** Later copies of the header with the thread's own id (0.137 to 0.146 write them). */
  readonly laterHeaders: readonly Span[];
  /** Headers after the second line, whichever thread they are of. */
  readonly headersAgain: Counted<Span>;
  readonly bad: Counted<BadLine>;
  /** Records after the first line that Codex passes over because their timestamp is missing or no text. */
  readonly untimed: Counted<Span>;
  /** The last line, where no newline ends it. */
  readonly tail: (Span & { readonly is: "whole" | "torn" | "nul" }) | undefined;
  readonly long: Counted<Span>;
  readonly carriageReturns: number;
  readonly doubled: ReturnType<DoublesWatch["found"]>;
  readonly ordinals: OrdinalsWatch;
  /** Offset of the line with this ordinal; `undefined` where there is none. */
  placeOf(ordinal: number): number | undefined;
  readonly open: OpenCalls;
  readonly orphans: Counted<Unpaired>;
  readonly injected: InjectedPrompts;
  readonly seals: SealsWatch;
  readonly turns: TurnsWatch;
  readonly reasoning: ReasoningWatch;
  readonly invalidIds: InvalidIds;
  /** Items that Codex passes over, or that OpenAI refuses, for the form of a member. */
  readonly unread: Counted<Span>;
  /** Messages that only an event still tells. */
  readonly lostMessages: readonly LostMessage[];
  /** Messages that only the record still tells. */
  readonly untold: readonly UntoldMessage[];
  readonly lostCalls: readonly LostCall[];
  /** Events that tell of another thread. */
  readonly others: Counted<OthersEvent>;
  /** Whether some ids were not tracked, because there were too many or one is too long. */
  readonly leavesIdsOut: boolean;
  /** Why a compressed file could not be unpacked to its end. */
  readonly broken: string | undefined;
}
