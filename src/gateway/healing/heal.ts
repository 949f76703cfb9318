import { type Failure, type FailureSignal, isFailureOf } from "../../failure.ts";
import { aboutSeals } from "../../failure/catalogue.ts";
import { reread } from "../../failure/named.ts";
import { mayHideSeals } from "../../failure/pattern.ts";
import { printableLine } from "../../lib/printable.ts";
import { counted } from "../../lib/words.ts";
import type { Action } from "../../recovery/action.ts";
import { hasLadder } from "../../recovery/ladder.ts";
import { repairNotice } from "../../recovery/notice.ts";
import { pairRepair } from "../../recovery/pair-repair.ts";
import { decide } from "../../recovery/policy.ts";
import { Situation } from "../../recovery/situation.ts";
import { isPast, isRefusal, mayMeanSeals } from "../../recovery/trial.ts";
import { openai } from "../../replay/contracts/openai.ts";
import { project, type Projection } from "../../replay/project.ts";
import type { Quarantine } from "../../session/event.ts";
import type { HealFacts } from "./heal-facts.ts";
import type { WholeBody } from "../body/held-body.ts";
import { LostSummaries } from "./lost-summaries.ts";
import { Masked, maskNotice } from "./masked.ts";
import { plainBody } from "../body/plain-body.ts";
import { readRequest } from "../request/read-request.ts";
import { chainParameter, Remembering } from "./remembering.ts";
import { withIndexPlaced } from "../request/index-placed.ts";
import { moveNotice } from "../request/moved-tools.ts";
import { structural, structureNotice } from "../request/structure-notice.ts";
import {
  itemMember,
  memberParameter,
  TakenRequest,
  quarantineOfItems,
  quarantineOfParameter,
} from "../request/taken-request.ts";
import { isStillSaid, withParameterNamed } from "../request/parameter-named.ts";
import { isOfItself, withToolNamed } from "../request/tool-named.ts";
import { encodingParameter, mayBeUnread } from "./unread-body.ts";
import { held, limitOf, type Verdict, verdictOf } from "./verdict.ts";

/** An empty projection, for failures that aren't about items: the policy asks for one. */
const nothing = project(openai, { issuer: "", quarantines: [] }, []);

/**
 * The healing of one request (replay.md): its items are projected like those of a session's log, with the same policy and the same ladder.
 * Nothing of a request is looked at before it was refused, unless something is known of its issuer.
 */
export class Healing {
  /** What is to be sent in place of the client's own body, uncompressed; `undefined` as long as the client's goes as it came. */
  body: Buffer | undefined;
  /** What was left out before the request was sent at all, since it was refused before; in one line. */
  prevented: string | undefined;
  readonly #sent: WholeBody;
  readonly #facts: HealFacts;
  readonly #situation = new Situation();
  readonly #remembering: Remembering;
  readonly #lost = new LostSummaries();
  readonly #masked = new Masked();
  #taken: TakenRequest | undefined;
  #isUnreadable = false;
  /** Settings that a refusal in unknown words seemed to name: each is guessed at once. */
  readonly #guessed = new Set<string>();
  /** Members of items that were left out since this request was refused for them, as parameters: each is left out once. */
  readonly #members = new Set<string>();
  /** How often an expired token was taken for a refusal of seals (`#undisguised`). */
  #disguises = 0;
  /** How often a limit was asked about again. */
  #probes = 0;

  private constructor(sent: WholeBody, facts: HealFacts) {
    this.#sent = sent;
    this.#facts = facts;
    this.#remembering = new Remembering(facts);
  }

  /** Begins by leaving out what earlier requests were refused for. */
  static async begin(sent: WholeBody, facts: HealFacts): Promise<Healing> {
    const healing = new Healing(sent, facts);
    if (facts.memory.knows(facts.issuer)) await healing.#prevent();
    return healing;
  }

  /** Whether something sealed was sent that the refusal may mean without saying so. */
  mayMeanSeals(refusal: FailureSignal): boolean {
    return mayHideSeals(refusal) && this.holdsSeals();
  }

  /** Whether anything sealed is sent. */
  holdsSeals(): boolean {
    const taken = this.#taking();
    return taken !== undefined && taken.projection.sealedSent().size > 0;
  }

