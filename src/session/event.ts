import { z } from "zod";
import { quarantineScope } from "./quarantine-scope.ts";
import { itemFacts, versions } from "./facts.ts";
import { imported, takenSource } from "./imported.ts";

/**
 * The events of a session's log: one discriminated union, versioned as a whole by `schemaVersion`. A line of the log is one event, its
 * header first and the provider item (for the two types that carry one) last, byte for byte as it was delivered. Unknown types and
 * unknown members are kept by the store and passed over by the fold.
 */
export const schemaVersion = 1;

/** What the model is asked with; recorded at creation and whenever it changes (R5). */
export const settings = z.object({
  /** Name of the provider, as in the configuration. */
  provider: z.string(),
  model: z.string(),
  /** Reasoning effort in the provider's own words; absent: its default. */
  effort: z.string().optional(),
  /** SHA-256 (hex) of the instructions that were sent, AGENTS.md included. */
  instructionsHash: z.string(),
  /** Who allows commands and patches: the person, everybody, nobody. */
  approval: z.enum(["ask", "all", "none"]),
});
/** What the model is asked with (R5). */
export type Settings = z.infer<typeof settings>;

export const workspace = z.object({
  /** Absolute path of the working folder. */
  path: z.string(),
  /** Top of the git repository or worktree, when there is one. */
  gitRoot: z.string().optional(),
  /** The repository's own folder, which all of its worktrees share. */
  gitCommon: z.string().optional(),
  gitBranch: z.string().optional(),
  gitCommit: z.string().optional(),
});
/** The folder that a session works in, as it was when the session was made or taken along to it. */
export type Workspace = z.infer<typeof workspace>;

export const usage = z.object({
  inputTokens: z.number(),
  /** Of the input, those that came from the provider's cache. */
  cachedInputTokens: z.number(),
  outputTokens: z.number(),
  /** Of the output, those that were reasoning. */
  reasoningTokens: z.number(),
});
/** Tokens as the provider counted them; 0 where it said nothing. */
export type Usage = z.infer<typeof usage>;

export const chain = z.object({
  /** The issuer that keeps it, and the model that was asked. */
  issuer: z.string(),
  model: z.string(),
  /** Items up to this sequence number were part of its request; of those after it only the model's own are part of it. */
  through: z.number(),
  /**
   * Digest of which items were sent, and how (`replay/chain.ts`). Where it differs now, what the provider keeps is not what would be
   * sent.
   */
  digest: z.string(),
});
/** What a response that its provider keeps (`store: true`) stands for, so that a later request may name it instead of sending that again. */
export type Chain = z.infer<typeof chain>;

export const quarantine = z.object({
  /** The rung of the repair ladder (0 loses least; see `recovery/ladder.ts`). */
  rung: z.number(),
  /** The failure class that made it necessary. */
  why: z.string(),
  /** The issuer (see `provider.ts`) that refused; the quarantine holds for requests to it and for no other. */
  refusedBy: z.string(),
  scope: quarantineScope,
  /** How many items it set aside when it was made, and when the oldest of them was sealed (seconds since 1970). */
  count: z.number(),
  oldestSealedAt: z.number().optional(),
});
/** Items that are left out of what is sent to one issuer, from here on. They stay in the log. */
export type Quarantine = z.infer<typeof quarantine>;

/** How a turn ended. `class` is of the failure catalogue, `reason` and `message` are for people. */
export const turnOutcome = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("completed") }),
  z.object({ kind: z.literal("interrupted"), reason: z.string() }),
  z.object({ kind: z.literal("failed"), class: z.string(), message: z.string() }),
  /** `until` in milliseconds since 1970; absent when the provider didn't say. */
  z.object({
    kind: z.literal("limited"),
    class: z.string(),
    message: z.string(),
    until: z.number().optional(),
  }),
]);
/** How a turn ended. */
export type TurnOutcome = z.infer<typeof turnOutcome>;

/**
 * The state of the fold at the end of a turn without its items. With the byte offset of the window a reader needs nothing that stands
 * before it, however long the log is.
 */
