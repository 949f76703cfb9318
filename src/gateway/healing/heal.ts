import { Failure, isFailureOf } from "../../failure.ts";
import { printableLine } from "../../lib/printable.ts";
import { counted } from "../../lib/words.ts";
import type { Action } from "../../recovery/action.ts";
import { hasLadder } from "../../recovery/ladder.ts";
import { repairNotice } from "../../recovery/notice.ts";
import { pairRepair } from "../../recovery/pair-repair.ts";
import { decide, Situation } from "../../recovery/policy.ts";
import { isPast, isRefusal } from "../../recovery/trial.ts";
import { openai } from "../../replay/contracts/openai.ts";
import { project, type Projection } from "../../replay/project.ts";
import type { Quarantine } from "../../session/event.ts";
import type { HealFacts } from "./heal-facts.ts";
import type { WholeBody } from "../body/held-body.ts";
import { isMasked, maskNotice, masksBelieved } from "./masked.ts";
import { plainBody } from "../body/plain-body.ts";
import { readRequest } from "../request/read-request.ts";
import { aboutSeals, chainParameter, Remembering } from "./remembering.ts";
import { moveNotice } from "../request/moved-tools.ts";
import { structureNotice } from "../request/structure-notice.ts";
import { itemMember, memberParameter, quarantineOf, TakenRequest } from "../request/taken-request.ts";
import { isStillSaid, withParameterNamed } from "../request/parameter-named.ts";
import { isOfItself, withToolNamed } from "../request/tool-named.ts";
import { encodingParameter, mayBeUnread } from "../body/unread-body.ts";
import { held, limitOf, type Verdict, verdictOf } from "./verdict.ts";

/** Refusals that the rules for every request may answer, before anything else is taken out. */
const structural: ReadonlySet<string> = new Set([
  "reasoning-unpaired",
  "duplicate-item",
  "item-not-persisted",
  "item-id-invalid",
  "call-without-output",
  "output-without-call",
  "request-malformed",
]);
/** For failures that are not about what is replayed. */
const nothing = project(openai, { issuer: "", quarantines: [] }, []);

/**
 * The healing of one request (replay.md): its items are projected like those of a session's log, with the same policy and the same ladder.
 * Nothing of a request is looked at before it was refused, unless something is known of its issuer.
 */
export class Healing {
  /** What is to be sent in place of the client's own body, and without its encoding. */
  body: Buffer | undefined;
  /** What was changed before anything was asked, in one line. */
  prevented: string | undefined;
  readonly #sent: WholeBody;
  readonly #facts: HealFacts;
  readonly #situation = new Situation();
  readonly #remembering: Remembering;
  #taken: TakenRequest | undefined;
  #isUnreadable = false;
  /** Settings that words which nobody knows were taken to mean. */
  readonly #guessed = new Set<string>();
  /** Members of items that this request was refused for. */
  readonly #members = new Set<string>();
  #disguises = 0;
  #probes = 0;
  /** Failures behind which a relay may hide a refusal, and whether that was tried; with the body that goes otherwise. */
  #masks = 0;
  #blind: "trying" | "tried" | undefined;
  #beforeBlind: Buffer | undefined;

  private constructor(sent: WholeBody, facts: HealFacts) {
    this.#sent = sent;
    this.#facts = facts;
    this.#remembering = new Remembering(facts);
  }

  /** Begins with what is known of earlier requests. */
  static async begin(sent: WholeBody, facts: HealFacts): Promise<Healing> {
    const healing = new Healing(sent, facts);
    if (facts.memory.knows(facts.issuer)) await healing.#prevent();
    return healing;
  }

  /** Whether sealed items are sent, for refusals that mean them without saying so. */
  holdsSeals(): boolean {
    const taken = this.#taking();
    return taken !== undefined && taken.projection.sealedSent().size > 0;
  }