  /** What is to be done about a failure of the request as it was sent last. When it resolves, `body` is what is to be sent next. */
  async refused(failure: Failure): Promise<Verdict> {
    const isUnread = mayBeUnread(failure, this.#facts.encoding);
    if (isUnread && this.body === undefined) {
      const taken = this.#taking();
      const isKnownCause = structural.has(failure.class) && taken?.isIrregular === true;
      if (taken && !isKnownCause) return this.#unpacked(failure, taken);
    }
    // Uncompressed it was refused, too: the compression was not the cause.
    if (isUnread) this.#remembering.forgetEncoding();
    return this.#judged(failure);
  }

  async #judged(failure: Failure): Promise<Verdict> {
    const limit = limitOf(failure, this.#facts.now());
    if (limit) return this.#facts.wait ? held(limit, this.#probes++, this.#facts) : { do: "pass" };
    const told = this.#undisguised(failure);
    const meant = this.#named(told);
    // A setting that is refused only during a trial was not looked at before: what the trial left out was refused first, so the trial helped.
    if (this.#taken && isPast(this.#taken.trial ? meant : told)) this.#keepTried(this.#taken);
    if (!this.#isAboutItems(meant)) return this.#unmasked(meant);
    const taken = this.#taking();
    if (!taken) return { do: "pass" };
    if (isFailureOf(meant, "chain-missing")) return this.#unchained(meant, taken);
    const unknown = this.#unknownMember(meant, taken);
    if (unknown) return unknown;
    // What no request may have is taken out by itself first. Every repair of items takes it out, too; if one came first and helped, it would
    // be remembered as what was needed, although it loses more.
    const isStructural =
      taken.trial === undefined && (structural.has(meant.class) || !hasLadder(meant.class));
    // Reasoning whose blob is gone is refused like one whose blob is dead (Wei-Shaw/sub2api#3138).
    const isOfShells = taken.hasMalformedSeal || (taken.isIrregular && taken.seals.size === 0);
    const isFirst = isStructural || (aboutSeals.has(meant.class) && isOfShells);
    if (isFirst && this.#structure(meant, taken)) return this.#healed(taken, structureNotice(meant, taken));
    const placed = withIndexPlaced(meant, taken);
    const isGuess = isFailureOf(meant, "parameter-unsupported") && !hasLadder(told.class);
    return (await this.#withoutRetried(placed, taken)) ?? this.#climbed(placed, taken, isGuess);
  }

  /** The answer was good: the repairs that it took are remembered, as far as they were the cause. */
  accepted(): void {
    const taken = this.#taken;
    const remembering = this.#remembering;
    // That it helps to send nothing sealed is a suspicion the first time, and a proof the next time (`#unmasked`).
    if (taken && this.#masked.isTrying && !remembering.isSuspect(taken)) remembering.suspect(taken, true);
    else {
      if (!taken?.trial && remembering.hasSuspects) this.#cleared();
      if (taken) this.#keepTried(taken);
    }
    remembering.accepted(taken);
  }

  /**
   * A request that was accepted with its sealed items holds none that a relay's failures are about: its conversation isn't suspected any
   * more.
   */
  #cleared(): void {
    if (this.holdsSeals() && this.#taken) this.#remembering.suspect(this.#taken, false);
  }

  /** Leaves out what was refused before. */
  async #prevent(): Promise<void> {
    const plain = this.#plain();
    const taken = this.#remembering.concerns(plain) ? this.#taking(plain) : undefined;
    this.prevented = taken && this.#remembering.prevent(taken);
    if (!taken || this.prevented === undefined) return;
    this.#lost.begin(taken);
    this.body = await taken.write();
  }

  #plain(): Buffer | undefined {
    return plainBody(this.#sent.whole(), this.#facts.encoding, this.#facts.maxBytes);
  }

  /** The request taken apart, which is done once; `undefined` when it can't be. */
  #taking(decoded?: Buffer): TakenRequest | undefined {
    if (this.#taken || this.#isUnreadable) return this.#taken;
    const { issuer, memory } = this.#facts;
    const plain = decoded ?? this.#plain();
    const request = plain && readRequest(plain);
    this.#taken = request && new TakenRequest(request, { issuer, sealedBy: (blob) => memory.sealedBy(blob) });
    this.#isUnreadable = this.#taken === undefined;
    return this.#taken;
  }

  /**
   * The backend may say of seals that it can't read that the token had expired (failures.md row 12). It is believed to mean them twice,
   * since the ladder leaves out what looks damaged first, and then the rest; a token that has really expired is refused after that, too.
   */
  #undisguised(failure: Failure): Failure {
    if (!mayMeanSeals(failure)) return failure;
    if (this.#disguises >= 2 || !this.holdsSeals()) return failure;
    this.#disguises++;
    return reread(failure, "sealed-reasoning-rejected", {});
  }

  /**
   * The failure with the setting, tool or member that its words name. Where the words are unknown that is a guess: each is made once, and
   * taken back when it didn't help.
   */
  #named(failure: Failure): Failure {
    const isGuess = isFailureOf(failure, "unknown-provider-failure");
    const taken = isGuess || isFailureOf(failure, "parameter-unsupported") ? this.#taking() : undefined;
    if (!taken) return failure;
    const named = withToolNamed(withParameterNamed(failure, taken), taken);
    const parameter = isFailureOf(named, "parameter-unsupported") ? named.data.parameter : undefined;
    if (!isGuess) return named;
    // A refusal that doesn't speak any more of what was left out is another one: the guess was right.
    if (taken.guesses.length > 0 && !isStillSaid(failure, taken.guesses)) this.#keepTried(taken);
    if (parameter !== undefined && !this.#guessed.has(parameter)) {
      this.#guessed.add(parameter);
      return named;
    }
    taken.guesses = [];
    return parameter === undefined ? named : failure;
  }

  /** Applies the rules for every request, once, where they change it. Returns whether they were applied. */
  #structure(failure: Failure, taken: TakenRequest): boolean {
    const byId = !isFailureOf(failure, "item-not-persisted");
    if (taken.isStructured || (byId && !taken.isVerbatim)) return false;
    // A repair has made the request keep to the rules already. Only what goes by its id alone (`holdsReferences`) may be left.
    const isMendable = (taken.isVerbatim && taken.isIrregular) || (!byId && taken.holdsReferences);
    if (!isMendable) return false;
    taken.structure(byId);
    this.#remembering.structured();
    this.#remembering.refusedWith(failure);
    return true;
  }

  /** Sends the body uncompressed: the endpoint may not be able to read it otherwise. */
  #unpacked(failure: Failure, taken: TakenRequest): Promise<Verdict> {
    this.#repairedWithout(encodingParameter, failure, taken);
    return this.#healed(
      taken,
      `sent uncompressed, since compressed it was not read (${this.#remembering.refusal})`,
    );
  }

  /**
   * The response that the request continues isn't there: where the client has sent the whole conversation, that goes without it. A
   * provider that continues no response at all is remembered; one that has lost this one may know the next.
   */
  async #unchained(failure: Failure, taken: TakenRequest): Promise<Verdict> {
    if (typeof taken.settings[chainParameter] !== "string" || !taken.isFull) return { do: "pass" };
    const isLost = failure.signal?.code === "previous_response_not_found" || failure.signal?.status === 404;
    if (isLost) taken.drop(chainParameter);
    else this.#repairedWithout(chainParameter, failure, taken);
    const why = isLost
      ? "the provider has lost the response that the request continues"
      : "the provider continues no responses";
    return this.#healed(taken, `${why}; the full input was sent without it`);
  }

