import { existsSync } from "node:fs";
import { crashPoint } from "../lib/fault.ts";
import { orAborted } from "../lib/abort.ts";
import { makeFolders, messageOf } from "../lib/system.ts";
import { isJsonObject, parseJsonBytes } from "../lib/json.ts";
import { writeJson } from "../lib/whole-json.ts";
import { isFailure } from "../failure.ts";
import { outcomeUnknown } from "../replay/pair.ts";
import type { ItemRecord } from "../session/event.ts";
import { outputItem } from "../session/item.ts";
import type { Approval, ApprovalRequest, Tool, ToolCall, ToolOutcome } from "../tool.ts";
import type { Journal } from "./journal.ts";
import type { Observe } from "./update.ts";

/** Why the outcome of a call whose intent is logged is unknown where its spool folder, which is made before that, is gone. */
export const tracesGone = "the traces of this call are gone";

/** Whether that is so. A tool that only reads leaves none. */
export const areTracesGone = (tool: Tool, spool: string): boolean =>
  tool.replay === "never" && !existsSync(spool);

const notStarted = "Not started: the turn was cancelled.";

/** What calls run with, for the whole life of a session's owner. */
export interface CallEnvironment {
  tools: readonly Tool[];
  /** Absolute path of the folder that they work in. */
  workspace: string;
  /** Variables of the processes that tools start. */
  env: Readonly<Record<string, string>>;
  /** Asks the person. When `signal` aborts nobody waits for the answer any more. */
  approve(request: ApprovalRequest, signal: AbortSignal): Promise<Approval>;
}

/**
 * The calls in flight. A call starts as soon as its item is durable; its intent is durable before the tool starts, and its output as soon
 * as it ended. `drain` waits for all of them: only then may an outcome be looked at (R23). A call is started once per owner, and the
 * tool's spool sees to it that it runs once in all (R24).
 */
export class Calls {
  readonly #journal: Journal;
  readonly #environment: CallEnvironment;
  readonly #observe: Observe;
  readonly #signal: AbortSignal;
  readonly #running = new Set<Promise<void>>();
  #exclusive: Promise<void> = Promise.resolve();
  /**
   * The last call of each call id. Some gateways give several calls of one response the same id; outputs answer those in order, so they
   * run in order.
   */
  readonly #sameId = new Map<string, Promise<void>>();
  #failed: { error: unknown } | undefined;

  /** `signal` cancels the tools in flight. It must not be aborted by the loss of the lease: the next owner follows what still runs. */
  constructor(journal: Journal, environment: CallEnvironment, observe: Observe, signal: AbortSignal) {
    this.#journal = journal;
    this.#environment = environment;
    this.#observe = observe;
    this.#signal = signal;
  }

  /** The tool that the model calls by this name. */
  toolNamed(name: string): Tool | undefined {
    return this.#environment.tools.find(({ definition }) => definition.name === name);
  }