export const checkpoint = z.object({
  /** Byte offset of the first line whose item can still be projected. */
  offset: z.number(),
  /** The session's id. */
  id: z.string(),
  /** `facts` is the lowest of those who wrote to the log. */
  ...versions,
  created: z.number(),
  workspace,
  settings,
  name: z.string().optional(),
  title: z.string().optional(),
  parent: z.string().optional(),
  rotated: z.literal(true).optional(),
  successor: z.string().optional(),
  turn: z.number(),
  step: z.number(),
  messages: z.number(),
  usage,
  amendments: z.array(z.string()),
  quarantines: z.array(quarantine),
  repairs: z.number(),
  cleared: z.boolean(),
  archived: z.literal(true).optional(),
  imported: imported.optional(),
  /** Items below this sequence number are not part of the window (cleared or compacted); the summary, when there is one, is. */
  fromSeq: z.number(),
  summarySeq: z.number().optional(),
  /** Ranges of sequence numbers, both ends included, that a rewind took out of the window. */
  rewound: z.array(z.tuple([z.number(), z.number()])),
  /** Tokens that the last response counted, its input and its output; absent when the window has been changed since. */
  contextTokens: z.number().optional(),
  /** The last response that the provider keeps, and the sequence number of its `step-ended`. */
  chain: chain.extend({ response: z.string(), seq: z.number() }).optional(),
  /** Ids of the follow-ups delivered last (at most 1,000), so that none is delivered twice. */
  delivered: z.array(z.string()),
  /** Sequence numbers of calls in the window that were open when the turn ended (normally none). */
  openCalls: z.array(z.number()),
});
/** The state of the fold at the end of a turn. */
export type Checkpoint = z.infer<typeof checkpoint>;

const header = {
  /** Position among the lines of the log that count, from 0. */
  seq: z.number(),
  /** The lease number under which it was written. */
  fence: z.number(),
  /** Milliseconds since 1970, by the writer's clock. */
  at: z.number(),
};

/** A process that holds a session's lease. */
export const owner = z.object({
  /** Name of the machine, for people. */
  host: z.string(),
  /** Identity of the machine (`/etc/machine-id` or the platform's own), of its boot and of the pid namespace. */
  machine: z.string(),
  boot: z.string(),
  pidNamespace: z.string(),
  pid: z.number(),
  /** Start time of the process in the platform's own unit; with the pid it names one process and no later one. */
  started: z.string(),
  /** Its terminal, as the platform names it. */
  tty: z.string().optional(),
  /** Version of Throughline. */
  version: z.string(),
  /** When it took the lease. Milliseconds since 1970. */
  since: z.number(),
  /** For people: what it is working on. */
  doing: z.string(),
});
/** A process that holds a session's lease. */
export type Owner = z.infer<typeof owner>;

