// A turn of two commands, one that waits for a gate, and one that only answers.
import { type ScenarioInput, shell, step, turn } from "../../src/simulator/server.ts";
import { ranFile } from "../kit/survival.ts";

/** What a run of it may take on a busy machine, in milliseconds. */
export const atMost = 180_000;

export const scenario: ScenarioInput = {
  turn: [
    turn(
      /work/,
      step(shell(`echo one >> ${ranFile}; echo did one`), { reason: "First." }),
      step(shell(`echo two >> ${ranFile}; echo did two`), { reason: "Second." }),
      step("Worked.", { reason: "That was it." }),
    ),
    turn(
      /wait/,
      step(shell(`echo waited >> ${ranFile}; while [ ! -e gate ]; do sleep 0.05; done; echo passed`)),
      step("Waited."),
    ),
    turn(/more/, step("No more.")),
  ],
};
