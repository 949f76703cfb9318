import { Failure } from "../failure.ts";
import type { NewEvent } from "../session/event.ts";
import { isConsistent, rewindPoint, type Step, Steps } from "../session/step.ts";
import type { SessionStore } from "../store.ts";

/** All steps of a session's log, those included that are not sent any more. */
export async function stepsIn(store: Pick<SessionStore, "read">, id: string): Promise<Step[]> {
  const steps = new Steps();
  await store.read(id, { record: (record) => steps.take(record) });
  return steps.all;
}

/**
 * The event that goes back to the end of a step (R12). `later`: how many steps leave the window with it, up to step `last`; they stay in the
 * log, and `fork` brings them back. Throws `usage` when the session can't go on from that step.
 */
export async function rewindTo(
  store: Pick<SessionStore, "read">,
  id: string,
  number: number,
): Promise<{ event: NewEvent; later: number; last: number }> {
  const steps = await stepsIn(store, id);
  const fromSeq = rewindPoint(steps, number);
  if (fromSeq === undefined) throw new Failure("usage", refusal(id, number, steps), {});
  const later = steps.filter((step) => step.state === "kept" && step.fromSeq >= fromSeq);
  const event = { type: "history-rewound", toStep: number, fromSeq } as const;
  return { event, later: later.length, last: later.at(-1)?.step ?? number };
}

const gone = {
  rewound: "was left behind by going back",
  compacted: "is part of a summary now",
  cleared: "was cleared and is not sent any more",
} as const;

function refusal(id: string, number: number, steps: readonly Step[]): string {
  const kept = "Nothing was changed.";
  const step = steps.findLast((candidate) => candidate.step === number);
  if (step && step.state !== "kept") {
    const other =
      step.state === "cleared"
        ? ""
        : ` A new session can begin there: throughline fork ${id} --from-step ${number}`;
    return `Step ${number} of session ${id} ${gone[step.state]}. ${kept}${other}`;
  }
  if (step && !isConsistent(step))
    return `Step ${number} of session ${id} has a call without an output, so that nothing can go on from it. ${kept} Take an earlier one: throughline show ${id}`;
  // Counted upwards through all turns; there may be more of them than a call has room for as arguments.
  const there = steps.filter(({ state }) => state === "kept");
  const [first, last] = [there[0], there.at(-1)];
  const range = first && last ? `has the steps ${first.step} to ${last.step}` : "has no step yet";
  return `Session ${id} has no step ${number}: it ${range}. ${kept} See them with: throughline show ${id} --steps 20`;
}