  /**
   * The provider doesn't know a member of an item, or a role. Where no item has to have it, they all go without it, since each would be
   * refused in its turn.
   */
  #unknownMember(failure: Failure, taken: TakenRequest): Promise<Verdict> | undefined {
    if (!isFailureOf(failure, "request-malformed")) return undefined;
    const parameter = memberParameter(failure.data.member);
    if (parameter === undefined || this.#members.has(parameter)) return undefined;
    // It is left out already. (Of two roles the one that was refused last is: the servers behind a relay may know one each.)
    const isOfIt = (one: string): boolean => one.split("=")[0] === parameter.split("=")[0];
    if (taken.projection.without.findLast(isOfIt) === parameter) return undefined;
    if (!taken.hasMember(itemMember(parameter) ?? "")) return undefined;
    this.#members.add(parameter);
    this.#repairedWithout(parameter, failure, taken);
    const name = printableLine(itemMember(parameter) ?? "", 60);
    const others = name === "role=developer" ? "the system's" : "a developer's";
    const what = name.includes("=") ? `with ${name} for ${others}` : `without their ${name}`;
    return this.#healed(taken, `items are sent ${what} from now on (${this.#remembering.refusal})`);
  }

  /**
   * Seals that were refused before, and were sent again for a try, are the likeliest cause: they are left out before anything else; what
   * has been accepted again is still sent. `undefined` when the refusal can't mean them.
   */
  async #withoutRetried(failure: Failure, taken: TakenRequest): Promise<Verdict | undefined> {
    const isTrial = !hasLadder(failure.class);
    if (!isTrial && !aboutSeals.has(failure.class)) return undefined;
    const seqs = this.#remembering.takeDue(failure, taken);
    if (seqs.length === 0) return undefined;
    const quarantine = quarantineOfItems(failure.class, this.#facts.issuer, seqs);
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

  /**
   * Asks the policy, and changes the request by its answer. `isGuess`: the failure is what unknown words may mean, so that its repair is a
   * trial.
   */
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
      // The only tool went, for its name or its schema: the client has to be told what is wrong with it.
      if (hadTools && taken.settings["tools"] === undefined && isOfItself(failure)) return { do: "pass" };
      const notice = moveNotice(taken.moved - moved, action, this.#remembering.refusal);
      const verdict = await this.#healed(taken, notice);
      // Nothing has changed, since the request has nothing of the name: the same body isn't sent again.
      return this.body?.equals(before) === true ? { do: "pass" } : verdict;
    }
    if (action.do === "repair-pairs") {
      // The projection gives every call its output, so that no call is open. A pair that is refused all the same is told in words, call
      // and output.
      const items = { items: taken.records, openCalls: new Set<number>() };
      const repair = pairRepair(items, action.call, this.#facts.issuer, failure.class);
      if (repair?.do !== "in-words") return { do: "pass" };
      this.#repaired(failure, repair.quarantine, taken);
      return this.#healed(taken, repairNotice(failure, repair.quarantine, this.#facts.now()));
    }
    return verdictOf(action, failure, this.#facts.now());
  }

  /**
   * What is done about a failure that isn't about items. An outage that goes on may be a refusal that a relay hides (`masked.ts`): the
   * request is tried once without anything sealed. When that helps, the conversation is suspected until a request of its own is accepted
   * with seals. In a suspected conversation the first such failure is enough to try it, and that it helps is a proof.
   */
  #unmasked(failure: Failure): Verdict | Promise<Verdict> {
    if (this.#masked.isTrying) {
      if (this.#taken) this.#taken.trial = undefined;
      this.body = this.#masked.end();
    }
    const which = this.#masked.note(failure);
    const isWorth = which === "any" || (which === "suspected" && this.#remembering.hasSuspects);
    const taken = isWorth ? this.#taking() : undefined;
    if (!taken || taken.seals.size === 0) return this.#decided(failure);
    if (which === "suspected" && !this.#remembering.isSuspect(taken)) return this.#decided(failure);
    this.#masked.begin(this.body);
    const seqs = [...taken.seals.keys()];
    taken.trial = quarantineOfItems(failure.class, this.#facts.issuer, seqs);
    this.#remembering.refusedWith(failure);
    return this.#healed(taken, `${maskNotice}; trying it without ${counted(seqs.length, "sealed item")}`);
  }

  /** Whether a repair of the request may help: one of the failure's ladder, or one that is found by trying. */
  #isAboutItems(failure: Failure): boolean {
    if (hasLadder(failure.class)) return true;
    return isFailureOf(failure, "unknown-provider-failure") && isRefusal(failure);
  }

  /** What was tried has helped: from now on it is a repair like any other, and remembered after a good answer. */
  #keepTried(taken: TakenRequest): void {
    const { trial, guesses } = taken;
    const kept = trial ? [...guesses, trial] : guesses;
    if (kept.length === 0) return;
    taken.trial = undefined;
    taken.guesses = [];
    taken.quarantine(kept);
    // Of several settings that the words quote only the last is known to matter: the next request is tried with the others.
    for (const repair of kept.slice(-1)) this.#remembering.repairedWith(repair);
    if (trial) this.#situation.noteKept();
  }

  #repaired(failure: Failure, quarantine: Quarantine, taken: TakenRequest): void {
    taken.quarantine([quarantine]);
    this.#remembering.repairedWith(quarantine);
    this.#remembering.refusedWith(failure);
  }

  #repairedWithout(parameter: string, failure: Failure, taken: TakenRequest): void {
    this.#repaired(failure, quarantineOfParameter(failure.class, this.#facts.issuer, parameter), taken);
  }

  async #healed(taken: TakenRequest, notice: string): Promise<Verdict> {
    this.body = await taken.write();
    return { do: "heal", notice: notice + this.#lost.words(taken) };
  }

  #decided(failure: Failure): Verdict {
    return verdictOf(this.#decide(failure, nothing, -1), failure, this.#facts.now());
  }

  #decide(failure: Failure, projection: Projection, upTo: number): Action {
    const { now, random, wait } = this.#facts;
    return decide(failure, this.#situation, { now: now(), random: random(), wait, projection, upTo });
  }
}
