import { isFailureOf } from "../failure.ts";
import { aboutSeals } from "../failure/catalogue.ts";
import { flag } from "../replay/flag.ts";
import type { ProjectedElement } from "../replay/project.ts";
import { issuerOf } from "../replay/seal.ts";
import { leaveOut, type Proposal, type Remedy } from "./remedy.ts";
import { trimOutputs } from "./room.ts";

/**
 * Leaves out the one sealed item that the error names. Not where it is the first of its issuer and shows no sign of damage: then the key
 * was rotated, and the whole issuer is meant (decisions/0011-a-refused-seal-damage-or-a-new-key.md). An error quotes a blob's end; items
 * with the same end go together (one in 256 does by chance, where two letters before the padding are quoted). Where the error names none,
 * those with signs of damage go. Done once between two successful steps: otherwise a provider that names one blob at a time would be
 * asked once for every blob after a key was rotated.
 */
export const namedSeal: Remedy = {
  rung: 0,
  propose({ failure, namedSealed, sealed, options }) {
    const isClimbed = options.climbed.some(
      ({ rung, why, scope }) => rung === 0 && why === failure.class && scope.kind === "items",
    );
    if (isClimbed) return undefined;
    const isNamed = namedSealed.length > 0;
    const damaged = (isNamed ? namedSealed : sealed).filter(suspects(sealed));
    const isFirst = (element: ProjectedElement): boolean =>
      element === sealed.find(({ record }) => issuerOf(record) === issuerOf(element.record));
    return leaveOut(damaged.length > 0 ? damaged : namedSealed.some(isFirst) ? [] : namedSealed);
  },
};

/**
 * Signs of damage that can be seen without the key: a line changed since it was written, a length that no seal has. A sign that every
 * seal shows is no sign: that issuer's seals are like that.
 */
function suspects(sealed: readonly ProjectedElement[]): (element: ProjectedElement) => boolean {
  const isAltered = ({ record }: ProjectedElement): boolean => record.altered === true;
  const isOdd = ({ record }: ProjectedElement): boolean => record.event.sealed?.odd === true;
  const signs = [isAltered, isOdd].filter((sign) => !sealed.every(sign));
  return (element) => signs.some((sign) => sign(element));
}

/** Leaves out what one issuer sealed. Several issuers, none named: a foreign one is the likelier cause. */
export const ofIssuer: Remedy = {
  rung: 1,
  propose({ namedSealed: [meant], sealed, projection, options: { upTo } }) {
    const foreign = sealed.find(({ record }) => issuerOf(record) !== projection.issuer);
    const culprit = meant ?? foreign ?? sealed[0];
    if (!culprit) return undefined;
    const issuer = issuerOf(culprit.record) ?? "";
    const items = sealed.filter(({ record }) => (issuerOf(record) ?? "") === issuer);
    return { scope: { kind: "issuer", issuer, through: upTo }, items };
  },
};

/**
 * Leaves out everything sealed and asks for none. Where nothing sealed was sent, it applies only to refusals about seals: those can only
 * mean the asking.
 */
export const allSealed: Remedy = {
  rung: 2,
  propose({ failure, sealed, options: { upTo } }) {
    if (sealed.length === 0 && !aboutSeals.has(failure.class)) return undefined;
    return { scope: { kind: "sealed", through: upTo }, items: sealed };
  },
};

/** Sends all items without their ids. */
export const itemIds: Remedy = {
  rung: 3,
  propose({ elements, options: { upTo } }) {
    const items = elements.filter(({ withId }) => withId);
    return { scope: { kind: "item-ids", through: upTo }, items };
  },
};

/** Hashes call ids to plain characters and to a length: what the error names, or else what OpenAI's chat wire asks for. */
export const callIds: Remedy = {
  rung: 3,
  propose({ failure, elements }) {
    const told = isFailureOf(failure, "item-id-invalid") ? failure.data.limit : undefined;
    return callIdsOf(elements, told ?? 40);
  },
};

/** As `callIds`, to the shortest length that any wire was seen to ask for (Mistral's). */
export const shortestCallIds: Remedy = {
  rung: 3,
  propose: ({ elements }) => callIdsOf(elements, 9),
};

function callIdsOf(elements: readonly ProjectedElement[], limit: number): Proposal {
  const items = elements.filter(
    ({ record: { event }, flags }) => event.call !== undefined && (flags & (flag.note | flag.told)) === 0,
  );
  return { scope: { kind: "call-ids", limit }, items };
}

/** Sends placeholders for all images and files. */
export const allMedia: Remedy = {
  rung: 4,
  propose({ elements, options: { upTo } }) {
    const items = elements.filter(
      ({ record, flags }) => record.event.media !== undefined && (flags & flag.placeheld) === 0,
    );
    return { scope: { kind: "media", through: upTo }, items };
  },
};

/** Bytes of an input that fills no model's window. */
const shortInput = 32_768;

/** Shortens tool outputs in requests to the model: its window may be full. */
export const shortOutputs: Remedy = {
  rung: 5,
  propose({ elements, projection: { bytes, issuer, model }, options: { upTo } }) {
    if (bytes < shortInput || model === undefined) return undefined;
    const items = elements.map(({ record }) => record);
    const trimmed = trimOutputs({ items, quarantines: [], lastSeq: upTo }, { issuer, model });
    return trimmed && { scope: trimmed.scope, items: [], count: trimmed.count };
  },
};

/** Messages, and tool calls with their outputs in words; the rest is left out. */
export const transcript: Remedy = {
  rung: 5,
  propose({ elements, options: { upTo } }) {
    const items = elements.filter(({ record }) => record.event.kind !== "message");
    return { scope: { kind: "transcript", through: upTo }, items };
  },
};
