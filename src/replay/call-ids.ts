import type { ItemRecord } from "../session/event.ts";
import type { ReplayContract } from "./contract.ts";
import type { ReplayRule } from "./report.ts";

const plain = /^[\w-]+$/u;

/**
 * The call ids that replace those which can't be sent as they are (too long, empty, repeated, or with other characters than the wire
 * takes).
 */
export class CallIds {
  readonly #contract: ReplayContract;
  readonly #used = new Set<string>();
  readonly #changed = new Map<number, string>();

  constructor(contract: ReplayContract) {
    this.#contract = contract;
  }

  /** By the index of the call, or of the output that has the same. */
  get changed(): ReadonlyMap<number, string> {
    return this.#changed;
  }

  /** Takes a call; whether its id has to be changed. */
  takeCall(index: number, { event }: ItemRecord): boolean {
    const { callIdLimit: limit, callIds } = this.#contract;
    const own = event.call ?? "";
    const isWord = callIds === "word";
    const isShort = own.length <= limit && (!isWord || plain.test(own));
    let sent = lacksCallId(event)
      ? shortCallId(`call ${event.seq}`, limit)
      : isShort
        ? own
        : shortCallId(own, limit);
    if (isWord && this.#used.has(sent)) sent = shortCallId(`${own} ${event.seq}`, limit);
    if (isWord) this.#used.add(sent);
    if (sent === own) return false;
    this.#changed.set(index, sent);
    return true;
  }

  /** Takes an output, which gets the same replacement id as its call; whether there is one. */
  takeOutput(index: number, call: number): boolean {
    const sent = this.#changed.get(call);
    if (sent !== undefined) this.#changed.set(index, sent);
    return sent !== undefined;
  }
}

/**
 * Local servers and some relays give calls without an id, which no provider takes back. (A call of the local shell may have only its
 * item's id.)
 */
const lacksCallId = ({ kind, call }: ItemRecord["event"]): boolean =>
  call === "" || (call === undefined && kind !== "local_shell_call");

/** Why a call id was changed. */
export function callIdRule({ event: { call = "" } }: ItemRecord, contract: ReplayContract): ReplayRule {
  if (call === "") return "call-id-empty";
  if (call.length > contract.callIdLimit) return "call-id-too-long";
  return plain.test(call) ? "call-id-repeated" : "call-id-characters";
}

const encoder = new TextEncoder();

/**
 * A call id that is at most `limit` characters long and stands for the long one: its beginning and a hash of the whole (FNV-1a, 64 bits),
 * so that a call and its output, which are shortened apart from each other, still pair up.
 */
export function shortCallId(call: string, limit: number): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of encoder.encode(call)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  const digits = hash.toString(16).padStart(16, "0");
  const room = Math.max(0, limit - digits.length - 1);
  return `${call.slice(0, room).replaceAll(/[^A-Za-z0-9_-]/gu, "_")}_${digits}`.slice(-limit);
}
