import { closeSync, openSync } from "node:fs";
import type { Edit } from "./edit.ts";
import { EditedFile } from "./edited-file.ts";
import type { Examination } from "../examine/examination.ts";
import type { PlanOptions } from "./plan-options.ts";
import { LinesPlanner } from "./lines-planner.ts";
import { PairPlanner } from "./pair-planner.ts";
import { OrderPlanner } from "./order-planner.ts";
import { pinned, PinnedPlanner } from "./pinned-planner.ts";
import { RefusedPlanner } from "./refused-planner.ts";
import { UnreadPlanner } from "./unread-planner.ts";

/** The edits of each round. A round is planned on the file as the one before has left it. */
export const rounds: readonly ((found: Examination, options: PlanOptions) => Iterable<Edit>)[] = [
  (found, options) =>
    withFile(found, options, ({ lines, refused }) => [
      lines.head(),
      lines.badLines(),
      // Now: later the lines that can't be read are gone.
      refused.unreasonedIds(),
      lines.times(),
      lines.tail(),
    ]),
  (found, options) => withFile(found, options, ({ unread }) => [unread.mended()]),
  (found, options) => withFile(found, options, ({ order }) => [order.restored()]),
  // The order of what is put in at the same place: outputs after their calls, then messages, then calls before their outputs.
  (found, options) =>
    withFile(found, options, ({ lines, pairs, refused }) => [
      refused.blanked(),
      refused.ids(),
      refused.plainReasoning(),
      refused.injected(),
      pairs.exchanged(),
      pairs.renamed(),
      pairs.lost(),
      pairs.outputs(),
      lines.messages(),
      pairs.calls(),
      lines.events(),
    ]),
  (found, options) => withFile(found, options, ({ refused }) => [refused.loneReasoning()]),
  (found, options) => withFile(found, options, ({ refused }) => [refused.invalidIds()]),
  (found, options) => withFile(found, options, ({ pin }) => [pin.stretched(), pin.shrunk()]),
  (found, options) => withFile(found, options, ({ lines }) => [lines.ordinals()]),
];

interface Planners {
  readonly lines: LinesPlanner;
  readonly pairs: PairPlanner;
  readonly refused: RefusedPlanner;
  readonly order: OrderPlanner;
  readonly pin: PinnedPlanner;
  readonly unread: UnreadPlanner;
}

/** Runs the planners one after the other, so that only one's data is in memory. */
function* withFile(
  found: Examination,
  options: PlanOptions,
  plan: (planners: Planners) => Iterable<Edit>[],
): Generator<Edit, undefined> {
  const fd = openSync(found.path, "r");
  try {
    const file = new EditedFile(fd, found.bytes);
    const edits = function* (): Generator<Edit, undefined> {
      const planners = {
        lines: new LinesPlanner(found, options, file),
        pairs: new PairPlanner(found, file),
        refused: new RefusedPlanner(found, options, file),
        order: new OrderPlanner(found, file),
        pin: new PinnedPlanner(found, options, file),
        unread: new UnreadPlanner(found, file),
      };
      for (const planned of plan(planners))
        for (const edit of planned) if (options.only === undefined || options.only.has(edit.kind)) yield edit;
      return undefined;
    };
    yield* options.pin ? pinned(edits, found, options.pin) : edits();
    return undefined;
  } finally {
    closeSync(fd);
  }
}