  /** Starts the call whose item is in the log; `intended` when its `tool-started` is in the log already (after a crash). */
  start(record: ItemRecord, item: Uint8Array, intended = false): void {
    const call = readCall(record, item);
    const tool = this.toolNamed(call.name);
    const before = [this.#sameId.get(call.call), tool?.exclusive ? this.#exclusive : undefined];
    const run = Promise.all(before)
      .then(() => this.#run(record, call, tool, intended))
      .catch((error: unknown) => {
        const { lost } = this.#journal.log;
        this.#failed ??= { error: lost.aborted ? lost.reason : error };
      });
    this.#sameId.set(call.call, run);
    if (tool?.exclusive) this.#exclusive = run;
    this.#running.add(run);
    void run.then(() => this.#running.delete(run));
  }

  /** Resolves when no call is in flight and every output is in the log; throws what the log or the tool threw. */
  async drain(): Promise<void> {
    await this.settled();
    if (this.#failed) throw this.#failed.error;
  }

  /** Resolves when no call is in flight, whatever became of them. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async #run(record: ItemRecord, call: ToolCall, tool: Tool | undefined, intended: boolean): Promise<void> {
    const callSeq = record.event.seq;
    this.#observe({ type: "tool-started", callSeq, name: call.name, input: call.input });
    const outcome = await this.#outcome(record, call, tool, intended);
    crashPoint("tool-finished");
    const item = outputItem(record.event.kind, call.call, outcome.output);
    await this.#journal.append(outputEvent(record, item));
    crashPoint("output-appended");
    this.#observe({ type: "tool-ended", callSeq, name: call.name, outcome });
  }

  async #outcome(
    record: ItemRecord,
    call: ToolCall,
    tool: Tool | undefined,
    intended: boolean,
  ): Promise<ToolOutcome> {
    const { workspace, env, tools } = this.#environment;
    if (!tool) {
      const known = tools.map(({ definition }) => definition.name).join(", ");
      return told("failed", `There is no tool named "${call.name}". The tools are: ${known}.`);
    }
    const spool = this.#journal.log.spool(record.event.seq);
    if (!intended) {
      if (this.#signal.aborted) return told("cancelled", notStarted);
      const request = tool.approval(call, { workspace });
      const answer = request ? await this.#ask(request) : { allowed: true as const };
      if (answer === "cancelled") return told("cancelled", notStarted);
      if (!answer.allowed) return told("denied", answer.why);
      // The spool folder is made before the intent is logged: an intent without a folder then means that the traces are gone, not that
      // nothing was started.
      makeFolders(spool);
      await this.#intend(record, call, tool);
      crashPoint("tool-intended");
    } else if (areTracesGone(tool, spool)) {
      return told("unknown", `${outcomeUnknown}: ${tracesGone}`);
    }
    const { lost } = this.#journal.log;
    const onProgress = (text: string): void =>
      this.#observe({ type: "tool-progress", callSeq: record.event.seq, text });
    try {
      return await tool.run(call, { spool, workspace, env, signal: this.#signal, lost, onProgress });
    } catch (error) {
      if (isFailure(error) || lost.aborted) throw error;
      return brokenOutcome(tool, spool, error);
    }
  }

  /** On a cancel the asker may reject, as Node's readline does, or never answer: either way the call counts as cancelled. */
  async #ask(request: ApprovalRequest): Promise<Approval | "cancelled"> {
    const { lost } = this.#journal.log;
    const signal = AbortSignal.any([this.#signal, lost]);
    try {
      return await orAborted(this.#environment.approve(request, signal), signal);
    } catch (error) {
      if (!signal.aborted || lost.aborted) throw error;
      return "cancelled";
    }
  }

  async #intend(record: ItemRecord, call: ToolCall, tool: Tool): Promise<void> {
    await this.#journal.append({
      event: {
        type: "tool-started",
        ...place(record),
        callSeq: record.event.seq,
        call: call.call,
        name: call.name,
        replay: tool.replay,
      },
    });
  }
}

/** The tool itself broke (its spool can't be written, say): the call is answered by what is known of it, so that the turn can go on. */
async function brokenOutcome(tool: Tool, spool: string, error: unknown): Promise<ToolOutcome> {
  const why = messageOf(error);
  const { state } = await tool.inspect({ spool });
  if (state === "not-started") return told("failed", `The tool could not be started: ${why}`);
  return told("unknown", `${outcomeUnknown}: ${why}`);
}

/** The outcome of a call that no tool answered. */
const told = (status: ToolOutcome["status"], output: string): ToolOutcome => ({
  status,
  output,
  durationMs: 0,
});

/** The `item-added` that answers a call, in the call's own step. */
export function outputEvent(record: ItemRecord, item: Uint8Array, origin: "tool" | "repair" = "tool") {
  const call = record.event.call ?? "";
  const kind = `${record.event.kind}_output`;
  return { event: { type: "item-added" as const, ...place(record), kind, call, origin }, item };
}

function place(record: ItemRecord): { turn: number; step: number } {
  return record.event.type === "item-added"
    ? { turn: record.event.turn, step: record.event.step }
    : { turn: 0, step: 0 };
}

/** The call that an item makes. */
export function readCall(record: ItemRecord, item: Uint8Array): ToolCall {
  const parsed = parseJsonBytes(item);
  const text = (key: string): string => {
    const value = isJsonObject(parsed) ? parsed[key] : undefined;
    return typeof value === "string" ? value : value === undefined ? "" : writeJson(value);
  };
  const input = record.event.kind === "custom_tool_call" ? text("input") : text("arguments");
  return { call: record.event.call ?? "", name: record.event.name ?? "", input };
}
