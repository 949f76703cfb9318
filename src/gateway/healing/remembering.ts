import type { Failure } from "../../failure.ts";
import { printableLine } from "../../lib/printable.ts";
import { counted } from "../../lib/words.ts";
import type { Quarantine } from "../../session/event.ts";
import { refusedRequest, seqsOf } from "../../recovery/remedy.ts";
import { blobHash, blobsIn } from "../memory/blob-hash.ts";
import type { ConversationMark } from "../memory/heal-memory.ts";
import type { HealFacts } from "./heal-facts.ts";
import { nothingRefused, refusedBefore, sealsSent } from "./refused-before.ts";
import type { ReadRequest } from "../request/read-request.ts";
import { quarantineOf, type TakenRequest } from "../request/taken-request.ts";
import { encodingParameter } from "../body/unread-body.ts";

/** Refusals of what is sealed. */
export const aboutSeals: ReadonlySet<string> = new Set([
  "sealed-reasoning-rejected",
  "sealed-compaction-rejected",
]);
const setsAside: ReadonlySet<string> = new Set(["items", "issuer", "sealed"]);

/** The parameter that names the response which a request goes on from. */
export const chainParameter = "previous_response_id";

/** What one request takes from what was learnt of earlier ones, and adds to it once a good answer has proved it. */
export class Remembering {
  readonly #facts: HealFacts;
  /** Repairs that a good answer has yet to prove. */
  #repairs: Quarantine[] = [];
  #refusal = "";
  #isNewlyStructured = false;
  /** What the conversation was known to need. */
  #known: readonly Quarantine[] = [];
  #before = nothingRefused;

  constructor(facts: HealFacts) {
    this.#facts = facts;
  }

  /** The last refusal, as its class, status and code. */
  get refusal(): string {
    return this.#refusal;
  }

  /** Whether something that is known may concern a request of these bytes. */
  concerns(plain: Buffer | undefined): boolean {
    const { issuer, memory, now } = this.#facts;
    const isOfSeals = plain && blobsIn(plain).some((blob) => memory.seal(issuer, blob, now()) !== undefined);
    return isOfSeals === true || memory.knowsMore(issuer);
  }

  /** Takes out of the request what was refused before. What that was, in words; `undefined` for nothing. */
  prevent(taken: TakenRequest): string | undefined {
    const { issuer, memory } = this.#facts;
    const { request } = taken;
    this.#before = refusedBefore(taken, this.#facts);
    const { dead } = this.#before;
    const known = memory.parameters(issuer, request.model ?? "");
    // Half a conversation can't be sent as a whole one.
    const parameters = known.filter((parameter) => parameter !== chainParameter || taken.isFull);
    const mark = memory.conversation(issuer, conversationOf(request));
    const isMarked = mark !== undefined && anchorOf(request, mark) === mark.hash;
    if (dead.length === 0 && parameters.length === 0 && !isMarked) return undefined;
    taken.quarantine([
      ...parameters.map((parameter) =>
        quarantineOf("parameter-unsupported", issuer, { kind: "parameter", parameter }, 0),
      ),
      ...(isMarked ? mark.quarantines.map((quarantine) => throughAll(quarantine, taken.last)) : []),
      ...(dead.length > 0
        ? [quarantineOf("sealed-reasoning-rejected", issuer, { kind: "items", seqs: [...dead] }, dead.length)]
        : []),
    ]);
    if (isMarked) {
      taken.structure(mark.byId);
      this.#known = mark.quarantines;
    }
    const words = [
      ...(dead.length > 0 ? [`${counted(dead.length, "sealed item")} left out`] : []),
      ...(isMarked ? ["the conversation sent as it was accepted before"] : []),
      ...parameters.map((parameter) => `sent without ${printableLine(parameter, 60)}`),
    ];
    return `${words.join("; ")} (refused before)`;
  }

  /**
   * What is sent for a try, when a refusal can mean it: without it, and without whatever else is due, the issuer took the request before.
   * Said once.
   */
  retried(failure: Failure, taken: TakenRequest): number[] {
    const { due, retried } = this.#before;
    if (retried.length === 0) return [];
    const { namedSealed } = refusedRequest(failure, taken.untried, { upTo: taken.last, climbed: [] });
    if (namedSealed.length > 0 && !seqsOf(namedSealed).some((seq) => retried.includes(seq))) return [];
    this.#before = nothingRefused;
    return [...due];
  }

  refusedWith({ class: failureClass, signal }: Failure): void {
    const words = [failureClass, signal?.status, signal?.code].filter((word) => word !== undefined);
    this.#refusal = printableLine(words.join(" "), 120);
  }

  repairedWith(repair: Quarantine): void {
    this.#repairs.push(repair);
  }

  /** The rules for every request were applied. */
  structured(): void {
    this.#isNewlyStructured = true;
  }

