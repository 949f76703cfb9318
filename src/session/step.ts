import { type EventOf, isItemRecord, type LogRecord } from "./event.ts";
import { isCallKind, isOutputKind } from "./item.ts";
import { OpenCalls } from "./open-calls.ts";

/** One response of the model with the outputs of its calls; an attempt that was cut off after its first item is a step too. */
export interface Step {
  /** From 1, through all turns. */
  readonly step: number;
  readonly turn: number;
  /** Sequence numbers of its first and last record, outputs included. */
  readonly fromSeq: number;
  toSeq: number;
  /** How many of its calls have no output. */
  unanswered: number;
  /** Whether its items are still sent; otherwise what took them out of the window. */
  state: "kept" | "rewound" | "cleared" | "compacted";
}

/** The steps of a log. `take` is given its records, from the first on. */
export class Steps {
  readonly all: Step[] = [];
  readonly #open = new OpenCalls<Step>();

  /** Takes the next record. */
  take(record: LogRecord): void {
    const { event } = record;
    switch (event.type) {
      case "item-added":
        if (isItemRecord(record)) this.#takeItem(event);
        break;
      case "step-ended":
        this.#stepOf(event).toSeq = event.seq;
        break;
      case "history-cleared":
        // Steps that had left the window before, too: otherwise a fork could bring back what was cleared.
        for (const step of this.all) step.state = "cleared";
        break;
      case "history-rewound":
        this.#leave("rewound", ({ fromSeq }) => fromSeq >= event.fromSeq);
        break;
      case "history-compacted":
        this.#leave("compacted", ({ toSeq }) => toSeq < event.keepFrom);
        break;
      case "history-replaced":
        this.#leave("compacted", () => true);
        break;
      default:
    }
  }

  #takeItem(event: EventOf<"item-added">): void {
    if (isOutputKind(event.kind)) {
      const step = this.#open.take(event);
      if (!step) return;
      step.unanswered--;
      step.toSeq = Math.max(step.toSeq, event.seq);
    } else if (event.origin === "model") {
      const step = this.#stepOf(event);
      step.toSeq = event.seq;
      if (!isCallKind(event.kind)) return;
      step.unanswered++;
      this.#open.add(event, step);
    }
  }

  #stepOf({ turn, step: number, seq }: EventOf<"item-added" | "step-ended">): Step {
    const last = this.all.at(-1);
    if (last?.turn === turn && last.step === number && last.state === "kept") return last;
    const step: Step = { step: number, turn, fromSeq: seq, toSeq: seq, unanswered: 0, state: "kept" };
    this.all.push(step);
    return step;
  }

  #leave(state: Step["state"], isMeant: (step: Step) => boolean): void {
    for (const step of this.all) if (step.state === "kept" && isMeant(step)) step.state = state;
  }
}

/** A step boundary is a checkpoint where every call has its output: only there can a session go on from. */
export function isConsistent({ unanswered }: Step): boolean {
  return unanswered === 0;
}

/**
 * The `fromSeq` of the `history-rewound` that goes back to the end of a step: everything from there on leaves the window. `undefined`
 * when the session can't go on from that step: there is none of that number in the window, or one of its calls has no output.
 */
export function rewindPoint(steps: readonly Step[], number: number): number | undefined {
  const step = steps.findLast((candidate) => candidate.step === number && candidate.state === "kept");
  return step && isConsistent(step) ? step.toSeq + 1 : undefined;
}
