import { isFailureOf } from "../failure.ts";
import { namedBy } from "../failure/named.ts";
import { flag } from "../replay/flag.ts";
import type { ProjectedElement } from "../replay/project.ts";
import { endsAlike, issuerOf } from "../replay/seal.ts";
import type { ItemRecord } from "../session/event.ts";
import { commonKinds } from "../session/item.ts";
import { isSealSent, leaveOut, type Proposal, type Refused, type Remedy, seqsOf } from "./remedy.ts";
import { namedSeal } from "./rungs.ts";

/**
 * Empties the content of the item that the error names, and of all others that have any: each of them would be refused in its turn
 * (failures.md row 14).
 */
export const emptyContent: Remedy = {
  rung: 0,
  propose({ elements, named }) {
    const items = elements.filter(
      (element) =>
        element.record.event.kind === "reasoning" &&
        (element.flags & flag.wordless) === 0 &&
        (element.record.event.text === true || named.includes(element)),
    );
    return { scope: { kind: "content", seqs: seqsOf(items) }, items };
  },
};

/** Leaves out the compactions that the error names, or all: a text takes their place (`runtime/shadow.ts`, failures.md row 4). */
export const sealedCompaction: Remedy = {
  rung: 0,
  propose({ sealed, namedSealed: meant }) {
    const isMeant = ({ record: { event } }: ProjectedElement): boolean => event.kind.startsWith("compaction");
    const found = meant.filter(isMeant);
    return leaveOut(found.length > 0 ? found : sealed.filter(isMeant));
  },
};

/** The last message of the user: what follows it is the open tool loop. */
function loopStart({ elements }: Refused): number {
  return elements.findLastIndex(({ record: { event } }) => event.kind === "message" && event.role === "user");
}

/** Whether the refused thinking is that of the open loop, which is refused when other thinking around it changed (row 16). */
const isOfOpenLoop = ({ failure }: Refused): boolean =>
  isFailureOf(failure, "thinking-signature-rejected") && failure.data.latest === true;

/** The one thinking block that the error names, where it alone was damaged. */
export const namedThinking: Remedy = {
  rung: 0,
  propose: (refused) => (isOfOpenLoop(refused) ? undefined : namedSeal.propose(refused)),
};

/** Thinking of closed turns may be left out (row 15). */
export const closedThinking: Remedy = {
  rung: 1,
  propose(refused) {
    if (isOfOpenLoop(refused)) return undefined;
    const { elements, projection } = refused;
    const start = loopStart(refused);
    const isMeant = (element: ProjectedElement, at: number): boolean =>
      at < start && isSealSent(element) && issuerOf(element.record) === projection.issuer;
    const items = elements.filter(isMeant);
    const through = items.at(-1)?.record.event.seq;
    if (through === undefined) return undefined;
    return { scope: { kind: "issuer", issuer: projection.issuer, through }, items };
  },
};

/** Thinking of the open tool loop, which goes without thinking then (row 16). */
export const openThinking: Remedy = {
  rung: 1,
  propose(refused) {
    const start = loopStart(refused);
    return leaveOut(refused.elements.filter((element, at) => at > start && isSealSent(element)));
  },
};

/**
 * Thinking of the open tool loop that was set aside, or sent without its words, is sent again as the log has it: a loop that has lost some of
 * its thinking is refused as one whose thinking was changed (row 16), or that has none where it begins (row 18).
 */
export const thinkingRestored: Remedy = {
  rung: 0,
  propose(refused) {
    const { failure, elements, projection, options } = refused;
    if (isFailureOf(failure, "thinking-signature-rejected") && !isOfOpenLoop(refused)) return undefined;
    // Once restored thinking has been refused itself, missing thinking isn't the cause.
    if (options.climbed.some(({ scope }) => scope.kind === "restored")) return undefined;
    const start = elements[loopStart(refused)]?.record.event.seq ?? -1;
    const isOfLoop = (record: ItemRecord): boolean =>
      record.event.seq > start && record.event.kind === "reasoning" && issuerOf(record) === projection.issuer;
    const aside = projection.setAside().filter((record) => isOfLoop(record) && record.event.sealed);
    const changed = elements.filter(
      ({ record, flags }) => isOfLoop(record) && (flags & (flag.wordless | flag.told)) !== 0,
    );
    const seqs = [...aside.map(({ event }) => event.seq), ...seqsOf(changed)];
    return { scope: { kind: "restored", seqs }, items: changed, count: seqs.length };
  },
};

/** The request asks for no thinking while the open loop has none to show (row 18). */
export const thinkingOff: Remedy = {
  rung: 0,
  propose: ({ projection: { turn } }) => ({
    scope: { kind: "parameter", parameter: "thinking", turn },
    items: [],
  }),
};

/**
 * Sends the whole input in place of the response that isn't there (row 43); later requests build on responses again. After a second miss
 * the provider counts as one that keeps none.
 */
export const wholeInput: Remedy = {
  rung: 0,
  propose({ projection, options: { upTo } }) {
    if (projection.contract.chain !== "previous-response") return undefined;
    const through = projection.chainLost < 0 ? { through: upTo } : {};
    return { scope: { kind: "chain", ...through }, items: [] };
  },
};

