import type { Failure } from "../../failure.ts";
import { aboutSeals } from "../../failure/catalogue.ts";
import { printableLine } from "../../lib/printable.ts";
import { counted } from "../../lib/words.ts";
import type { Quarantine } from "../../session/event.ts";
import { isLeavingOut, refusedRequest, seqsOf } from "../../recovery/remedy.ts";
import { blobHash, blobsIn } from "../memory/blob-hash.ts";
import type { ConversationMark } from "../memory/heal-memory.ts";
import type { HealFacts } from "./heal-facts.ts";
import { nothingRefused, refusedBefore, sealsSent } from "./refused-before.ts";
import type { ReadRequest } from "../request/read-request.ts";
import { type TakenRequest, quarantineOfItems, quarantineOfParameter } from "../request/taken-request.ts";
import { encodingParameter } from "./unread-body.ts";

/** The parameter that names the response which a request goes on from. */
export const chainParameter = "previous_response_id";

/**
 * One request's use of the memory: what was learnt from earlier requests is applied to it, and what its refusals teach is added once a
 * good answer has proved it.
 */
export class Remembering {
  readonly #facts: HealFacts;
  /** Repairs that a good answer has yet to prove. */
  #repairs: Quarantine[] = [];
  #refusal = "";
  #isNewlyStructured = false;
  /** Repairs that the conversation was known to need before this request. */
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
    const { issuer, memory } = this.#facts;
    const isOfSeals = plain && blobsIn(plain).some((blob) => memory.seal(issuer, blob) !== undefined);
    return isOfSeals === true || memory.knowsMore(issuer);
  }

  /** Leaves out of the request what was refused before. Returns the line that says so, `undefined` when there was nothing. */
  prevent(taken: TakenRequest): string | undefined {
    const { issuer, memory } = this.#facts;
    const { request } = taken;
    this.#before = refusedBefore(taken, this.#facts);
    const { dead } = this.#before;
    const known = memory.parameters(issuer, request.model ?? "");
    // Without the id of the response that it continues, a request has to hold the whole conversation.
    const parameters = known.filter((parameter) => parameter !== chainParameter || taken.isFull);
    const mark = memory.conversation(issuer, conversationOf(request));
    const isMarked = mark !== undefined && anchorOf(request, mark) === mark.hash;
    if (dead.length === 0 && parameters.length === 0 && !isMarked) return undefined;
    taken.quarantine([
      ...parameters.map((parameter) => quarantineOfParameter("parameter-unsupported", issuer, parameter)),
      ...(isMarked ? mark.quarantines.map((quarantine) => throughAll(quarantine, taken.last)) : []),
      ...(dead.length > 0 ? [quarantineOfItems("sealed-reasoning-rejected", issuer, dead)] : []),
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
   * All items that are due for a try, when the refusal can mean those of them that were sent; else none. They are given once. Those that
   * were not sent are given, too: earlier requests were accepted without any of them.
   */
  takeDue(failure: Failure, taken: TakenRequest): number[] {
    const { due, retried } = this.#before;
    if (retried.length === 0) return [];
    const { namedSealed } = refusedRequest(failure, taken.untried, { upTo: taken.last, climbed: [] });
    if (namedSealed.length > 0 && !seqsOf(namedSealed).some((seq) => retried.includes(seq))) return [];
    this.#before = nothingRefused;
    return [...due];
  }

  /** Notes the refusal that the next repair answers. */
  refusedWith({ class: failureClass, signal }: Failure): void {
    const words = [failureClass, signal?.status, signal?.code].filter((word) => word !== undefined);
    this.#refusal = printableLine(words.join(" "), 120);
  }

  /** Notes a repair that a good answer has yet to prove. */
  repairedWith(repair: Quarantine): void {
    this.#repairs.push(repair);
  }

  /** Notes that the rules for every request were applied because of a refusal. */
  structured(): void {
    this.#isNewlyStructured = true;
  }

  /** Takes back that the endpoint can't read compressed bodies: it refuses the request uncompressed, too. */
  forgetEncoding(): void {
    this.#repairs = this.#repairs.filter(
      ({ scope }) => scope.kind !== "parameter" || scope.parameter !== encodingParameter,
    );
  }

  /** The answer was good: the repairs that it took are remembered, as far as they were the cause. */
  accepted(taken: TakenRequest | undefined): void {
    if (!taken) return;
    const { issuer, memory } = this.#facts;
    this.#lift(taken);
    const ofSeals = this.#repairs.filter(isOfSeals);
    const dead = new Set(taken.setAside(ofSeals));
    // Blobs that were known to be refused were not sent, and so not refused once more.
    const refused = [...dead].filter((blob) => memory.seal(issuer, blob) !== "refused");
    // Where it took more than leaving out what was sealed, the seals were not the cause.
    if (refused.length > 0 && ofSeals.every(({ scope }) => isLeavingOut(scope)))
      memory.refuse(issuer, refused, this.#refusal);
    const others = this.#repairs.filter((repair) => !isOfSeals(repair));
    for (const { scope } of others) {
      if (scope.kind !== "parameter") continue;
      // `include` may be refused since this response is stored, and nothing sealed is given out with such: that says nothing of the model.
      if (scope.parameter === "include" && taken.settings["store"] === true) continue;
      memory.refuseParameter(issuer, taken.request.model ?? "", scope.parameter, this.#refusal);
    }
    const quarantines = others.filter(({ scope }) => scope.kind !== "parameter");
    if (taken.last < 0 || (quarantines.length === 0 && !this.#isNewlyStructured)) return;
    const mark = { quarantines: [...this.#known, ...quarantines], byId: taken.byId, index: taken.last };
    const hash = anchorOf(taken.request, mark);
    memory.mark(issuer, conversationOf(taken.request), { ...mark, hash }, this.#refusal);
  }

  /** Lifts what is held against the seals that were sent for a try, and accepted with this answer. */
  #lift(taken: TakenRequest): void {
    const { issuer, memory } = this.#facts;
    const { retried } = this.#before;
    const sent = new Set(retried.length > 0 ? sealsSent(taken) : []);
    const blobs = retried.flatMap((seq) => (sent.has(seq) ? taken.seals.get(seq)! : []));
    memory.lift(
      issuer,
      blobs.filter((blob) => memory.seal(issuer, blob) === "due"),
    );
  }

  /** Whether any conversation with the issuer is under suspicion, so that each request to it has to be looked at. */
  get hasSuspects(): boolean {
    return this.#facts.memory.hasSuspects(this.#facts.issuer);
  }

  /** Whether the conversation is suspected of holding what the issuer refuses without saying so. */
  isSuspect({ request }: TakenRequest): boolean {
    return this.#facts.memory.isSuspect(this.#facts.issuer, conversationOf(request));
  }

  /** Begins or ends the suspicion. */
  suspect({ request }: TakenRequest, isSuspect: boolean): void {
    this.#facts.memory.suspect(this.#facts.issuer, conversationOf(request), isSuspect);
  }
}

/** Whether a repair says that what it leaves out is dead. */
const isOfSeals = ({ why, scope }: Quarantine): boolean =>
  aboutSeals.has(why) || (why === "unknown-provider-failure" && isLeavingOut(scope));

/**
 * The repair for a request that has grown since: item ids that were refused would be refused of the items that came since, too, and
 * nothing is lost without them.
 */
function throughAll(quarantine: Quarantine, last: number): Quarantine {
  return quarantine.scope.kind === "item-ids"
    ? { ...quarantine, scope: { kind: "item-ids", through: last } }
    : quarantine;
}

/**
 * A hash of the items that a mark's repairs are about, and of the one that stood last when it was made. Repairs name items by their
 * places: the mark holds only where the same items stand there, which also tells apart conversations that begin alike. Items that no
 * repair is about are left out of it: they may change with each request, as one does that tells the time.
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

/**
 * Whether a repair is about all items up to a place, and not about single ones. (Not for item ids, whose loss does no harm to other
 * items.)
 */
const isOfWhatCame = (scope: Quarantine["scope"]): boolean =>
  scope.kind !== "item-ids" && "through" in scope && !("seqs" in scope);

/**
 * What a conversation is known by: a hash of the client's own key for it, or of its first item. Others may have the same, which is why a
 * mark holds only where its items are found (`anchorOf`).
 */
function conversationOf({ cacheKey, items }: ReadRequest): string {
  if (cacheKey !== undefined) return blobHash(`key ${cacheKey}`);
  return items[0] === undefined ? "" : blobHash(items[0]);
}
