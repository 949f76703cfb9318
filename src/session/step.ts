import { isItemRecord, type ItemRecord, type LogRecord, type Usage } from "./event.ts";
import { isCallKind, isOutputKind } from "./item.ts";
import { OpenCalls } from "./open-calls.ts";

/** A tool call of a step, with the output that answers it. */
export interface StepCall {
  readonly record: ItemRecord;
  output?: ItemRecord;
}

/** One response of the model with the outputs of its calls; an attempt that was cut off after its first item is a step too. */
export interface Step {
  /** From 1, through all turns. */
  readonly step: number;
  readonly turn: number;
  /** Milliseconds since 1970, of its first item. */
  readonly at: number;
  /** What the model answered: messages, reasoning, calls. */
  readonly items: ItemRecord[];
  readonly calls: StepCall[];
  /** Sequence numbers of its first and last record, outputs included. */
  readonly fromSeq: number;
  toSeq: number;
  /** Only when the response was complete. */
  usage?: Usage;
  response?: string;
  model?: string;
  /** Whether its items are still sent; otherwise what took them out of the window. */
  state: "kept" | "rewound" | "cleared" | "compacted";
}

/** The steps of a log, collected record by record (`collectStep`), from the first record on. */
export interface Steps {
  readonly all: Step[];
}

const open = new WeakMap<Steps, OpenCalls<{ step: Step; call: StepCall }>>();

/** The steps of an empty log. */
export function createSteps(): Steps {
  const steps: Steps = { all: [] };
  open.set(steps, new OpenCalls());
  return steps;
}

/** Takes the next record. */
export function collectStep(steps: Steps, record: LogRecord): void {
  const { event } = record;
  switch (event.type) {
    case "item-added":
      if (!isItemRecord(record)) break;
      if (isOutputKind(event.kind)) collectOutput(steps, record);
      else if (event.origin === "model") collectAnswer(steps, record);
      break;
    case "step-ended": {
      const step = stepAt(steps, event.turn, event.step, record);
      step.usage = event.usage;
      step.toSeq = event.seq;
      if (event.response !== undefined) step.response = event.response;
      if (event.model !== undefined) step.model = event.model;
      break;
    }
    case "history-cleared":
      // Steps that had left the window before, too: otherwise a fork could bring back what was cleared.
      for (const step of steps.all) step.state = "cleared";
      break;
    case "history-rewound":
      mark(steps, "rewound", ({ fromSeq }) => fromSeq >= event.fromSeq);
      break;
    case "history-compacted":
      mark(steps, "compacted", ({ toSeq }) => toSeq < event.keepFrom);
      break;
    case "history-replaced":
      mark(steps, "compacted", () => true);
      break;
    default:
  }
}

/** A step boundary is a checkpoint where every call has its output: only there can a session go on from. */
export function isConsistent(step: Step): boolean {
  return step.calls.every(({ output }) => output !== undefined);
}

/**
 * The `fromSeq` of the `history-rewound` that goes back to the end of a step: everything from there on leaves the window. `undefined`
 * when the session can't go on from that step: there is none of that number in the window, or one of its calls has no output.
 */
export function rewindPoint(steps: readonly Step[], number: number): number | undefined {
  const step = steps.findLast((candidate) => candidate.step === number && candidate.state === "kept");
  return step && isConsistent(step) ? step.toSeq + 1 : undefined;
}

function collectAnswer(steps: Steps, record: ItemRecord): void {
  const { event } = record;
  if (event.type !== "item-added") return;
  const step = stepAt(steps, event.turn, event.step, record);
  step.items.push(record);
  step.toSeq = event.seq;
  if (!isCallKind(event.kind)) return;
  const call: StepCall = { record };
  step.calls.push(call);
  open.get(steps)?.add(event, { step, call });
}

function collectOutput(steps: Steps, record: ItemRecord): void {
  const answered = open.get(steps)?.take(record.event);
  if (!answered) return;
  answered.call.output = record;
  answered.step.toSeq = Math.max(answered.step.toSeq, record.event.seq);
}

function stepAt(steps: Steps, turn: number, number: number, { event }: LogRecord): Step {
  const last = steps.all.at(-1);
  if (last?.turn === turn && last.step === number && last.state === "kept") return last;
  const { seq, at } = event;
  const step: Step = {
    step: number,
    turn,
    at,
    items: [],
    calls: [],
    fromSeq: seq,
    toSeq: seq,
    state: "kept",
  };
  steps.all.push(step);
  return step;
}

function mark(steps: Steps, state: Step["state"], isMeant: (step: Step) => boolean): void {
  for (const step of steps.all) if (step.state === "kept" && isMeant(step)) step.state = state;
}
