import { JsonSkim } from "../../../lib/json-skim.ts";
import type { SkimmedText } from "../../../lib/skimmed-text.ts";
import type { TextSet } from "./text-set.ts";
import {
  askedOfItem,
  askedOfPayload,
  formedOfPayload,
  isPlaceholder,
  numberOfCall,
  numberOfId,
  partsHeadBytes,
  type WatchedRecord,
} from "./watched-record.ts";

const ofPayload = [...askedOfPayload, ...formedOfPayload].map((name) => `payload.${name}`);
const ofItem = askedOfItem.map((name) => `payload.item.${name}`);
const wanted = ["timestamp", "ordinal", "type", "payload", ...ofPayload, ...ofItem];
const slots = new Map(wanted.map((path, slot) => [path, slot]));
const slotOf = (path: string): number => slots.get(path)!;
const timestampSlot = slotOf("timestamp");
const ordinalSlot = slotOf("ordinal");
const typeSlot = slotOf("type");
const payloadSlot = slotOf("payload");
const kindSlot = slotOf("payload.type");
const idSlot = slotOf("payload.id");
const itemSlot = slotOf("payload.item");
const sealSlot = slotOf("payload.encrypted_content");
const outputSlot = slotOf("payload.output");
const callSlot = slotOf("payload.call_id");
const formedSlots = {
  id: idSlot,
  call_id: callSlot,
  name: slotOf("payload.name"),
  arguments: slotOf("payload.arguments"),
  input: slotOf("payload.input"),
  output: outputSlot,
};

/** Members whose value, if it is a string, is one of a few words. */
const words: ReadonlySet<string> = new Set(["type", "role", "name"]);

/**
 * Getters that look members up when they are asked for. They go on the object's prototype: V8 takes own properties to be plain data, and
 * would go through its slow general lookup for each of these.
 */
function lazily(json: JsonSkim, names: readonly string[], parent: string): PropertyDescriptorMap {
  const getters = names.map((name) => {
    const slot = slotOf(`${parent}.${name}`);
    const get = words.has(name)
      ? (): unknown => json.word(slot) ?? json.value(slot)
      : (): unknown => json.value(slot);
    return [name, { get, enumerable: true, configurable: true }] as const;
  });
  return Object.fromEntries(getters);
}

/** The one record that a `LineSkim` gives out, pointed at another line each time: a rollout has hundreds of thousands. */
class SkimmedRecord implements WatchedRecord {
  readonly era = "envelope";
  type = "";
  kind = "";
  ordinal: number | undefined;
  readonly payload: WatchedRecord["payload"];
  readonly #json: JsonSkim;

  constructor(json: JsonSkim) {
    this.#json = json;
    const item: object = Object.create(Object.create(null, lazily(json, askedOfItem, "payload.item")));
    const members = lazily(json, askedOfPayload, "payload");
    members["item"] = { get: () => (json.isObject(itemSlot) ? item : json.value(itemSlot)) };
    this.payload = Object.create(Object.create(null, members));
  }

  get timestamp(): unknown {
    return this.#json.value(timestampSlot);
  }

  get isTimed(): boolean {
    return this.#json.isText(timestampSlot);
  }

  get seal(): SkimmedText | undefined {
    return this.#json.text(sealSlot);
  }

  get ownId(): SkimmedText | undefined {
    return this.#json.text(idSlot);
  }

  get hasParts(): boolean {
    return this.#json.isList(outputSlot);
  }

  get partsHead(): string {
    return this.hasParts ? this.#json.head(outputSlot, partsHeadBytes) : "";
  }

  isText(name: keyof typeof formedSlots): boolean {
    return this.#json.isText(formedSlots[name]);
  }

  idIn(ids: TextSet, shortest: number): number | undefined {
    const plain = this.#json.plain(idSlot);
    if (plain)
      return plain.length < shortest || isPlaceholder(plain.charCodeAt(0))
        ? undefined
        : ids.numberAt(this.#json.view, plain.start, plain.length);
    return numberOfId(this.#json.value(idSlot), ids, shortest);
  }

  callIn(ids: TextSet): number | undefined {
    const plain = this.#json.isBeyondAscii ? undefined : this.#json.plain(callSlot);
    if (plain)
      return plain.length === 0 ? undefined : ids.numberAt(this.#json.view, plain.start, plain.length);
    return numberOfCall(this.#json.value(callSlot), ids);
  }
}

/**
 * Reads the lines of a rollout without parsing them: checks that each is JSON, and looks up a member only when it is asked for. The
 * answers are those that parsing the line (its bytes taken for Latin-1) would give.
 */
class LineSkim {
  readonly #json = new JsonSkim(wanted);
  readonly #record = new SkimmedRecord(this.#json);

  /** The bytes that lines are read from, until others are given or these are let go of. */
  over(bytes: Buffer): void {
    this.#json.over(bytes);
  }

  release(): void {
    this.#json.release();
  }

  /**
   * The record of the line from `start` to `end`, until the next one is read; `undefined`: the line has to be parsed.
   */
  read(start: number, end: number): WatchedRecord | undefined {
    const json = this.#json;
    if (!json.skim(start, end) || !json.isObject(payloadSlot)) return undefined;
    const type = json.word(typeSlot);
    if (type === undefined) return undefined;
    const record = this.#record;
    record.type = type;
    record.kind = json.word(kindSlot) ?? "";
    record.ordinal = json.number(ordinalSlot);
    return record;
  }

  /** Whether the line read last has bytes beyond ASCII, which may be no UTF-8. */
  get isBeyondAscii(): boolean {
    return this.#json.isBeyondAscii;
  }

  /** Whether the line read last has to be searched for halves of surrogate pairs. */
  get hasSurrogates(): boolean {
    return this.#json.hasSurrogates;
  }
}

/** One for all rollouts: a batch's lines are read, and what they say is taken, before another batch is begun. */
export const lineSkim = new LineSkim();
