import type { Step, Turn } from "./scenario.ts";

/**
 * The script for prompts that no scenario speaks of. Lines that begin with `run:` are commands, run one after the other; `patch:` takes
 * the rest of the prompt as a patch; `call: NAME {…}` calls any tool; anything else is answered at once.
 */
export function builtInTurn(prompt: string): Turn {
  const steps = [...actions(prompt)];
  const first = steps[0];
  if (first === undefined) {
    return turn([
      step({
        reason: "The person said something that holds no command, so a plain answer is enough.",
        say: "This is Throughline's simulator; no model is behind it. You said: {{prompt}}\nTry `run: ls`.",
      }),
    ]);
  }
  const report = step({
    reason: "The tools have answered; the last output holds what the person wants to know.",
    say: "The last tool ended with exit status {{exit_code}}; its last line: {{last_line}}",
  });
  return turn([
    { ...first, reason: "The person asks for something that the tools can do." },
    ...steps.slice(1),
    report,
  ]);
}

function* actions(prompt: string): Generator<Step> {
  const patchAt = /^patch:/mu.exec(prompt);
  const before = patchAt ? prompt.slice(0, patchAt.index) : prompt;
  for (const line of before.split("\n")) {
    const [, verb, rest] = /^\s*(run|call):\s*(.+)$/u.exec(line) ?? [];
    if (verb === "run" && rest !== undefined) yield step({ call: [{ shell: rest }] });
    if (verb === "call" && rest !== undefined) {
      const [, tool = rest, input] = /^(\S+)\s+(.+)$/u.exec(rest) ?? [];
      yield step({ call: [{ tool, ...(input !== undefined && { input }) }] });
    }
  }
  if (patchAt) yield step({ call: [{ patch: prompt.slice(patchAt.index + "patch:".length).trim() }] });
}

function step(given: Partial<Step>): Step {
  return { call: [], next: [], ...given };
}

function turn(steps: Step[]): Turn {
  return { step: steps };
}
