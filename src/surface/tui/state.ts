import { printableLine } from "../../lib/printable.ts";
import { secondsWords } from "../../lib/words.ts";
import { messageIn } from "../../failure/message.ts";
import type { TurnOutcome } from "../../session/event.ts";
import type { QueuedFollowUp } from "../../store.ts";
import type { ApprovalRequest, ToolOutcome } from "../../tool.ts";
import type { SessionUpdate } from "../../turn/update.ts";
import { answerIn, callLine, endsTurn } from "../update-words.ts";
import { wordingHere } from "./next-steps.ts";
import { finish, type Finished, type Open, unfinished } from "./finished.ts";

/** A finished part of the conversation, which scrolls away. */
export type Block =
  | { kind: "banner"; title: string; lines: readonly string[] }
  | { kind: "prompt"; text: string }
  | { kind: "command"; line: string }
  /** `cut`: it was being streamed when its attempt ended, and isn't in the log. `continued`: it goes on within the code block of the block before. */
  | { kind: "answer"; text: string; cut?: true; continued?: true }
  | { kind: "call"; text: string; outcome?: Outcome; patch?: string }
  /** A patch that the person is asked about. */
  | { kind: "patch"; text: string }
  | { kind: "note"; weight: "plain" | "repair" | "trouble"; text: string }
  | { kind: "help"; rows: readonly (readonly [what: string, does: string])[] }
  /** What a command printed. */
  | { kind: "printed"; text: string; failed: boolean };

/** How a call ended, as far as the view shows it. */
export type Outcome = Pick<ToolOutcome, "status" | "exitCode" | "durationMs">;

/** A call in flight. Times are milliseconds since 1970. */
export interface RunningCall {
  readonly seq: number;
  readonly text: string;
  readonly since: number;
  readonly patch?: string;
  /** The last line of its output. */
  readonly printed?: string;
}

/** What is going on. Every turn ends in "resting", however it ends (R27). */
export type Phase =
  | { kind: "resting"; stop?: Stop }
  | { kind: "working"; since: number; what: string }
  /** The turn waits for a limit to reset. */
  | { kind: "waiting"; since: number; until: number }
  /** The turn was told to stop; its calls are being ended and their outputs kept. */
  | { kind: "stopping"; since: number }
  | { kind: "commanding"; since: number; what: string };

/** Why there is something to go on with. */
export type Stop =
  | { kind: "interrupted" }
  | { kind: "failed" }
  /** `wakes`: it goes on by itself at `until`. */
  | { kind: "limited"; until?: number; wakes: boolean };

/** What the person is asked, yes or no. */
export interface Question extends ApprovalRequest {
  /** Whether "always" is an answer. */
  readonly all: boolean;
  /** The whole question was printed above. */
  readonly isAbove: boolean;
}

/** All that the interface shows of the open session. It is changed by `reduce` alone. */
export interface View {
  readonly session?: { readonly id: string; readonly name?: string };
  /** "gpt-5.5/high". */
  readonly model: string;
  readonly phase: Phase;
  /** Who else works in the session, while it rests here. */
  readonly elsewhere?: string;
  readonly finished: readonly Block[];
  /** The streamed part of the answer that has not scrolled away yet. */
  readonly answer: string;
  /** The part of the streamed answer that has, and the line that opened the code block in which `answer` begins. */
  readonly scrolled: { readonly text: string; readonly fence: string };
  /** The end of the model's reasoning summary. */
  readonly thought: string;
  readonly calls: readonly RunningCall[];
  readonly queued: readonly QueuedFollowUp[];
  readonly question?: Question;
  /** Tokens of the context as of the last response, and the model's window where it is known. */
  readonly context?: { readonly tokens: number; readonly window?: number };
}

/** What changes the view. `at`: milliseconds since 1970. */
export type Happening =
  | { type: "update"; update: SessionUpdate; at: number }
  /** A turn begins, with what the person typed where they typed something. */
  | { type: "begun"; at: number; text?: string }
  | { type: "stopping"; at: number }
  | { type: "rested"; stop?: Stop }
  | { type: "commanding"; what: string; at: number }
  | { type: "asked"; question: Question }
  | { type: "answered" }
  | { type: "queue"; queued: readonly QueuedFollowUp[] }
  | { type: "elsewhere"; who: string | undefined }
  | { type: "session"; session: NonNullable<View["session"]> | undefined; model: string }
  | { type: "context"; context: View["context"] }
  | { type: "told"; blocks: readonly Block[] };

