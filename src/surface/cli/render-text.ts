import { secondsWords } from "../../lib/words.ts";
import { printable, printableLine } from "../../lib/printable.ts";
import { isCallKind } from "../../session/item.ts";
import type { ToolOutcome } from "../../tool.ts";
import type { Observe } from "../../turn/update.ts";
import { answerIn, callLine, endsTurn, outcomeWords } from "../update-words.ts";
import { countDown } from "./countdown.ts";
import type { Invocation } from "../command/command.ts";
import { updateInHome } from "../command/in-home.ts";

/** Prints for people: progress on stderr, one line for each fact; on stdout only the answer, once, when its turn is done. */
export function textRenderer(invocation: Pick<Invocation, "terminal" | "options">): Observe {
  const { terminal } = invocation;
  // What the model said last: the answer, if nothing more is said. It is told as progress where something follows on it.
  let answer = "";
  let isTold = false;
  // The calls in flight, so that an outcome can name its call where other lines stand between them.
  const calls = new Map<number, string>();
  let lastCall: number | undefined;
  let stopCounting: (() => void) | undefined;
  const line = (mark: string, text: string): void => terminal.err(`${mark} ${printableLine(text, 400)}\n`);
  const tellAnswer = (): void => {
    if (answer && !isTold) line("›", answer);
    isTold = true;
  };
  return (happened) => {
    const update = updateInHome(invocation, happened);
    stopCounting?.();
    stopCounting = undefined;
    switch (update.type) {
      case "session-opened":
        return line(
          "·",
          `session ${update.id}${update.name ? ` "${update.name}"` : ""} ${update.resumed ? "resumed" : "started"}`,
        );
      case "notice":
        return line("·", update.text);
      case "item": {
        const text = answerIn(update);
        // Before the call runs, or is asked about: it says why.
        if (text !== undefined || isCallKind(update.record.event.kind)) tellAnswer();
        if (text === undefined) return;
        answer = text;
        isTold = false;
        return;
      }
      case "tool-started": {
        const text = callLine(update.name, update.input);
        calls.set(update.callSeq, text);
        lastCall = update.callSeq;
        return line("$", text);
      }
      case "tool-ended": {
        const whose =
          lastCall === update.callSeq ? "" : ` · ${printableLine(calls.get(update.callSeq) ?? "", 60)}`;
        calls.delete(update.callSeq);
        lastCall = undefined;
        return line(" ", `${outcomeLine(update.outcome)}${whose}`);
      }
      case "silent":
        return line("·", `the provider has been silent for ${secondsWords(update.ms)}; still waiting`);
      case "attempt-failed":
        // A failure that ends the turn is told once, with the turn's outcome.
        if (endsTurn(update)) return;
        return line("!", update.notice);
      case "repaired":
        return line("+", update.notice);
      case "session-rotated":
        return line("+", `session ${update.from} goes on as ${update.to}: ${update.notice}`);
      case "follow-up-delivered":
        return line("»", update.text);
      case "waiting":
        line("…", update.notice);
        if (terminal.interactive) stopCounting = countDown(terminal, update.until);
        return;
      case "turn-ended":
        if (update.outcome.kind === "completed") terminal.out(`${printable(answer)}\n`);
        else tellAnswer();
        return;
      case "turn-started":
        answer = "";
        isTold = false;
        return;
      case "attempt-started":
      case "text-delta":
      case "reasoning-delta":
      case "tool-progress":
    }
  };
}

/** How a call ended; where no status tells why, its answer does. */
function outcomeLine(outcome: ToolOutcome): string {
  if (outcome.status === "ok" || outcome.exitCode !== undefined) return outcomeWords(outcome);
  const words = printableLine(outcome.output, 200);
  return words.toLowerCase().startsWith(outcome.status) ? words : `${outcome.status}: ${words}`;
}