/** The stored signatures are sent (row 19). */
export const thoughtSignatures: Remedy = {
  rung: 0,
  propose: ({ elements }) => ({
    scope: { kind: "thought-signatures" },
    items: elements.filter(({ record }) => record.event.signed),
  }),
};

/** The stored reasoning is sent in plain words (row 20). */
export const plainReasoning: Remedy = {
  rung: 0,
  propose: () => ({ scope: { kind: "reasoning-text" }, items: [] }),
};

/** The reasoning that the error names (row 21); where it names what depends on reasoning, ids have to go (row 22). */
export const namedReasoning: Remedy = {
  rung: 0,
  propose: ({ named }) => leaveOut(named.filter(({ record }) => record.event.kind === "reasoning")),
};

/** All but the first item of the id that the error names, or of the same sealed blob (row 23). */
export const duplicates: Remedy = {
  rung: 0,
  propose({ elements, named: [first, ...others] }) {
    if (!first) return undefined;
    const tail = first.record.event.sealed?.tail ?? "";
    const isCopy = (element: ProjectedElement): boolean =>
      others.includes(element) ||
      (element.index > first.index && endsAlike(element.record.event.sealed?.tail ?? "", tail));
    return leaveOut(elements.filter(isCopy));
  },
};

/**
 * Sends as notes all items of the type that the error names, else of the type of the item it names, else of the first unusual type (row
 * 26).
 */
export const typeAsNotes: Remedy = {
  rung: 0,
  propose({ failure, elements, named: [meant] }) {
    const asItems = elements.filter(({ flags }) => (flags & (flag.told | flag.note)) === 0);
    const kinds = asItems.map(({ record }) => record.event.kind).filter((kind) => kind !== "message");
    const given = isFailureOf(failure, "item-type-unsupported") ? failure.data.kind : undefined;
    const itemType =
      kinds.find((kind) => kind === given) ??
      kinds.find((kind) => kind === meant?.record.event.kind) ??
      kinds.find((kind) => !commonKinds.includes(kind));
    if (itemType === undefined) return undefined;
    const items = asItems.filter(({ record }) => record.event.kind === itemType);
    return { scope: { kind: "item-type", itemType }, items };
  },
};

/** Images and files of the item that the error names (row 49). */
export const namedMedia: Remedy = {
  rung: 0,
  propose({ named, options: { upTo } }) {
    const items = named.filter(({ record }) => record.event.media !== undefined);
    return { scope: { kind: "media", through: upTo, seqs: seqsOf(items) }, items };
  },
};

/** The item that the error names goes in words, a call together with its output, a message with nothing but its words (rows 32 and 50). */
export const namedAsNote: Remedy = {
  rung: 0,
  propose({ failure, elements, named, projection }) {
    const { call: sentCall } = namedBy(failure);
    const call = sentCall === undefined ? undefined : projection.callNamed(sentCall);
    const meant = named[0]?.record.event;
    const items = elements.filter(
      ({ record: { event } }) =>
        event.seq === meant?.seq || (event.call !== undefined && event.call === (meant?.call ?? call)),
    );
    return { scope: { kind: "notes", seqs: seqsOf(items) }, items };
  },
};

/**
 * Parameters, by their first part, that can't be left out without making it another request. (Single tools may go: `tools[web_search]`.)
 */
const needed: ReadonlySet<string> = new Set([
  "conversation",
  "input",
  "instructions",
  "messages",
  "model",
  "previous_response_id",
  "prompt",
  "stream",
  "system",
  "text.format",
  "response_format",
  "tools",
]);

/**
 * The parameter that the error names is left out from now on, for this model (row 47). Without `include` no sealed reasoning is asked for
 * and none is sent: that is rung 2 (Azure, "Encrypted content is not supported with this model.").
 */
export const parameter: Remedy = {
  rung: 0,
  propose: (refused) => withoutParameter(refused, "any"),
};

export const include: Remedy = {
  rung: 2,
  propose: (refused) => withoutParameter(refused, "include"),
};

const isOfTools = (name: string): boolean =>
  /^tools\[(?:!?[a-z_][^\]]*\](?:\.description)?|\]\.\w+)$/iu.test(name);

/** The reasoning beside messages, which a repair for one backend may have brought, and another refuses as a member that it doesn't know. */
const isReasoning = (name: string): boolean => /^messages\b.*\breasoning_content$/u.test(name);

/** Whether a parameter, as an error names it, can be left out at all. */
export function canGo(name: string): boolean {
  const first = name.split(/[.[=]/u)[0]!;
  return first !== "" && ((!needed.has(first) && !needed.has(name)) || isOfTools(name) || isReasoning(name));
}

function withoutParameter(
  { failure, sealed, projection: { model } }: Refused,
  which: "any" | "include",
): Proposal | undefined {
  const name = isFailureOf(failure, "parameter-unsupported") ? failure.data.parameter : undefined;
  if (name === undefined || !canGo(name)) return undefined;
  const isInclude = name.split(/[.[=]/u)[0] === "include";
  if (isInclude !== (which === "include")) return undefined;
  const scope = {
    kind: "parameter",
    parameter: isInclude ? "include" : name,
    ...(model !== undefined && { model }),
  } as const;
  return { scope, items: isInclude ? sealed : [] };
}
