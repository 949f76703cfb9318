import { fc } from "../kit/property.ts";
import type { QuarantineScope } from "../../src/session/quarantine-scope.ts";
import { sealedBlob, WrittenLog } from "./written-log.ts";

export const issuers = ["here", "elsewhere"] as const;
const longId = "call_" + "x".repeat(80);
const calls = ["call_1", "call_2", "functions.bash:0", "", longId, `${longId}y`];
const kinds = ["function_call", "function_call", "custom_tool_call", "local_shell_call"] as const;
const image = { type: "input_image", image_url: `data:image/png;base64,${"A".repeat(300)}` };

const scope = fc.record({
  kind: fc.constantFrom<ScopeKind>(
    "items",
    "issuer",
    "sealed",
    "item-ids",
    "outputs",
    "call-ids",
    "content",
    "notes",
    "item-type",
    "media",
    "reasoning-text",
    "thought-signatures",
    "transcript",
    "parameter",
  ),
  reach: fc.nat({ max: 60 }),
  issuer: fc.constantFrom(...issuers),
});

/** The commands that make an arbitrary log, in any order: no real log is worse. */
const command = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant("turn" as const), followUp: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("end" as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("step" as const), usage: fc.nat({ max: 9 }) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("reasoning" as const),
      seal: fc.constantFrom("fernet", "fernet", "fernet", "opaque", "malformed", "none"),
      issuer: fc.constantFrom(...issuers),
      id: fc.constantFrom("own", "own", "shared", "none"),
      text: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("answer" as const),
      id: fc.constantFrom("own", "shared", "none"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("search" as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("call" as const),
      call: fc.constantFrom(...calls),
      kind: fc.constantFrom(...kinds),
      id: fc.constantFrom("own", "own", "shared", "none"),
      signedBy: fc.constantFrom(undefined, undefined, ...issuers),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("output" as const),
      call: fc.constantFrom(...calls),
      kind: fc.constantFrom(...kinds),
      shape: fc.constantFrom("text", "text", "list", "image", "empty", "none"),
      late: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("prompt" as const),
      role: fc.constantFrom("user", "user", "developer"),
      images: fc.nat({ max: 2 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("again" as const), back: fc.nat({ max: 5 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("started" as const), back: fc.nat({ max: 5 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("quarantine" as const), scope, by: fc.constantFrom(...issuers) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("window" as const),
      how: fc.constantFrom("clear", "rewind", "compact"),
      back: fc.nat({ max: 20 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("other" as const),
      how: fc.constantFrom("rename", "amend", "fail", "unknown", "scrub", "archive", "unarchive"),
    }),
  },
);
export type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

export const commands = fc.array(command, { maxLength: 60 });

/** Writes the log that the commands tell. Items carry their own seq, step and issuer, so that what is sent can be told without the log. */
export function writeLog(told: readonly Command[]): WrittenLog {
  const log = new WrittenLog();
  const settings = { provider: "p", model: "m", instructionsHash: "h", approval: "all" as const };
  log.add({ type: "session-created", id: "s", schema: 1, version: "0", workspace: { path: "/w" }, settings });
  let turn = 1;
  let step = 1;
  for (const next of told) {
    const seq = log.records.length;
    const marks = { seq, at: `${turn}.${step}` };
    const idOf = (how: string): object =>
      how === "none" ? {} : { id: how === "shared" ? "item_0" : `item_${seq}` };
    switch (next.do) {
      case "turn": {
        turn++;
        step++;
        log.add({
          type: "turn-started",
          turn,
          source: "prompt",
          preview: `turn ${turn}`,
          ...(next.followUp && { followUp: `f${seq}` }),
        });
        break;
      }
      case "end":
        log.endTurn();
        break;
      case "step": {
        const usage = { inputTokens: next.usage, cachedInputTokens: 0, outputTokens: 1, reasoningTokens: 0 };
        log.add({ type: "step-ended", turn, step, usage });
        step++;
        break;
      }
      case "reasoning": {
        const blob = {
          fernet: sealedBlob(seq, `${seq}`),
          opaque: `opaque${seq}`,
          malformed: "gAAAAAB…",
          none: undefined,
        }[next.seal];
        const item = {
          type: "reasoning",
          ...idOf(next.id),
          summary: [],
          ...marks,
          by: next.issuer,
          ...(next.text && { content: [{ type: "reasoning_text", text: `r${seq}.` }] }),
          encrypted_content: blob,
        };
        log.addItem(item, { turn, step, issuer: next.issuer });
        break;
      }
      case "answer":
        log.addItem(
          {
            ...idOf(next.id),
            type: "message",
            role: "assistant",
            content: [{ type: "output_text", text: `a${seq}.` }],
            ...marks,
          },
          { turn, step },
        );
        break;
      case "search":
        log.addItem({ type: "web_search_call", id: `ws_${seq}`, ...marks }, { turn, step });
        break;
      case "call":
        log.addItem(
          {
            type: next.kind,
            call_id: next.call,
            name: "t",
            [next.kind === "custom_tool_call" ? "input" : "arguments"]: `{"n":"c${seq}."}`,
            ...marks,
            ...idOf(next.id),
            ...(next.signedBy && { thought_signature: `by ${next.signedBy}` }),
          },
          { turn, step, ...(next.signedBy && { issuer: next.signedBy }) },
        );
        break;
      case "output": {
        const output = {
          text: `o${seq}. "q"`,
          list: [{ type: "input_text", text: `o${seq}.` }],
          image: [{ type: "input_text", text: `o${seq}.` }, image],
          empty: [],
          none: undefined,
        }[next.shape];
        const place = next.late ? { turn, step } : placeOfCall(log, next.call, { turn, step });
        log.addItem(
          { type: `${next.kind}_output`, call_id: next.call, output, ...marks },
          { ...place, origin: "tool" },
        );
        break;
      }
      case "prompt":
        log.addItem(
          {
            type: "message",
            role: next.role,
            content: [
              { type: "input_text", text: `u${seq}.` },
              ...Array.from({ length: next.images }, () => image),
            ],
            ...marks,
          },
          { turn, step, origin: "input" },
        );
        break;
      case "again": {
        const earlier = log.history.items.at(-1 - next.back);
        if (earlier?.event.type !== "item-added") break;
        const { origin, issuer } = earlier.event;
        log.addItem(log.bytesOf(earlier.body), {
          turn,
          step,
          origin,
          ...(issuer !== undefined && { issuer }),
        });
        break;
      }
      case "started": {
        const call = [...log.history.openCalls.keys()].at(-1 - next.back);
        if (call !== undefined)
          log.add({ type: "tool-started", turn, step, callSeq: call, call: "c", name: "t", replay: "never" });
        break;
      }
      case "quarantine": {
        const { kind, issuer } = next.scope;
        const reach = Math.min(seq - 1, next.scope.reach);
        const made = madeScope(kind, issuer, reach);
        log.add({
          type: "items-quarantined",
          turn,
          rung: 1,
          why: "w",
          refusedBy: next.by,
          scope: made,
          count: 1,
          notice: "n",
        });
        break;
      }
      case "window": {
        const fromSeq = Math.max(0, seq - next.back);
        if (next.how === "clear") log.add({ type: "history-cleared", scrubbed: false });
        if (next.how === "rewind") log.add({ type: "history-rewound", toStep: 1, fromSeq });
        if (next.how === "compact") {
          const summary = new TextEncoder().encode(
            JSON.stringify({ type: "message", role: "user", content: `s${seq}.`, ...marks }),
          );
          log.add({ type: "history-compacted", kind: "message", role: "user", keepFrom: fromSeq }, summary);
        }
        break;
      }
      case "other":
        if (next.how === "rename") log.add({ type: "session-renamed", name: `n${seq}` });
        if (next.how === "archive") log.add({ type: "session-archived" });
        if (next.how === "unarchive") log.add({ type: "session-unarchived" });
        if (next.how === "amend") log.add({ type: "instructions-amended", text: `t${seq}` });
        if (next.how === "unknown") log.add({ type: "moon-landed" });
        if (next.how === "scrub") log.add({ type: "history-cleared", scrubbed: true });
        if (next.how === "fail")
          log.add({
            type: "attempt-failed",
            turn,
            step,
            attempt: 1,
            class: "c",
            message: "m",
            action: "retry",
          });
    }
  }
  return log;
}

type ScopeKind = QuarantineScope["kind"];

function madeScope(kind: ScopeKind, issuer: string, reach: number): QuarantineScope {
  switch (kind) {
    case "items":
    case "content":
    case "notes":
    case "restored":
      return { kind, seqs: [reach] };
    case "issuer":
      return { kind, issuer, through: reach };
    case "outputs":
      return { kind, through: reach, keepBytes: 4 };
    case "call-ids":
      return { kind, limit: 40 };
    case "item-type":
      return { kind, itemType: reach % 2 === 0 ? "web_search_call" : "custom_tool_call" };
    case "chain":
      return reach % 3 === 0 ? { kind } : { kind, through: reach };
    case "media":
      return reach % 2 === 0 ? { kind, through: reach } : { kind, through: reach, seqs: [reach - 1] };
    case "reasoning-text":
    case "thought-signatures":
      return { kind };
    case "parameter":
      return { kind, parameter: reach % 2 === 0 ? "include" : "thinking" };
    case "sealed":
    case "item-ids":
    case "transcript":
      return { kind, through: reach };
  }
}

function placeOfCall(
  log: WrittenLog,
  call: string,
  otherwise: { turn: number; step: number },
): { turn: number; step: number } {
  const found = log.history.items.findLast(({ event }) => event.call === call);
  return found?.event.type === "item-added" ? { turn: found.event.turn, step: found.event.step } : otherwise;
}
