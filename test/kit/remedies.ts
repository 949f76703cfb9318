// A log, a refusal of what was sent of it, and the remedy.
import { Failure } from "../../src/failure.ts";
import type { FailureClass, FailureData } from "../../src/failure/catalogue.ts";
import { climb } from "../../src/recovery/ladder.ts";
import type { ReplayContract } from "../../src/replay/contract.ts";
import { openai } from "../../src/replay/contracts/openai.ts";
import type { Projection } from "../../src/replay/project.ts";
import type { Quarantine } from "../../src/session/event.ts";
import { WrittenLog } from "../property/written-log.ts";
import { answer, call, output, prompt, reasoning } from "./items.ts";
import { here, projected as projectedFor } from "./projected.ts";

export const image = { type: "input_image", image_url: "data:image/png;base64,AAAA" };

/** Two turns: in each the user speaks, the model thinks and calls, and in the first it answers. */
export function twoTurns(more: object = {}): WrittenLog {
  const log = new WrittenLog();
  for (const turn of [1, 2]) {
    const place = { turn, step: turn, issuer: here };
    log.addItem(prompt(), { turn, step: turn, origin: "input" });
    log.addItem(reasoning(`rs_${turn}`, more), place);
    log.addItem(call(`c${turn}`), place);
    log.addItem(output(`c${turn}`), { turn, step: turn, origin: "tool" });
    if (turn === 1) log.addItem(answer("msg_1"), { ...place, step: 1.5 });
  }
  return log;
}

/** As it goes to the model `m`. */
export const projected = (
  log: WrittenLog,
  contract: ReplayContract,
  quarantines: readonly Quarantine[] = [],
): Projection => projectedFor(log, contract, quarantines, "m");

/** What the ladder says of this refusal, behind what was set aside before. */
export function remedy<C extends FailureClass>(
  failureClass: C,
  data: FailureData[C],
  { log = twoTurns(), contract = openai, before = [] as Quarantine[] } = {},
): Quarantine | undefined {
  const failure = new Failure<FailureClass>(failureClass, "refused", data);
  return climb(failure, projected(log, contract, before), { upTo: log.history.lastSeq, climbed: before });
}
