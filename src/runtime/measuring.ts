import type { Observe, SessionUpdate } from "../turn/update.ts";
import { type Attributes, histogram, type Meter } from "./meter.ts";

// Histogram bounds: counts of calls as the conventions have them, and seconds up to a week.
const calls = [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144];
const waits = [1, 10, 60, 600, 3_600, 18_000, 86_400, 604_800];

const agent: Attributes = { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "throughline" };

/**
 * Counts what a session does as it tells it, and tells it on to `observe`: turns by how they ended, attempts, repairs by the class of failure
 * that made them necessary, waits, rotations, follow-ups; and for each turn its requests and tool calls.
 */
export function measuring(meter: Meter, observe: Observe): Observe {
  const of = instruments(meter);
  let asked = 0;
  let called = 0;

  const count = (update: SessionUpdate): void => {
    switch (update.type) {
      case "turn-started":
        [asked, called] = [0, 0];
        break;
      case "attempt-started":
        asked++;
        of.attempts.add(1, { "throughline.attempt.retry": update.attempt > 1 });
        break;
      case "tool-started":
        called++;
        break;
      case "attempt-failed": {
        const { failure, action } = update;
        of.failures.add(1, { "error.type": failure.class, "throughline.action": action });
        break;
      }
      case "repaired": {
        const about = { "error.type": update.class, "throughline.repair.rung": update.rung };
        of.repairs.add(1, about);
        of.items.add(update.count, about);
        break;
      }
      case "session-rotated":
        of.rotations.add(1);
        break;
      case "follow-up-delivered":
        of.followUps.add(1, { "throughline.follow_up.mode": update.mode });
        break;
      case "waiting":
        of.pauses.add(1);
        of.paused.record(Math.max(0, update.until - Date.now()) / 1_000);
        break;
      case "turn-ended": {
        const { outcome } = update;
        of.turns.add(1, {
          "throughline.turn.outcome": outcome.kind,
          ...("class" in outcome && { "error.type": outcome.class }),
        });
        of.requests.record(asked, agent);
        of.tools.record(called, agent);
        break;
      }
    }
  };
  return (update) => {
    count(update);
    observe(update);
  };
}

/** What is counted, and the names that it goes by. */
function instruments(meter: Meter) {
  const counter = (name: string, description: string, unit: string): ReturnType<Meter["createCounter"]> =>
    meter.createCounter(name, { description, unit });
  return {
    turns: counter("throughline.turns", "Turns that ended, by their outcome.", "{turn}"),
    attempts: counter("throughline.attempts", "Attempts of steps that were begun.", "{attempt}"),
    failures: counter(
      "throughline.attempt.failures",
      "Attempts that failed and were not repaired, by class and by what was done about them.",
      "{attempt}",
    ),
    repairs: counter("throughline.repairs", "Repairs, by the class of failure.", "{repair}"),
    items: counter("throughline.repair.items", "Items that a repair is about.", "{item}"),
    rotations: counter("throughline.rotations", "Sessions that went on in a successor.", "{session}"),
    followUps: counter("throughline.follow_ups", "Follow-ups that were delivered.", "{follow_up}"),
    pauses: counter("throughline.waits", "Waits for a limit to end.", "{wait}"),
    paused: histogram(meter, "throughline.wait.duration", {
      description: "How long a limit was to be waited for when the wait began.",
      unit: "s",
      ends: waits,
    }),
    requests: histogram(meter, "gen_ai.invoke_agent.inference_calls", {
      description: "Requests of a turn, failed ones included.",
      unit: "{call}",
      ends: calls,
    }),
    tools: histogram(meter, "gen_ai.invoke_agent.tool_calls", {
      description: "Tool calls of a turn.",
      unit: "{call}",
      ends: calls,
    }),
  };
}