  /** That the body was compressed was not the cause. */
  isUnreadNoMore(): void {
    this.#repairs = this.#repairs.filter(
      ({ scope }) => scope.kind !== "parameter" || scope.parameter !== encodingParameter,
    );
  }

  /** The answer was good: what it took is remembered, as far as it was the cause. */
  accepted(taken: TakenRequest | undefined): void {
    if (!taken) return;
    const { issuer, memory, now } = this.#facts;
    this.#lift(taken);
    const ofSeals = this.#repairs.filter(isOfSeals);
    const dead = new Set(taken.setAside(ofSeals));
    // What was known before was not sent, and so not refused once more.
    const refused = [...dead].filter((blob) => memory.seal(issuer, blob, now()) !== "refused");
    // Where it took more than leaving out what was sealed, the seals were not the cause.
    if (refused.length > 0 && ofSeals.every(({ scope }) => setsAside.has(scope.kind)))
      memory.refuse(issuer, refused, this.#refusal, now());
    const others = this.#repairs.filter((repair) => !isOfSeals(repair));
    for (const { scope } of others) {
      if (scope.kind !== "parameter") continue;
      // Nothing sealed is given out with a response that is kept: that is this request's own, and says nothing of the model.
      if (scope.parameter === "include" && taken.settings["store"] === true) continue;
      memory.refuseParameter(issuer, taken.request.model ?? "", scope.parameter, this.#refusal, now());
    }
    const quarantines = others.filter(({ scope }) => scope.kind !== "parameter");
    if (taken.last < 0 || (quarantines.length === 0 && !this.#isNewlyStructured)) return;
    const mark = { quarantines: [...this.#known, ...quarantines], byId: taken.byId, index: taken.last };
    const hash = anchorOf(taken.request, mark);
    memory.mark(issuer, conversationOf(taken.request), { ...mark, hash }, this.#refusal, now());
  }

  /** What was refused before and was taken with this answer. */
  #lift(taken: TakenRequest): void {
    const { issuer, memory, now } = this.#facts;
    const { retried } = this.#before;
    const sent = new Set(retried.length > 0 ? sealsSent(taken) : []);
    const blobs = retried.flatMap((seq) => (sent.has(seq) ? taken.seals.get(seq)! : []));
    memory.lift(
      issuer,
      blobs.filter((blob) => memory.seal(issuer, blob, now()) === "due"),
    );
  }

  /** Whether any request to the issuer may be one of a conversation under suspicion. */
  get hasSuspects(): boolean {
    return this.#facts.memory.hasSuspects(this.#facts.issuer);
  }

  /** Whether the conversation is suspected of holding what the issuer refuses without saying so. */
  isSuspect({ request }: TakenRequest): boolean {
    return this.#facts.memory.isSuspect(this.#facts.issuer, conversationOf(request));
  }

  suspect({ request }: TakenRequest, isSuspect: boolean): void {
    this.#facts.memory.suspect(this.#facts.issuer, conversationOf(request), isSuspect);
  }
}

/** Whether a repair says that what it leaves out is dead. */
const isOfSeals = ({ why, scope }: Quarantine): boolean =>
  aboutSeals.has(why) || (why === "unknown-provider-failure" && setsAside.has(scope.kind));

/** Ids that were refused are refused of what came since, too; nothing is lost without them. */
function throughAll(quarantine: Quarantine, last: number): Quarantine {
  return quarantine.scope.kind === "item-ids"
    ? { ...quarantine, scope: { kind: "item-ids", through: last } }
    : quarantine;
}

/**
 * The items that a mark is about, and the one that stood last. Repairs name items by their places, and conversations with the same
 * instructions before them may go on in the same words; an item that no repair is about may be another one in each request, as where it
 * tells the time.
 */
function anchorOf({ items }: ReadRequest, { quarantines, index }: Omit<ConversationMark, "hash">): string {
  const scopes = quarantines.map(({ scope }) => scope);
  const named = new Set(scopes.flatMap((scope) => ("seqs" in scope ? (scope.seqs ?? []) : [])));
  const isOfAll = scopes.some(isOfWhatCame);
  const hashes = items
    .slice(0, index + 1)
    .flatMap((item, seq) => (isOfAll || seq === index || named.has(seq) ? [blobHash(item)] : []));
  return blobHash(hashes.join());
}

/** Whether a repair is about all that came until then, whichever items that were; ids are not missed. */
const isOfWhatCame = (scope: Quarantine["scope"]): boolean =>
  scope.kind !== "item-ids" && "through" in scope && !("seqs" in scope);

/** What names a conversation: the client's own key for it, or its first item; a mark holds only where the items are there that it is about. */
function conversationOf({ cacheKey, items }: ReadRequest): string {
  if (cacheKey !== undefined) return blobHash(`key ${cacheKey}`);
  return items[0] === undefined ? "" : blobHash(items[0]);
}