const nothing: View["scrolled"] = { text: "", fence: "" };

export function emptyView(model: string): View {
  return {
    model,
    phase: { kind: "resting" },
    finished: [],
    answer: "",
    scrolled: nothing,
    thought: "",
    calls: [],
    queued: [],
  };
}

/** The view after a happening. Pure. */
export function reduce(view: View, happening: Happening): View {
  switch (happening.type) {
    case "update":
      return updated(view, happening.update, happening.at);
    case "begun":
      return {
        ...tell(view, ...(happening.text === undefined ? [] : [prompt(happening.text)])),
        phase: working(happening.at),
      };
    case "stopping":
      return { ...view, phase: { kind: "stopping", since: happening.at } };
    case "rested": {
      const { question: _question, ...rest } = view;
      const { stop } = happening;
      return { ...settled(rest, true), phase: { kind: "resting", ...(stop && { stop }) } };
    }
    case "commanding":
      return { ...view, phase: { kind: "commanding", since: happening.at, what: happening.what } };
    case "asked": {
      const { question } = happening;
      const { patch } = question;
      if (patch === undefined) return { ...view, question };
      // The question shows the patch, so its call needn't show it again.
      const calls = view.calls.map(({ patch: _patch, ...call }) => call);
      return { ...tell(view, { kind: "patch", text: patch }), calls, question };
    }
    case "answered": {
      const { question: _question, ...rest } = view;
      return rest;
    }
    case "queue":
      return { ...view, queued: happening.queued };
    case "elsewhere": {
      const { elsewhere: _elsewhere, ...rest } = view;
      return { ...rest, ...(happening.who !== undefined && { elsewhere: happening.who }) };
    }
    case "session": {
      const { session: before, context, ...rest } = view;
      const { session, model } = happening;
      const isSame = session !== undefined && session.id === before?.id;
      return {
        ...rest,
        model,
        ...(session && { session }),
        ...(isSame && context && { context }),
      };
    }
    case "context": {
      const { context: _context, ...rest } = view;
      return { ...rest, ...(happening.context && { context: happening.context }) };
    }
    case "told":
      return tell(view, ...happening.blocks);
  }
}

const working = (since: number, what = ""): Phase => ({ kind: "working", since, what });
const prompt = (text: string): Block => ({ kind: "prompt", text });

export function note(text: string, weight: Extract<Block, { kind: "note" }>["weight"] = "plain"): Block {
  return { kind: "note", weight, text };
}

const tell = (view: View, ...blocks: readonly Block[]): View => ({
  ...view,
  finished: [...view.finished, ...blocks],
});

function updated(view: View, update: SessionUpdate, at: number): View {
  switch (update.type) {
    case "session-opened": {
      const { id, name } = update;
      return { ...view, session: { id, ...(name !== undefined && { name }) } };
    }
    case "notice":
      return tell(view, note(update.text));
    case "turn-started":
      return { ...settled(view, true), phase: working(at) };
    case "attempt-started":
      return { ...settled(view, false), phase: goesOn(view.phase, at) };
    case "text-delta":
      return streamed({ ...view, thought: "", phase: speaks(view.phase, at) }, update.text);
    case "reasoning-delta":
      return {
        ...view,
        thought: (view.thought + update.text).slice(-400),
        phase: speaks(view.phase, at),
      };
    case "item": {
      const text = answerIn(update);
      return text === undefined
        ? { ...view, thought: "" }
        : { ...answered(view, text), answer: "", scrolled: nothing, thought: "" };
    }
    case "tool-started":
      return { ...view, calls: [...view.calls, startedCall(update, at)] };
    case "tool-progress":
      return {
        ...view,
        calls: view.calls.map((call) =>
          call.seq === update.callSeq ? withPrinted(call, update.text) : call,
        ),
      };
    case "tool-ended":
      return ended(view, update);
    case "silent":
      return {
        ...view,
        phase: working(
          "since" in view.phase ? view.phase.since : at,
          `the provider has been silent for ${secondsWords(update.ms)}`,
        ),
      };
    case "attempt-failed":
      // A failure that ends the turn is told by the turn's outcome.
      return endsTurn(update) ? view : tell(settled(view, false), note(update.notice, "trouble"));
    case "repaired":
      return tell(view, note(update.notice, "repair"));
    case "session-rotated":
      return tell(
        { ...view, session: { ...view.session, id: update.to } },
        note(`the session goes on as ${update.to}: ${update.notice}`, "repair"),
      );
    case "follow-up-delivered":
      return tell({ ...view, queued: view.queued.filter(({ id }) => id !== update.id) }, prompt(update.text));
    case "waiting":
      return { ...view, phase: { kind: "waiting", since: at, until: update.until } };
    case "turn-ended":
      // Not resting yet: follow-ups may come before the lease is given back ("rested").
      return tell(settled(view, update.outcome.kind !== "completed"), ...outcomeBlocks(update.outcome));
  }
}

