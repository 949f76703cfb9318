/** What stands between the beginnings of two turns. */
interface Turn {
  isAsked: boolean;
  /** Which compactions of the rollout happened in it, counted from 0. */
  readonly compactions: number[];
}

/**
 * The turns of a thread that no rollback has taken back, each with the compactions in it. When a turn is taken back, what its compactions
 * replaced counts again, as in codex-rs (`rollout_reconstruction`, from 0.115 on; 0.169 measured, 2026-11). A compaction that the person
 * asks for is a turn of its own, in which nothing was asked.
 */
export class TurnStack {
  /** What stands before the first beginning counts as one turn (0.169 too): up to 0.98 no line says where one begins. */
  #turns: Turn[] = [{ isAsked: false, compactions: [] }];

  begin(): void {
    this.#turns.push({ isAsked: false, compactions: [] });
  }

  /** Something was asked that a rollback counts. */
  ask(): void {
    const last = this.#turns.at(-1);
    if (last) last.isAsked = true;
  }

  compact(nth: number): void {
    this.#turns.at(-1)?.compactions.push(nth);
  }

  /**
   * Takes back the last `count` turns in which something was asked, with everything after the first of them. Returns the compactions that
   * go with them.
   */
  takeBack(count: number): number[] {
    const gone: number[] = [];
    for (let left = count; left > 0 && this.#turns.length > 0;) {
      const { isAsked, compactions } = this.#turns.pop()!;
      gone.push(...compactions);
      if (isAsked) left--;
    }
    return gone;
  }
}
