import { isJsonObject, type JsonObject, objectOf, objectsIn, parseJson } from "../../../../lib/json.ts";
import { agentMessage } from "../payload/agent-message.ts";
import { isOthersItem, responsesItems } from "../payload/chat-items.ts";
import { keptByCompaction, rebuiltHistory } from "../payload/compaction.ts";
import { type Glance, glance, glancedTime } from "../record/glance.ts";
import { readHeader } from "../record/header.ts";
import type { RolloutLine } from "../bytes/lines.ts";
import { loneSurrogates } from "../bytes/surrogates.ts";
import { recordOfHead, standIn } from "../record/long-line.ts";
import { outcomeOf, turnEdge } from "../payload/outcome.ts";
import { readRecord, type RolloutRecord } from "../record/record.ts";
import { isDelivery, isSilent, ownKinds, silentTypes } from "../record/skipped.ts";
import { FileFlaws } from "./file-flaws.ts";
import type { Changed, ThreadChange } from "./thread-change.ts";
import { asItem, isAnswer, markOf, type ThreadItem } from "./thread-item.ts";
import { threadSkim, usageOf } from "./thread-skim.ts";
import { folderIn } from "../record/told-folder.ts";
import { ToldMessages } from "./told-messages.ts";
import type { TurnMark } from "./turn-mark.ts";
import { TurnStack } from "./turn-stack.ts";

const nothing: JsonObject = {};

/**
 * Folds the lines of a thread, segment after segment, to what Codex would go on with. It holds one small entry for each item of the current
 * history, and the person's own words; items are handed on and forgotten. Never throws, whatever the lines hold.
 */
export class ThreadFold {
  /** For each item of the history, what it means to a rollback. */
  #history: TurnMark[];
  readonly #turns = new TurnStack();
  readonly #undone: ReadonlySet<number>;
  #compactions = 0;
  #begun = false;
  readonly #told: ToldMessages;
  /** Whether the prompt of the turn, or the model's last action in it, has no answer yet. */
  #isOwed: boolean;
  #model: string | undefined;
  #effort: string | undefined;
  #cwd: string | undefined;
  readonly #flaws = new FileFlaws();

  /**
   * `history`: the marks of a history that is known already, to go on after it. `undone`: compactions that a later rollback takes back,
   * so that they replace nothing. `isOwed`: whether the last item of that history has no answer yet.
   */
  constructor(
    history: readonly TurnMark[] = [],
    undone: ReadonlySet<number> = new Set(),
    isOwed = history.length > 0,
  ) {
    this.#undone = undone;
    this.#history = [...history];
    this.#begun = history.length > 0;
    this.#told = new ToldMessages(history.length > 0);
    this.#isOwed = isOwed;
  }

  /** Notes that the next line is another file's. Whether this one seems to be damaged. */
  endFile(): boolean {
    return this.#flaws.endFile();
  }

