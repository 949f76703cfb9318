import { closeSync, openSync } from "node:fs";
import type { Edit } from "./edit.ts";
import { EditedFile } from "./edited-file.ts";
import type { Examination } from "../examine/examination.ts";
import type { PlanOptions } from "./plan-options.ts";
import { LinesPlanner } from "./lines-planner.ts";
import { PairPlanner } from "./pair-planner.ts";
import { OrdinalsPlanner } from "./ordinals-planner.ts";
import { pinned, PinnedPlanner } from "./pinned-planner.ts";
import { RefusedPlanner } from "./refused-planner.ts";
import { ToldPlanner } from "./told-planner.ts";
import { UnreadPlanner } from "./unread-planner.ts";

function plannersOf(found: Examination, options: PlanOptions, file: EditedFile) {
  return {
    lines: new LinesPlanner(found, options, file),
    told: new ToldPlanner(found, file),
    pairs: new PairPlanner(found, options, file),
    refused: new RefusedPlanner(found, options, file),
    ordinals: new OrdinalsPlanner(found, options, file),
    pin: new PinnedPlanner(found, options, file),
    unread: new UnreadPlanner(found, file),
  };
}

/** Which edits are made at once. */
export type Round = (planners: ReturnType<typeof plannersOf>) => readonly Iterable<Edit>[];

/** The rounds of a repair. Each is planned on the file as the one before has left it. */
export const rounds: readonly Round[] = [
  ({ lines, refused }) => [
    lines.head(),
    lines.badLines(),
    // Now: later the lines that can't be read are gone.
    refused.unreasonedIds(),
    lines.times(),
    lines.tail(),
  ],
  ({ unread }) => [unread.mended()],
  ({ ordinals }) => [ordinals.restored()],
  // The order of what is put in at the same place: outputs after their calls, then messages, then calls before their outputs.
  ({ told, pairs, refused }) => [
    refused.blanked(),
    refused.ids(),
    refused.plainReasoning(),
    refused.injected(),
    pairs.exchanged(),
    pairs.renamed(),
    pairs.renumbered(),
    pairs.lost(),
    pairs.outputs(),
    told.messages(),
    pairs.calls(),
    told.events(),
  ],
  ({ refused }) => [refused.loneReasoning()],
  ({ refused }) => [refused.invalidIds()],
  ({ pin }) => [pin.stretched(), pin.shrunk()],
  ({ ordinals }) => [ordinals.renumbered()],
];

/** The edits of a round, planned one after the other, so that only one planner's data is in memory. */
export function* editsOf(round: Round, found: Examination, options: PlanOptions): Generator<Edit, undefined> {
  const fd = openSync(found.path, "r");
  try {
    const file = new EditedFile(fd, found.bytes);
    const edits = function* (): Generator<Edit, undefined> {
      const planners = plannersOf(found, options, file);
      for (const planned of round(planners))
        for (const edit of planned) if (options.only === undefined || options.only.has(edit.kind)) yield edit;
      return undefined;
    };
    yield* options.pin ? pinned(edits, found, options.pin) : edits();
    return undefined;
  } finally {
    closeSync(fd);
  }
}
