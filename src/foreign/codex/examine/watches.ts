import type { ReadAt } from "../../../lib/file-bytes.ts";
import { isCallKind, isOutputKind } from "../../../session/item.ts";
import type { RolloutHeader } from "../rollout/record/header.ts";
import type { RolloutLine } from "../rollout/bytes/lines.ts";
import { DoublesWatch } from "./doubles-watch.ts";
import type { Examination } from "./examination.ts";
import { HolesWatch } from "./holes-watch.ts";
import { InjectedPrompts } from "./injected-prompts.ts";
import { InvalidIds } from "./invalid-ids.ts";
import { LostCallsWatch } from "./lost-calls-watch.ts";
import { MessagesWatch } from "./messages-watch.ts";
import { OthersWatch } from "./others-watch.ts";
import { OrdinalsWatch } from "./ordinals-watch.ts";
import { PairsWatch } from "./pairs-watch.ts";
import { ReasoningWatch } from "./reasoning-watch.ts";
import { SealsWatch } from "./seals-watch.ts";
import { TextSet } from "./text-set.ts";
import { TurnsWatch } from "./turns-watch.ts";
import { UnreadItems } from "./unread-items.ts";
import type { WatchedRecord } from "./watched-record.ts";

const mostIds = 2_000_000;

/** What the watches find. */
type Found = Pick<
  Examination,
  | "doubled"
  | "ordinals"
  | "placeOf"
  | "open"
  | "orphans"
  | "injected"
  | "seals"
  | "turns"
  | "reasoning"
  | "invalidIds"
  | "unread"
  | "lostMessages"
  | "untold"
  | "lostCalls"
  | "others"
  | "leavesIdsOut"
>;

/** All who watch the records of a rollout, each for one kind of damage. */
export class Watches {
  /** Ids of items and calls, shared by all. */
  readonly #ids = new TextSet(mostIds);
  readonly #doubles: DoublesWatch;
  readonly #pairs = new PairsWatch(this.#ids);
  readonly #turns = new TurnsWatch();
  readonly #seals = new SealsWatch();
  readonly #ordinals = new OrdinalsWatch();
  readonly #others = new OthersWatch();
  readonly #lostCalls = new LostCallsWatch(this.#ids);
  readonly #messages = new MessagesWatch();
  readonly #reasoning = new ReasoningWatch();
  readonly #injected = new InjectedPrompts();
  readonly #invalidIds = new InvalidIds();
  readonly #unread = new UnreadItems();
  readonly #holes = new HolesWatch((hole) => {
    this.#messages.hole(hole);
    this.#lostCalls.hole(hole);
    this.#reasoning.hole();
  });
  /** Those that are told of rollbacks. */
  readonly #ofHistory = [
    this.#pairs,
    this.#messages,
    this.#lostCalls,
    this.#reasoning,
    this.#injected,
    this.#invalidIds,
    this.#unread,
  ] as const;
  #isSubAgents = false;

  /** `readAt`: reads earlier lines, which one may be the very same as. */
  constructor(readAt: ReadAt) {
    this.#doubles = new DoublesWatch(this.#ids, readAt);
  }

  /** Notes the header, before the records are seen. */
  begin(header: RolloutHeader | undefined): void {
    this.#isSubAgents = header?.origin === "subagent";
    this.#others.begin(header);
    this.#turns.ownOrdinal = header?.ownFrom;
    this.#turns.ownPath = header?.agentPath;
  }

  /** Notes a line in which nothing stands. */
  blank(line: RolloutLine): void {
    this.#holes.blank(line);
  }

  /** Notes a line that can't be read. */
  unreadable(line: RolloutLine): void {
    this.#holes.blank(line);
    this.#reasoning.missing(1);
  }

  /** Follows one more record. False for one that is a copy beyond doubt, which is followed no further. */
  see(record: WatchedRecord, line: RolloutLine): boolean {
    if (this.#doubles.see(record, line)) return false;
    const call = this.#callOf(record);
    this.#follow(record, line, call, this.#doubles.isRepeated);
    this.#seals.see(record, line);
    this.#lostCalls.see(record, line, call);
    const { copied } = this.#turns;
    const rolledBackFrom = this.#turns.see(record, line);
    if (copied === undefined && this.#turns.copied && this.#isSubAgents) this.#messages.copied();
    if (rolledBackFrom !== undefined) for (const watch of this.#ofHistory) watch.rolledBack(rolledBackFrom);
    return true;
  }

  /** Follows a record of which only the head is known: the call, output or ordinal in it counts. */
  seeHead(record: WatchedRecord, line: RolloutLine): void {
    this.#follow(record, line, this.#callOf(record), false);
  }

  /** `call`: `#callOf`; `isCopy`: `DoublesWatch.isRepeated`. */
  #follow(record: WatchedRecord, line: RolloutLine, call: number | undefined, isCopy: boolean): void {
    this.#ordinals.see(record, line);
    this.#pairs.see(record, line, call);
    const gone = this.#holes.see(record, line);
    if (gone > 0) this.#reasoning.missing(gone);
    // Told apart once for all who follow items: each by itself would take a twentieth of the time of an examination.
    const { type, kind, payload } = record;
    const isItem = type === "response_item";
    if (isItem && kind !== "") this.#item(record, line, call);
    else if (isItem || (type === "event_msg" && kind === "")) {
      this.#unread.item(record, line);
      // Before it lost its type it may have been reasoning.
      this.#reasoning.missing(1);
    } else if (type === "event_msg") {
      this.#reasoning.event(record);
      this.#messages.event(record, line, isCopy);
      this.#others.event(record, line);
    } else if (type === "compacted") {
      this.#injected.replaced();
      this.#invalidIds.replaced(payload.replacement_history, line);
      this.#unread.replaced();
      this.#reasoning.replaced();
      this.#messages.replaced(payload);
    } else this.#messages.other(record, line);
  }

  #item(record: WatchedRecord, line: RolloutLine, call: number | undefined): void {
    this.#injected.item(record, line, call);
    this.#invalidIds.item(record, line);
    this.#unread.item(record, line);
    this.#reasoning.item(record, line);
    this.#messages.item(record, line);
  }

  /** The number of the call that an item is, or answers. */
  #callOf(record: WatchedRecord): number | undefined {
    const { type, kind } = record;
    const isOfCall = type === "response_item" && (isCallKind(kind) || isOutputKind(kind));
    return isOfCall ? record.callIn(this.#ids) : undefined;
  }

  found(): Found {
    return {
      doubled: this.#doubles.found(),
      ordinals: this.#ordinals,
      placeOf: (ordinal) => this.#doubles.placeOf(ordinal),
      open: this.#pairs.open,
      orphans: this.#pairs.orphans,
      injected: this.#injected,
      seals: this.#seals,
      turns: this.#turns,
      reasoning: this.#reasoning,
      invalidIds: this.#invalidIds,
      unread: this.#unread.found,
      lostMessages: this.#messages.lost(this.#holes.end),
      untold: this.#messages.untold,
      lostCalls: this.#lostCalls.found(),
      others: this.#others.found,
      leavesIdsOut: this.#ids.hasRefused,
    };
  }
}