/**
 * The view when an attempt is over. What it streamed without finishing is shown as cut off if part of it has scrolled away or `keep` is set
 * (the turn is over); otherwise it is dropped.
 */
function settled(view: View, keep: boolean): View {
  const isSeen = view.scrolled.text !== "" || (keep && view.answer.trim() !== "");
  const cut: readonly Block[] = isSeen ? [{ ...answerBlock(unfinished(openIn(view))), cut: true }] : [];
  const calls = keep ? [] : view.calls;
  return { ...tell(view, ...cut), answer: "", scrolled: nothing, thought: "", calls };
}

const openIn = ({ answer, scrolled }: View): Open => ({ fence: scrolled.fence, text: answer });

const answerBlock = (part: Finished | undefined): Extract<Block, { kind: "answer" }> => ({
  kind: "answer",
  text: part?.text ?? "",
  ...(part?.continued && { continued: true }),
});

/** The view with more of the answer. Its finished parts scroll away, so that a long answer can be read from its beginning. */
function streamed(view: View, text: string): View {
  const answer = view.answer + text;
  // Only the end of a line can finish something.
  if (!text.includes("\n") && !view.answer.endsWith("\n")) return { ...view, answer };
  const { finished, open } = finish({ ...openIn(view), text: answer });
  const taken = answer.slice(0, answer.length - open.text.length);
  return {
    ...(finished ? tell(view, answerBlock(finished)) : view),
    answer: open.text,
    scrolled: { text: view.scrolled.text + taken, fence: open.fence },
  };
}

/** The view with the whole answer, of which only what hasn't scrolled away yet is added. */
function answered(view: View, text: string): View {
  const { text: seen, fence } = view.scrolled;
  const isSame = text.startsWith(seen);
  const left = unfinished(isSame ? { fence, text: text.slice(seen.length) } : { fence: "", text });
  return left ? tell(view, answerBlock(left)) : view;
}

const goesOn = (phase: Phase, at: number): Phase =>
  phase.kind === "stopping" ? phase : working("since" in phase ? phase.since : at);

/** The phase once the provider is heard again after a silence. */
const speaks = (phase: Phase, at: number): Phase =>
  phase.kind === "working" && phase.what === "" ? phase : goesOn(phase, at);

function startedCall(update: Extract<SessionUpdate, { type: "tool-started" }>, since: number): RunningCall {
  const { callSeq: seq, name, input } = update;
  return {
    seq,
    text: callLine(name, input),
    since,
    ...(name === "apply_patch" && { patch: input }),
  };
}

function withPrinted(call: RunningCall, text: string): RunningCall {
  const last = text.split("\n").findLast((line) => line.trim() !== "");
  return last === undefined ? call : { ...call, printed: printableLine(last, 200) };
}

function ended(view: View, { callSeq, outcome }: Extract<SessionUpdate, { type: "tool-ended" }>): View {
  const call = view.calls.find(({ seq }) => seq === callSeq);
  const rest = { ...view, calls: view.calls.filter(({ seq }) => seq !== callSeq) };
  if (!call) return rest;
  const { status, exitCode, durationMs } = outcome;
  return tell(rest, {
    kind: "call",
    text: call.text,
    outcome: { status, durationMs, ...(exitCode !== undefined && { exitCode }) },
    // What was not done is no change.
    ...(call.patch !== undefined && status === "ok" && { patch: call.patch }),
  });
}

/** How a turn ended, where that needs to be said. */
export function outcomeBlocks(outcome: TurnOutcome | undefined): Block[] {
  switch (outcome?.kind) {
    case undefined:
    case "completed":
      return [];
    case "interrupted":
      return [
        note(
          `interrupted${outcome.reason === "cancelled" ? "" : ` (${outcome.reason})`}; what it had finished is kept`,
        ),
      ];
    case "failed":
    case "limited":
      return [note(messageIn(wordingHere, outcome), "trouble")];
  }
}
