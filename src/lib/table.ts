/**
 * The table's entry for a word from outside, which may be a name that every object has (`toString`, `constructor`); `undefined` where there
 * is none.
 */
export function entryOf<T>(table: Readonly<Record<string, T>>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}