/** The shape of each line of a log, without its checksum and its item. Times are milliseconds since 1970. */
export const sessionEvent = z.discriminatedUnion("type", [
  z.object({
    ...header,
    type: z.literal("session-created"),
    id: z.string(),
    ...versions,
    version: z.string(),
    workspace,
    settings,
    name: z.string().optional(),
    /** The session that this one continues (fork or rotation). */
    parent: z.string().optional(),
    /** Made by rotating its parent: it counts as a session while the parent's log names it as the successor. */
    rotated: z.literal(true).optional(),
  }),
  /**
   * What a rotation carries over beside the items: the state of the predecessor's fold. It is the last line that the rotation writes; a
   * turn that was open goes on after it.
   */
  z.object({
    ...header,
    type: z.literal("history-carried"),
    created: z.number(),
    title: z.string().optional(),
    turn: z.number(),
    step: z.number(),
    messages: z.number(),
    usage,
    amendments: z.array(z.string()),
    quarantines: z.array(quarantine),
    repairs: z.number(),
    delivered: z.array(z.string()),
    outcome: turnOutcome.optional(),
  }),
  z.object({ ...header, type: z.literal("lease-taken"), ...versions, owner, forced: z.boolean() }),
  /** `workspace` when the session was taken along to another folder (R9). */
  z.object({ ...header, type: z.literal("settings-changed"), settings, workspace: workspace.optional() }),
  z.object({
    ...header,
    type: z.literal("turn-started"),
    turn: z.number(),
    /** What started it. */
    source: z.enum(["prompt", "follow-up", "continuation"]),
    /** The follow-up that it delivers. */
    followUp: z.string().optional(),
    /** The first line of the input, for lists (at most 200 characters). */
    preview: z.string(),
  }),
  z.object({
    ...header,
    type: z.literal("item-added"),
    turn: z.number(),
    step: z.number(),
    ...itemFacts.shape,
    /** Who sealed it or made it: base URL, credential and deployment (see `provider.ts`). */
    issuer: z.string().optional(),
    /** The model snapshot that the response named; evidence, not a key. */
    model: z.string().optional(),
    origin: z.enum(["input", "model", "tool", "repair"]),
    /** A message in the person's name that the person didn't write: what Codex tells the model of the workspace, of skills, of aborted turns. */
    context: z.literal(true).optional(),
    /** The follow-up whose text this is. With this line it counts as delivered. */
    followUp: z.string().optional(),
  }),
  z.object({
    ...header,
    type: z.literal("tool-started"),
    turn: z.number(),
    step: z.number(),
    /** Sequence number of the call's item; also the name of its folder in the spool. */
    callSeq: z.number(),
    call: z.string(),
    name: z.string(),
    replay: z.enum(["safe", "never"]),
  }),
  z.object({
    ...header,
    type: z.literal("step-ended"),
    turn: z.number(),
    step: z.number(),
    response: z.string().optional(),
    model: z.string().optional(),
    usage,
    /** Only where the provider keeps the response. */
    chain: chain.optional(),
  }),
  z.object({
    ...header,
    type: z.literal("attempt-failed"),
    turn: z.number(),
    step: z.number(),
    attempt: z.number(),
    class: z.string(),
    message: z.string(),
    status: z.number().optional(),
    /** What was done about it: retry, repair, try, compact, wait (until a time), rotate, stop. */
    action: z.string(),
    delayMs: z.number().optional(),
    until: z.number().optional(),
  }),
  z.object({
    ...header,
    type: z.literal("items-quarantined"),
    turn: z.number(),
    ...quarantine.shape,
    notice: z.string(),
  }),
  z.object({ ...header, type: z.literal("history-cleared"), scrubbed: z.boolean() }),
  /** The items from `fromSeq` up to this event leave the window. */
  z.object({ ...header, type: z.literal("history-rewound"), toStep: z.number(), fromSeq: z.number() }),
  /** Carries the summary as its item; the items before `keepFrom` leave the window. */
  z.object({
    ...header,
    type: z.literal("history-compacted"),
    ...itemFacts.shape,
    keepFrom: z.number(),
    /** How many items it stands for. */
    count: z.number().optional(),
    /** What the summary cost. */
    usage: usage.optional(),
    /** The line that the person was told. */
    notice: z.string().optional(),
  }),
  /** All items before this event leave the window; those that follow stand in their place (a compaction that another tool made). */
  z.object({ ...header, type: z.literal("history-replaced"), count: z.number() }),
  z.object({ ...header, type: z.literal("session-imported"), ...takenSource.shape }),
  z.object({ ...header, type: z.literal("instructions-amended"), text: z.string() }),
  z.object({ ...header, type: z.literal("session-renamed"), name: z.string() }),
  /** Lists leave it out until it is taken out again, or a turn is started. */
  z.object({ ...header, type: z.literal("session-archived") }),
  z.object({ ...header, type: z.literal("session-unarchived") }),
  /** From here on the successor is the session; a turn that was open goes on in it. */
  z.object({ ...header, type: z.literal("session-rotated"), successor: z.string() }),
  /** The rotation was taken back: this session goes on, and lists leave the successor out. */
  z.object({ ...header, type: z.literal("rotation-undone"), successor: z.string() }),
  /** Stands where the log that this one was copied from has a line that can't be read, so that the others keep their numbers. */
  z.object({ ...header, type: z.literal("line-lost") }),
  z.object({ ...header, type: z.literal("turn-ended"), turn: z.number(), outcome: turnOutcome, checkpoint }),
]);

/** An event of the log as it is read back: numbered, fenced and timed. */
export type SessionEvent = z.infer<typeof sessionEvent>;
/** The names of events. */
export type EventType = SessionEvent["type"];
/** The event of this name. */
export type EventOf<T extends EventType> = Extract<SessionEvent, { type: T }>;

type WithoutHeader<E> = E extends SessionEvent ? Omit<E, "seq" | "fence" | "at"> : never;
/** An event as it is handed to a writer, which numbers, fences and times it. */
export type NewEvent = WithoutHeader<SessionEvent>;

/** Where a line's item lies in the log: byte offset and length. */
export interface BodyRef {
  readonly offset: number;
  readonly length: number;
}

/** One line of the log that counts. `offset` is that of the line's first byte. */
export interface LogRecord<E extends SessionEvent = SessionEvent> {
  readonly event: E;
  readonly offset: number;
  /** Only for `item-added` and `history-compacted`. */
  readonly body?: BodyRef;
  /** Its checksum doesn't match: the line was changed after it was written, by a person, a program or a disk. */
  readonly altered?: true;
}

/** A line whose item can be projected. */
export type ItemRecord = LogRecord<EventOf<"item-added"> | EventOf<"history-compacted">> & {
  readonly body: BodyRef;
};

/** Whether the line carries an item: then its bytes can be read by its `body`. */
export function isItemRecord(record: LogRecord): record is ItemRecord {
  return record.body !== undefined;
}

/** Whether the item counts as a message: of the person or the model. */
export function isMessage({ event }: ItemRecord): boolean {
  if (event.type !== "item-added" || event.kind !== "message") return false;
  return event.role === "user" || event.role === "assistant";
}

/** Whether the item is what the person asked: a message in the person's name that no program put there. */
export function isPrompt({ event }: ItemRecord): boolean {
  if (event.type !== "item-added" || event.origin !== "input") return false;
  return event.kind === "message" && event.role === "user" && event.context !== true;
}
