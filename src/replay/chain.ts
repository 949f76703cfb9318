import type { Chain, Checkpoint, ItemRecord } from "../session/event.ts";
import { flag } from "./flag.ts";
import { isModelItem } from "./likeness.ts";
import type { ProjectedElement, Projection } from "./project.ts";

/** A response that its provider keeps, as the log has it. */
export type KeptResponse = NonNullable<Checkpoint["chain"]>;

/** What the next request may name instead of sending it. */
export interface Continued {
  /** The response that the provider keeps. */
  readonly response: string;
  /** How many of the input's first elements it stands for. */
  readonly elements: number;
}

/**
 * How many of the first elements a kept response stands for, or `undefined` when the whole input has to be sent: where the contract has no
 * such state, another issuer or model answered, the endpoint was found not to keep it, or anything of what it stands for would be sent
 * otherwise now (set aside, compacted, gone back from).
 *
 * `previous_response_id` stands for the input of that response, the inputs of those before it, and their outputs; instructions are not part
 * of it (OpenAI API reference, `POST /responses`, 2025-03 to 2026-11).
 */
export function continued(projection: Projection, kept: KeptResponse | undefined): Continued | undefined {
  if (!kept || projection.contract.chain !== "previous-response") return undefined;
  if (kept.issuer !== projection.issuer || kept.model !== projection.model) return undefined;
  if (kept.seq <= projection.chainLost) return undefined;
  const elements = covered(projection, kept);
  // An input with nothing beyond what the response stands for would be an empty request.
  if (elements?.length === projection.count) return undefined;
  return elements && digestOf(elements) === kept.digest
    ? { response: kept.response, elements: elements.length }
    : undefined;
}

/**
 * What is logged of a response that has just ended, so that a later request can name it. `through`: the last sequence number of the log when
 * its request was made; `projection`: of the log as it is now.
 */
export function chainOf(projection: Projection, through: number): Chain | undefined {
  const { issuer, model, contract } = projection;
  if (contract.chain !== "previous-response" || model === undefined) return undefined;
  const elements = covered(projection, { through, seq: Number.POSITIVE_INFINITY });
  return elements && { issuer, model, through, digest: digestOf(elements) };
}

/** The elements that a response stands for, when they are exactly the input's first ones; otherwise `undefined`. */
function covered(
  projection: Projection,
  kept: Pick<KeptResponse, "through" | "seq">,
): ProjectedElement[] | undefined {
  const first: ProjectedElement[] = [];
  let isBehind = false;
  for (const element of projection.elements()) {
    if (!isCovered(element, kept)) isBehind = true;
    else if (isBehind || element.kind === "frame") return undefined;
    else first.push(element);
  }
  return first.length === 0 ? undefined : first;
}

/**
 * Whether the response stands for the element: it was in the response's request, or is what the response itself produced. An answer that
 * was put in for a missing output was in the request if its call was; calls of the response itself have none yet.
 */
function isCovered({ kind, record }: ProjectedElement, kept: Pick<KeptResponse, "through" | "seq">): boolean {
  const { seq } = record.event;
  return seq <= kept.through || (kind === "item" && isOwn(record) && seq < kept.seq);
}

const isOwn = (record: ItemRecord): boolean => record.event.type === "item-added" && isModelItem(record);

/** FNV-1a with two offsets, as 64 bits. It finds changes; it is no protection against anybody. */
function digestOf(elements: readonly ProjectedElement[]): string {
  let low = 0x811c9dc5;
  let high = 0x9dc5811c;
  const add = (value: number): void => {
    low = Math.imul(low ^ (value & 0xff_ffff), 0x01000193);
    high = Math.imul(high ^ (value >>> 3), 0x01000193) ^ (low >>> 7);
  };
  for (const { kind, record, flags } of elements) {
    add(record.event.seq);
    // That a call is followed by a made-up answer is told by the answer's own element.
    add(kind === "item" ? flags & ~flag.answered : -1);
  }
  return [high, low].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
}
