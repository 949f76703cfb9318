/** What a projection keeps of each item, as growing typed arrays. A snapshot may share the flags array (`share`) without copying it. */
export class Columns {
  #flags = new Uint16Array(64);
  #rule = new Uint8Array(64);
  /** The first so many flags are shared with a snapshot: changing one of them copies the array first. */
  #shared = 0;

  flags(index: number): number {
    return this.#flags[index]!;
  }

  setFlags(index: number, flags: number): void {
    if (index < this.#shared) {
      this.#flags = this.#flags.slice();
      this.#shared = 0;
    }
    this.#flags[index] = flags;
  }

  /** One more than the number of the rule by which an item is left out; 0 for none. */
  rule(index: number): number {
    return this.#rule[index]!;
  }

  setRule(index: number, rule: number): void {
    this.#rule[index] = rule;
  }

  /** The flags of the first `count` items, unaffected by later changes; copied only if one of them changes. */
  share(count: number): Uint16Array {
    this.#shared = count;
    return this.#flags;
  }

  reserve(count: number): void {
    if (count <= this.#flags.length) return;
    const size = this.#flags.length * 2;
    const [flags, rule] = [new Uint16Array(size), new Uint8Array(size)];
    flags.set(this.#flags);
    rule.set(this.#rule);
    [this.#flags, this.#rule] = [flags, rule];
    this.#shared = 0;
  }
}