  async refused(failure: Failure): Promise<Verdict> {
    const isUnread = mayBeUnread(failure, this.#facts.encoding);
    if (isUnread && this.body === undefined) {
      const taken = this.#taking();
      const isKnownCause = structural.has(failure.class) && taken?.isIrregular === true;
      if (taken && !isKnownCause) return this.#unpacked(failure, taken);
    }
    // Refused all the same: the compression was not the cause.
    if (isUnread) this.#remembering.isUnreadNoMore();
    return this.#judged(failure);
  }

  async #judged(failure: Failure): Promise<Verdict> {
    const limit = limitOf(failure, this.#facts.now());
    if (limit) return this.#facts.wait ? held(limit, this.#probes++, this.#facts) : { do: "pass" };
    const told = this.#undisguised(failure);
    const meant = this.#named(told);
    // A setting that is named only now was hidden by what a trial left out.
    if (this.#taken && isPast(this.#taken.trial ? meant : told)) this.#keepTried(this.#taken);
    if (!isFailureOf(meant, "chain-missing") && !this.#isAboutItems(meant)) return this.#unmasked(meant);
    const taken = this.#taking();
    if (!taken) return { do: "pass" };
    if (isFailureOf(meant, "chain-missing")) return this.#unchained(meant, taken);
    const unknown = this.#unknownMember(meant, taken);
    if (unknown) return unknown;
    // What no request may have goes before anything is tried that loses more, and that the answer without it would prove.
    const isStructural =
      taken.trial === undefined && (structural.has(meant.class) || !hasLadder(meant.class));
    // Reasoning whose blob is gone is refused like one whose blob is dead (Wei-Shaw/sub2api#3138).
    const isOfShells = taken.hasMalformedSeal || (taken.isIrregular && taken.seals.size === 0);
    const isFirst = isStructural || (aboutSeals.has(meant.class) && isOfShells);
    if (isFirst && this.#structure(meant, taken)) return this.#healed(taken, structureNotice(meant, taken));
    const placed = this.#placed(meant, taken);
    const isGuess = isFailureOf(meant, "parameter-unsupported") && !hasLadder(told.class);
    return (await this.#withoutRetried(placed, taken)) ?? this.#climbed(placed, taken, isGuess);
  }

  /** The answer was good: what it took is remembered, as far as it was the cause. */
  accepted(): void {
    const taken = this.#taken;
    const isBlind = this.#blind === "trying";
    const remembering = this.#remembering;
    if (taken && isBlind && !remembering.isSuspect(taken)) remembering.suspect(taken, true);
    else {
      if (!taken?.trial && remembering.hasSuspects) this.#cleared();
      if (taken) this.#keepTried(taken);
    }
    remembering.accepted(taken);
  }

  /** What was taken with its sealed items holds none that is refused without words. */
  #cleared(): void {
    if (this.holdsSeals() && this.#taken) this.#remembering.suspect(this.#taken, false);
  }

  /** Takes out what was refused before. */
  async #prevent(): Promise<void> {
    const plain = this.#plain();
    const taken = this.#remembering.concerns(plain) ? this.#taking(plain) : undefined;
    this.prevented = taken && this.#remembering.prevent(taken);
    if (taken && this.prevented !== undefined) this.body = await taken.write();
  }

  #plain(): Buffer | undefined {
    return plainBody(this.#sent.whole(), this.#facts.encoding, this.#facts.maxBytes);
  }

  #taking(plain = this.#taken || this.#isUnreadable ? undefined : this.#plain()): TakenRequest | undefined {
    if (this.#taken || this.#isUnreadable) return this.#taken;
    const { issuer, memory } = this.#facts;
    const request = plain && readRequest(plain);
    this.#taken = request && new TakenRequest(request, { issuer, sealedBy: (blob) => memory.sealedBy(blob) });
    this.#isUnreadable = this.#taken === undefined;
    return this.#taken;
  }

  /**
   * Row 12: the backend said that the token had expired, while a request without sealed items works. Believed twice, for what looks damaged
   * and for the rest; a token that has expired stays so.
   */
  #undisguised(failure: Failure): Failure {
    if (!isFailureOf(failure, "auth-expired") || failure.signal?.code !== "token_expired") return failure;
    if (this.#disguises >= 2 || !this.holdsSeals()) return failure;
    this.#disguises++;
    return new Failure("sealed-reasoning-rejected", failure.message, {}, { signal: failure.signal });
  }

  /** Words that nobody knows may still name a setting: a guess, which is made once, and taken back when it didn't help. */
  #named(failure: Failure): Failure {
    const isGuess = isFailureOf(failure, "unknown-provider-failure");
    const taken = isGuess || isFailureOf(failure, "parameter-unsupported") ? this.#taking() : undefined;
    if (!taken) return failure;
    const named = withToolNamed(withParameterNamed(failure, taken), taken);
    const parameter = isFailureOf(named, "parameter-unsupported") ? named.data.parameter : undefined;
    if (!isGuess) return named;
    if (parameter !== undefined && !this.#guessed.has(parameter)) {
      this.#guessed.add(parameter);
      return named;
    }
    if (taken.guesses.length > 0 && !isStillSaid(failure, taken.guesses)) this.#keepTried(taken);
    taken.guesses = [];
    return parameter === undefined ? named : failure;
  }

  #structure(failure: Failure, taken: TakenRequest): boolean {
    if (taken.isStructured || (!taken.isVerbatim && !isFailureOf(failure, "item-not-persisted")))
      return false;
    const byId = !isFailureOf(failure, "item-not-persisted");
    const isReference = (kind: string): boolean => kind === "item_reference" || kind === "reasoning";
    const isHelp =
      taken.isIrregular ||
      (!byId && taken.records.some(({ event }) => isReference(event.kind) && !event.sealed));
    if (!isHelp) return false;
    taken.structure(byId);
    this.#remembering.structured();
    this.#remembering.refusedWith(failure);
    return true;
  }

  #unpacked(failure: Failure, taken: TakenRequest): Promise<Verdict> {
    this.#repaired(failure, this.#ofParameter(failure, encodingParameter), taken);
    return this.#healed(
      taken,
      `sent uncompressed, since compressed it was not read (${this.#remembering.refusal})`,
    );
  }

