import { Pauses } from "../../../lib/pauses.ts";
import { applyEdits } from "./apply-edits.ts";
import { copyPrivately } from "./copy.ts";
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

/**
 * What a repair is worked out on: what was last found in it, and what was changed. A copy of the file is made with the first change; until
 * then the file itself is read.
 */
export class WorkedCopy {
  readonly #folder: RepairFolder;
  readonly #options: ExamineOptions;
  #path: string;
  /** The old examination is released before the next one: not two in memory at once. */
  #found: Examination | undefined;
  #changes = new GatheredChanges();

  private constructor(path: string, folder: RepairFolder, options: ExamineOptions) {
    this.#path = path;
    this.#folder = folder;
    this.#options = options;
  }

  /** Looks a file through, of which the copy comes into this folder (`repaired`). */
  static async of(path: string, folder: RepairFolder, options: ExamineOptions): Promise<WorkedCopy> {
    const copy = new WorkedCopy(path, folder, options);
    await copy.#look();
    return copy;
  }

  /** Makes the copy, where nothing was changed yet. */
  async copied(): Promise<void> {
    const { repaired } = this.#folder;
    if (this.#path === repaired) return;
    await copyPrivately(this.#path, repaired);
    this.#path = repaired;
  }

  /** Of the copy; of the file itself while nothing was changed. */
  get path(): string {
    return this.#path;
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
    this.#found = await examine(this.#path, this.#options);
  }

  /** Gives every record a line of its own, where a program has laid the file out in another way. */
  async lay(): Promise<void> {
    const { layout, bytes } = this.found;
    const writing = layout && writingOf(this.#path);
    if (!writing) return;
    await this.copied();
    const had = bytesAt(this.#path, 0, shownBytes);
    this.#changes.tell({ ...(await layInLines(this.#path, bytes, writing)), had });
    await this.#look();
  }

  /**
   * Mends round by round, until nothing is left that can be mended: one damage may hide another, which is seen once the first is mended.
   */
  async mend(plan: PlanOptions): Promise<void> {
    const isMendable = isOfLines(this.found) && mayHoldRecords(this.#path);
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
        this.#changes.add(edit, (bytes) => bytesAt(this.#path, edit.at, bytes));
        planned.add(edit);
        for (const piece of edit.lost ?? []) lost.add(piece);
        if (pauses.isDue) await pauses.take();
      }
      if (planned.count === 0) return false;
      await this.copied();
      await applyEdits(this.#path, planned);
      return true;
    } finally {
      planned.close();
      lost.close();
    }
  }
}