  /** What is left to be done after the last line. */
  end(): Changed[] {
    return dated(this.#addAlone(), undefined);
  }

  /** Takes the next line and gives the changes that it makes. */
  take({ bytes: line, whole, length }: RolloutLine): Changed[] {
    const glanced = glance(line);
    if (glanced) this.#flaws.see(glanced);
    if (glanced && isSilent(glanced)) {
      if (!whole || !this.#told.mayTell(line, glanced.kind)) return [];
      const told = readRecord({ bytes: line, whole });
      return told.readable ? dated(this.#event(told.kind, told.payload), undefined) : [];
    }
    const skimmed = glanced && whole ? this.#skimmed(line, glanced) : undefined;
    if (skimmed) return skimmed;
    if (!whole) return this.#tooLong(line, length, glanced && glancedTime(line, glanced));
    const record = readRecord({ bytes: line, whole });
    if (!record.readable) return record.why === "blank" ? [] : [{ change: { do: "skip", why: record.why } }];
    if (record.flaw === "utf8" || loneSurrogates(line).length > 0) this.#flaws.noText();
    const { at } = record;
    const bytes = glanced && payloadBytes(line, glanced.payload, record);
    return dated(this.#changes(record, bytes), at);
  }

  /** For an item that is too long to be taken over: words stand in for it, as it may answer a call or begin a turn. */
  #tooLong(head: Buffer, length: number, at: number | undefined): Changed[] {
    const item = recordOfHead(head);
    const payload = item?.type === "response_item" ? standIn(item, length) : undefined;
    const changes = item?.kind !== undefined && payload ? this.#add(item.kind, payload, undefined) : [];
    return dated([...changes, { do: "skip", why: "too-long" }], at);
  }

  /** The changes of a line that needn't be parsed; `undefined` where it has to be. */
  #skimmed(line: Buffer, glanced: Glance): Changed[] | undefined {
    const item = threadSkim.item(line, glanced);
    if (item) {
      const before = this.#addAlone();
      this.#isOwed = true;
      this.#history.push(undefined);
      const change = { do: "add", item: { kind: item.facts.kind, payload: nothing, skimmed: item } } as const;
      return dated([...before, change], glancedTime(line, glanced));
    }
    const total = threadSkim.usage(line, glanced);
    if (total === undefined) return undefined;
    return total === "nothing" ? [] : [{ change: { do: "use", total } }];
  }

  #changes(record: RolloutRecord, bytes: Buffer | undefined): ThreadChange[] {
    const { type, kind, payload } = record;
    switch (type) {
      case "session_meta": {
        // Repeated in mid-file (0.137 to 0.146), and the parent's on the second line of a fork: only the first one is the thread's.
        const header = this.#begun ? undefined : readHeader(payload);
        if (!header) return [];
        this.#begun = true;
        this.#cwd = header.cwd;
        this.#told.begin(header);
        return [{ do: "begin", header }];
      }
      case "response_item":
        if (kind === undefined) return [{ do: "skip", why: "no-type" }];
        if (isDelivery(record)) return [];
        // Codex passes over the line, as over one that is no JSON.
        if (isUnread(kind, payload)) return [{ do: "skip", why: "json" }];
        if (!isOthersItem(kind, payload)) return this.#add(kind, payload, bytes);
        return responsesItems(payload).flatMap((item) => this.#add(String(item["type"]), item, undefined));
      case "compacted":
        return [...this.#addAlone(), ...this.#compact(payload)];
      case "turn_context":
        return this.#set(payload["model"], payload["effort"] ?? effortIn(payload), payload["cwd"]);
      case "token_usage_record":
        return usageIn(payload["thread_token_usage"]);
      case "event_msg":
        return this.#event(kind, payload);
      case "inter_agent_communication":
        return this.#add("agent_message", agentMessage(payload), undefined);
      default:
        return silentTypes.has(type) ? [] : [{ do: "skip", why: type === "" ? "no-type" : type }];
    }
  }

  #event(kind: string | undefined, payload: JsonObject): ThreadChange[] {
    const edge = turnEdge(kind);
    const before = edge ? this.#addAlone() : [];
    if (edge) this.#flaws.turn();
    switch (edge ?? kind) {
      case "began":
        this.#turns.begin();
        this.#isOwed = false;
        return [...before, { do: "turn" }];
      case "complete":
      case "aborted":
        return [...before, { do: "end", outcome: outcomeOf(kind, payload, this.#isOwed) }];
      case "thread_rolled_back":
        return [...this.#addAlone(), ...this.#rollBack(payload["num_turns"])];
      case "token_count":
        return usageIn(objectOf(payload["info"])["total_token_usage"]);
      case "thread_settings_applied": {
        const settings = payload["thread_settings"];
        if (!isJsonObject(settings)) return [];
        return this.#set(
          settings["model"],
          settings["reasoning_effort"] ?? effortIn(settings),
          settings["cwd"],
        );
      }
      default: {
        const { alone, asked } = this.#told.event(kind, payload);
        return [
          ...(alone ? [this.#put(alone)] : []),
          ...(asked === undefined ? [] : [{ do: "tell", prompt: asked } as const]),
        ];
      }
    }
  }

  /** A message that only an event has told counts once anything but its record follows. */
  #addAlone(): ThreadChange[] {
    const item = this.#told.take();
    return item === undefined ? [] : [this.#put(item)];
  }

  #add(kind: string, payload: JsonObject, bytes: Buffer | undefined): ThreadChange[] {
    if (ownKinds.has(kind) || payload["role"] === "system") return [{ do: "skip", why: kind }];
    const item = asItem(kind, payload, bytes);
    // Up to 0.33 no header names the folder; what Codex tells the model does.
    const cwd = this.#cwd === undefined && payload["role"] === "user" ? folderIn(payload) : undefined;
    const mark = markOf(item);
    this.#told.record(item, mark);
    return [...this.#addAlone(), ...this.#set(undefined, undefined, cwd), this.#put(item, mark)];
  }

  #put(item: ThreadItem, mark = markOf(item)): ThreadChange {
    if (typeof mark === "string") this.#turns.ask();
    if (isAnswer(item, mark)) this.#isOwed = item.payload["phase"] === "commentary";
    else if (item.kind !== "message" || typeof mark === "string") this.#isOwed = true;
    this.#history.push(mark);
    return { do: "add", item };
  }

  #compact(payload: JsonObject): ThreadChange[] {
    const given = payload["replacement_history"];
    const summary = payload["message"];
    // Codex passes over one without the text, which it always writes itself (0.104, 0.130, 0.146, 0.169).
    if (typeof summary !== "string") return [{ do: "skip", why: "compacted" }];
    const isGiven = Array.isArray(given);
    if (isGiven) {
      const nth = this.#compactions++;
      if (this.#undone.has(nth)) return [{ do: "undone" }];
      this.#turns.compact(nth);
    }
    const prompts = (): string[] =>
      this.#history.flatMap((mark) => (typeof mark === "string" && keptByCompaction(mark)) || []);
    const payloads = isGiven ? objectsIn(given) : rebuiltHistory(prompts(), summary);
    const items = payloads.flatMap((each) => {
      const kind = each["type"];
      return typeof kind === "string" && !ownKinds.has(kind) ? [asItem(kind, each)] : [];
    });
    this.#history = items.map(markOf);
    return [{ do: "replace", items, ...(summary !== "" && { summary }) }];
  }

  /**
   * Takes back the person's last `turns` messages with everything after the first of them, and what Codex told the model right before
   * that one (codex-rs `trim_pre_turn_context_updates`). What stands before the person's first message stays in any case.
   */
  #rollBack(given: unknown): ThreadChange[] {
    const turns = typeof given === "number" && given > 0 ? Math.floor(given) : 0;
    const prompts: number[] = [];
    for (const [at, mark] of this.#history.entries()) if (typeof mark === "string") prompts.push(at);
    const undone = this.#turns.takeBack(turns);
    const undo: ThreadChange[] = undone.length > 0 ? [{ do: "undo", compactions: undone }] : [];
    if (turns === 0 || prompts.length === 0) return undo;
    let keep = prompts[Math.max(0, prompts.length - turns)]!;
    while (keep > prompts[0]! && this.#history[keep - 1] === null) keep--;
    this.#history.length = keep;
    return [...undo, { do: "cut", keep, turns }];
  }

  #set(model: unknown, effort: unknown, cwd: unknown): ThreadChange[] {
    const changed = {
      ...(typeof model === "string" && model !== this.#model && { model }),
      ...(typeof effort === "string" && effort !== this.#effort && { effort }),
      ...(typeof cwd === "string" && cwd !== this.#cwd && { cwd }),
    };
    this.#model = changed.model ?? this.#model;
    this.#effort = changed.effort ?? this.#effort;
    this.#cwd = changed.cwd ?? this.#cwd;
    return Object.keys(changed).length === 0 ? [] : [{ do: "set", ...changed }];
  }
}

/** Whether an output says nothing, or a message not whose it is: programs that convert or redact sessions leave `null` there. */
const isUnread = (kind: string, { output, role }: JsonObject): boolean =>
  kind === "message"
    ? typeof role !== "string"
    : (kind === "function_call_output" || kind === "custom_tool_call_output") &&
      typeof output !== "string" &&
      !Array.isArray(output);

function dated(changes: readonly ThreadChange[], at: number | undefined): Changed[] {
  return changes.map((change) => (at === undefined ? { change } : { change, at }));
}

const metadataMark = Buffer.from(',"metadata":{');

/** The payload's bytes in a line that was parsed, without parsing them again; `undefined` where that can't be told for certain. */
function payloadBytes(
  line: Buffer,
  start: number,
  { payloadLast, metadata, flaw, type }: RolloutRecord,
): Buffer | undefined {
  if (type !== "response_item" || flaw !== undefined) return undefined;
  if (line.at(-1) !== 0x7d) return undefined; // White space after the line is no part of it.
  if (start === 0) return line;
  if (!payloadLast) return undefined;
  if (!metadata) return line.subarray(start, -1);
  const end = line.lastIndexOf(metadataMark);
  if (end < start) return undefined;
  // A `metadata` within the metadata would make the cut too late: then what follows isn't an object.
  const rest = parseJson(line.toString("utf8", end + metadataMark.length - 1, line.length - 1));
  return isJsonObject(rest) ? line.subarray(start, end) : undefined;
}

/** Where the effort stands since there are collaboration modes (0.116 and later). */
function effortIn(payload: JsonObject): unknown {
  return objectOf(objectOf(payload["collaboration_mode"])["settings"])["reasoning_effort"];
}

function usageIn(value: unknown): ThreadChange[] {
  if (!isJsonObject(value)) return [];
  const count = (name: string): number => (typeof value[name] === "number" ? value[name] : 0);
  return [{ do: "use", total: usageOf(count) }];
}