  /** A provider that takes no such parameter at all is remembered; one that has lost a response may know the next. */
  async #unchained(failure: Failure, taken: TakenRequest): Promise<Verdict> {
    const chain = taken.request.chain;
    if (chain === undefined || !taken.isFull || this.body !== undefined) return { do: "pass" };
    const isLost = failure.signal?.code === "previous_response_not_found" || failure.signal?.status === 404;
    if (isLost) taken.drop(chainParameter);
    else this.#repaired(failure, this.#ofParameter(failure, chainParameter), taken);
    const why = isLost
      ? "the provider has lost the response that the request continues"
      : "the provider continues no responses";
    return this.#healed(taken, `${why}; the full input was sent without it`);
  }

  /** A member that no item of any request has to have: they all go without it, since each would be refused in its turn. */
  #unknownMember(failure: Failure, taken: TakenRequest): Promise<Verdict> | undefined {
    if (!isFailureOf(failure, "request-malformed")) return undefined;
    const parameter = memberParameter(failure.data.member);
    if (parameter === undefined || this.#members.has(parameter)) return undefined;
    // Of two roles the one that was refused last holds: a relay may have servers that know one each.
    const isOfIt = (one: string): boolean => one.split("=")[0] === parameter.split("=")[0];
    if (taken.projection.without.findLast(isOfIt) === parameter) return undefined;
    this.#members.add(parameter);
    this.#repaired(failure, this.#ofParameter(failure, parameter), taken);
    const name = printableLine(itemMember(parameter) ?? "", 60);
    const others = name === "role=developer" ? "the system's" : "a developer's";
    const what = name.includes("=") ? `with ${name} for ${others}` : `without their ${name}`;
    return this.#healed(taken, `items are sent ${what} from now on (${this.#remembering.refusal})`);
  }

  #ofParameter({ class: why }: Failure, parameter: string): Quarantine {
    return quarantineOf(why, this.#facts.issuer, { kind: "parameter", parameter }, 0);
  }

  /** What was refused before and is tried again is the likeliest to be refused; what was taken meanwhile goes on being sent. */
  async #withoutRetried(failure: Failure, taken: TakenRequest): Promise<Verdict | undefined> {
    const isTrial = !hasLadder(failure.class);
    if (!isTrial && !aboutSeals.has(failure.class)) return undefined;
    const seqs = this.#remembering.retried(failure, taken);
    if (seqs.length === 0) return undefined;
    const { issuer } = this.#facts;
    const quarantine = quarantineOf(failure.class, issuer, { kind: "items", seqs }, seqs.length);
    if (isTrial) {
      taken.trial = quarantine;
      this.#situation.noteTrial(quarantine);
      this.#remembering.refusedWith(failure);
    } else this.#repaired(failure, quarantine, taken);
    const what = counted(seqs.length, "sealed item");
    const notice = isTrial
      ? `refused in words that are not known; trying it without ${what} refused before`
      : `${what} refused once more and left out again`;
    return this.#healed(taken, `${notice} (${this.#remembering.refusal})`);
  }

  /** `isGuess`: whether words that nobody knows are taken to mean it. */
  async #climbed(failure: Failure, taken: TakenRequest, isGuess: boolean): Promise<Verdict> {
    const action = this.#decide(failure, taken.untried, taken.last);
    taken.trial = action.do === "try" ? action.quarantine : undefined;
    if (action.do === "try") {
      this.#remembering.refusedWith(failure);
      return this.#healed(taken, action.notice);
    }
    if (action.do === "repair") {
      const before = this.body ?? taken.request.bytes;
      const hadTools = taken.settings["tools"] !== undefined;
      const { moved } = taken;
      if (isGuess) {
        taken.guesses = [...taken.guesses, action.quarantine];
        this.#remembering.refusedWith(failure);
      } else this.#repaired(failure, action.quarantine, taken);
      // Whoever offers one tool, and describes it wrongly, has to know it.
      if (hadTools && taken.settings["tools"] === undefined && isOfItself(failure)) return { do: "pass" };
      const notice = moveNotice(taken.moved - moved, action, this.#remembering.refusal);
      const verdict = await this.#healed(taken, notice);
      // A name that the request doesn't have, or the body would be sent again as it is.
      return this.body?.equals(before) === true ? { do: "pass" } : verdict;
    }
    if (action.do === "repair-pairs") {
      // The projection has answered what was open: what is still refused is set aside on both sides.
      const items = { items: taken.records, openCalls: new Set<number>() };
      const repair = pairRepair(items, action.call, this.#facts.issuer, failure.class);
      if (repair?.do !== "in-words") return { do: "pass" };
      this.#repaired(failure, repair.quarantine, taken);
      return this.#healed(taken, repairNotice(failure, repair.quarantine, this.#facts.now()));
    }
    return verdictOf(action, failure, this.#facts.now());
  }

  /**
   * An outage that goes on may be a refusal whose words a relay keeps to itself: tried once without what is sealed. That it helps proves it
   * only when it has helped in the conversation before, and nothing was taken with it since; then the first failure is enough to try it.
   */
  #unmasked(failure: Failure): Verdict | Promise<Verdict> {
    if (this.#blind === "trying") {
      if (this.#taken) this.#taken.trial = undefined;
      this.body = this.#beforeBlind;
      this.#blind = "tried";
    }
    if (isMasked(failure)) this.#masks++;
    const isWorth = this.#masks >= masksBelieved || (this.#masks > 0 && this.#remembering.hasSuspects);
    const taken = isWorth && !this.#blind ? this.#taking() : undefined;
    if (!taken || taken.seals.size === 0) return this.#decided(failure);
    if (this.#masks < masksBelieved && !this.#remembering.isSuspect(taken)) return this.#decided(failure);
    this.#blind = "trying";
    this.#beforeBlind = this.body;
    const seqs = [...taken.seals.keys()];
    taken.trial = quarantineOf(failure.class, this.#facts.issuer, { kind: "items", seqs }, seqs.length);
    this.#remembering.refusedWith(failure);
    return this.#healed(taken, `${maskNotice}; trying it without ${counted(seqs.length, "sealed item")}`);
  }

  /** Whether a repair may help: of a known kind, or one that is found out by trying. */
  #isAboutItems(failure: Failure): boolean {
    if (hasLadder(failure.class)) return true;
    return isFailureOf(failure, "unknown-provider-failure") && isRefusal(failure);
  }

  /** What was tried is a repair like any other. */
  #keepTried(taken: TakenRequest): void {
    const { trial, guesses } = taken;
    const kept = trial ? [...guesses, trial] : guesses;
    if (kept.length === 0) return;
    taken.trial = undefined;
    taken.guesses = [];
    taken.quarantine(kept);
    for (const repair of kept) this.#remembering.repairedWith(repair);
    if (trial) this.#situation.noteKept();
  }

  #repaired(failure: Failure, quarantine: Quarantine, taken: TakenRequest): void {
    taken.quarantine([quarantine]);
    this.#remembering.repairedWith(quarantine);
    this.#remembering.refusedWith(failure);
  }

  async #healed(taken: TakenRequest, notice: string): Promise<Verdict> {
    this.body = await taken.write();
    return { do: "heal", notice };
  }

  #decided(failure: Failure): Verdict {
    return verdictOf(this.#decide(failure, nothing, -1), failure, this.#facts.now());
  }

  #decide(failure: Failure, projection: Projection, upTo: number): Action {
    const { now, random, wait } = this.#facts;
    return decide(failure, this.#situation, { now: now(), random: random(), wait, projection, upTo });
  }

  /** An index that the error names is one into what was sent: into the client's own input, as long as that went as it stood. */
  #placed(failure: Failure, taken: TakenRequest): Failure {
    const { index } = failure.data as { index?: number };
    if (index === undefined || !taken.isVerbatim) return failure;
    const { index: _index, ...data } = failure.data as { index?: number };
    const place = taken.placeOf(index);
    const options = failure.signal === undefined ? {} : { signal: failure.signal };
    return new Failure(
      failure.class,
      failure.message,
      { ...data, ...(place !== undefined && { index: place }) },
      options,
    );
  }
}
