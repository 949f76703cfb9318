import { isJsonObject, type JsonObject, objectOf, objectsIn, parseJson } from "../../../../lib/json.ts";
import { agentMessage, withWords } from "../payload/agent-message.ts";
import { isOthersItem, responsesItems } from "../payload/chat-items.ts";
import { keptByCompaction, rebuiltHistory } from "../payload/compaction.ts";
import { type Glance, glance, glancedTime } from "../record/glance.ts";
import { readHeader } from "../record/header.ts";
import type { RolloutLine } from "../bytes/lines.ts";
import { loneSurrogates } from "../bytes/surrogates.ts";
import { recordOfHead, standIn } from "../record/long-line.ts";
import { outcomeOf, turnEdge } from "../payload/outcome.ts";
import { goalOf, promptOf, toldPrompt } from "../payload/prompt.ts";
import { readRecord, type RolloutRecord } from "../record/record.ts";
import { isDelivery, isSilent, ownKinds, silentTypes } from "../record/skipped.ts";
import { FileFlaws } from "./file-flaws.ts";
import type { Changed, ThreadChange, ThreadItem } from "./thread-change.ts";
import { threadSkim, usageOf } from "./thread-skim.ts";
import { textIn } from "../payload/text-in.ts";
import { folderIn } from "../record/told-folder.ts";
import { reviewMarks, toldMessage } from "../payload/told-message.ts";
import { type TurnMark, turnMark } from "./turn-mark.ts";
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
  /** Whether an event has told a prompt. */
  #isTold = false;
  /** Whether an event has told what was asked first. */
  #isAsked = false;
  /** Whether there is what Codex tells the model before the first prompt of every session. */
  #isCodexs: boolean;
  /** Whether a prompt or an answer has a record. */
  #isRecorded = false;
  /** How many of the prompts so far no event has told yet. */
  #untold = 0;
  /** A message that an event has told, before anything of Codex's: it counts unless its record comes, which may say more. */
  #alone: ThreadItem | undefined;
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
    this.#isCodexs = history.length > 0;
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
      if ((this.#isTold && this.#isCodexs) || !whole || !this.#mayTell(line, glanced.kind)) return [];
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
        // What is copied from another thread may hold events without their records (0.146).
        this.#isCodexs = header.parent !== undefined || header.forkedFrom !== undefined;
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
      case "thread_goal_updated":
        return this.#untold > 0 ? [] : this.#ask(goalOf(payload));
      case "user_message":
      case "item_completed":
      case "entered_review_mode":
        return this.#told(payload);
      case "agent_message":
        return this.#answerTold(payload);
      default:
        return [];
    }
  }

  /** Whether an event may tell what was said and counts, or that such a one is Codex's, by its first bytes. */
  #mayTell(line: Buffer, kind: string | undefined): boolean {
    if (kind === "agent_message") return this.#isToldAlone;
    if (kind === "item_completed") return completedMark.test(line.toString("latin1", 0, 512));
    if (kind === "thread_goal_updated") return !this.#isAsked;
    return kind === "user_message" || kind === "entered_review_mode";
  }

  /** Whether events have told prompts, and nothing else has told a message. */
  get #isToldAlone(): boolean {
    return this.#isTold && !this.#isRecorded && !this.#isCodexs;
  }

  #answerTold(payload: JsonObject): ThreadChange[] {
    const message = this.#isToldAlone ? toldMessage("assistant", payload) : undefined;
    if (!message) return [];
    const before = this.#addAlone();
    this.#alone = asItem("message", message);
    return before;
  }

  #ask(prompt: string | undefined): ThreadChange[] {
    if (prompt === undefined || this.#isAsked) return [];
    this.#isAsked = true;
    return [{ do: "tell", prompt }];
  }

  #told(payload: JsonObject): ThreadChange[] {
    // What is asked of a review only events tell.
    if (reviewMarks.has(payload["type"]) || reviewMarks.has(objectOf(payload["item"])["type"]))
      this.#isCodexs = true;
    const prompt = toldPrompt(payload);
    if (prompt === undefined) return [];
    const told = this.#ask(prompt);
    this.#isTold = true;
    const isSaid = this.#untold > 0;
    // Where the words differ both were redacted, each in its way.
    if (isSaid) this.#untold--;
    const message = this.#isCodexs || isSaid ? undefined : toldMessage("user", payload);
    // Programs that convert sessions for Codex tell what the person said by its event alone.
    if (!message) return told;
    const before = this.#addAlone();
    this.#alone = asItem("message", message);
    return [...before, ...told];
  }

  #addAlone(): ThreadChange[] {
    const item = this.#alone;
    if (item === undefined) return [];
    this.#alone = undefined;
    return [this.#put(item)];
  }

  #add(kind: string, payload: JsonObject, bytes: Buffer | undefined): ThreadChange[] {
    if (ownKinds.has(kind) || payload["role"] === "system") return [{ do: "skip", why: kind }];
    const item = asItem(kind, payload, bytes);
    // Up to 0.33 no header names the folder; what Codex tells the model does.
    const cwd = this.#cwd === undefined && payload["role"] === "user" ? folderIn(payload) : undefined;
    const mark = markOf(item);
    const isContext = mark === null && payload["role"] === "user";
    if (isContext || (kind === "message" && payload["role"] === "developer")) this.#isCodexs = true;
    const isPrompt = typeof mark === "string" && mark !== "";
    if (isPrompt || isAnswer(item, mark)) this.#isRecorded = true;
    if (this.#alone && isRecordOf(this.#alone, item)) this.#alone = undefined;
    else if (isPrompt) this.#untold++;
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

/** The name of a sealed summary in 0.64 to 0.72. Later versions read it under today's name, and no provider knows this one. */
const formerName = "compaction_summary";

function asItem(given: string, stored: JsonObject, bytes?: Buffer): ThreadItem {
  const kind = given === formerName ? "compaction" : given;
  const payload = withWords(kind === given ? stored : { ...stored, type: kind });
  const prompt = kind === "message" ? promptOf(payload) : undefined;
  const own = payload === stored ? bytes : undefined;
  return { kind, payload, ...(own && { bytes: own }), ...(prompt !== undefined && { prompt }) };
}

const markOf = ({ kind, payload, prompt }: ThreadItem): TurnMark => turnMark(kind, payload, prompt);

const isAnswer = ({ kind, payload }: ThreadItem, mark: TurnMark): boolean =>
  kind === "message" && payload["role"] === "assistant" && mark === undefined;

/** Whether an item says what an event has told, or more. */
function isRecordOf(told: ThreadItem, item: ThreadItem): boolean {
  if (told.prompt !== undefined) return item.prompt?.includes(told.prompt) === true;
  return isAnswer(item, undefined) && textIn(item.payload["content"]) === textIn(told.payload["content"]);
}

const completedMark = /"item":\{"type":"(?:UserMessage|EnteredReviewMode)"/u;

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
