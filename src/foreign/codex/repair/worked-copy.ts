import { Pauses } from "../../../lib/pauses.ts";
import { applyEdits } from "./apply-edits.ts";
import type { Edit } from "../plan/edit.ts";
import type { Examination } from "../examine/examination.ts";
import { examine, type ExamineOptions } from "../examine/examine.ts";
import { isOfLines } from "../findings/judge.ts";
import { bytesAt } from "../../../lib/file-bytes.ts";
import type { RepairFolder } from "./journal.ts";
import { writingOf } from "../rollout/file/layout.ts";
import { mayHoldRecords } from "../rollout/file/may-hold-records.ts";
import { layInLines } from "./lay-in-lines.ts";
import type { PlanOptions } from "../plan/plan-options.ts";
import { editsOf, rounds } from "../plan/rounds.ts";
import { PlannedEdits } from "./planned-edits.ts";
import { GatheredChanges, shownBytes } from "./repair-changes.ts";
import { SetAside } from "./set-aside.ts";

const mostPasses = 4;

/** The copy of a rollout that a repair is worked out on: what was last found in it, and what was changed. */
export class WorkedCopy {
  readonly #folder: RepairFolder;
  readonly #options: ExamineOptions;
  /** The old examination is released before the next one: not two in memory at once. */
  #found: Examination | undefined;
  #changes = new GatheredChanges();

  private constructor(folder: RepairFolder, options: ExamineOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  /** The copy in this folder (`repaired`), looked through. */
  static async of(folder: RepairFolder, options: ExamineOptions): Promise<WorkedCopy> {
    const copy = new WorkedCopy(folder, options);
    await copy.#look();
    return copy;
  }

  get found(): Examination {
    return this.#found!;
  }

  get changes(): GatheredChanges {
    return this.#changes;
  }

  /** Examines the copy anew. */
  async #look(): Promise<void> {
    this.#found = undefined;
    this.#found = await examine(this.#folder.repaired, this.#options);
  }

  /** Gives every record a line of its own, where a program has laid the file out in another way. */
  async lay(): Promise<void> {
    const { layout, bytes } = this.found;
    const writing = layout && writingOf(this.#folder.repaired);
    if (!writing) return;
    const had = bytesAt(this.#folder.repaired, 0, shownBytes);
    this.#changes.tell({ ...(await layInLines(this.#folder.repaired, bytes, writing)), had });
    await this.#look();
  }

  /**
   * Mends round by round, until nothing is left that can be mended: one damage may hide another, which is seen once the first is mended.
   */
  async mend(plan: PlanOptions): Promise<void> {
    const isMendable = isOfLines(this.found) && mayHoldRecords(this.#folder.repaired);
    const due = isMendable ? rounds : [];
    for (let pass = 0, mended = -1; pass < mostPasses && mended !== this.#changes.count; pass++) {
      mended = this.#changes.count;
      for (const round of due) if (await this.#write(editsOf(round, this.found, plan))) await this.#look();
    }
    // Still without a record, it is another program's file (a page, a picture), of which nothing but spaces would be left.
    if (!this.found.ofCodex) this.#changes = new GatheredChanges();
  }

  /** Writes the edits of one round, and sets aside what no record keeps. False when there are none. */
  async #write(edits: Iterable<Edit>): Promise<boolean> {
    const planned = new PlannedEdits(`${this.#folder.repaired}.edits`);
    const lost = new SetAside(this.#folder.setAside);
    const pauses = new Pauses();
    try {
      for (const edit of edits) {
        this.#changes.add(edit, (bytes) => bytesAt(this.#folder.repaired, edit.at, bytes));
        planned.add(edit);
        for (const piece of edit.lost ?? []) lost.add(piece);
        if (pauses.isDue) await pauses.take();
      }
      if (planned.count > 0) await applyEdits(this.#folder.repaired, planned);
      return planned.count > 0;
    } finally {
      planned.close();
      lost.close();
    }
  }
}
