/** What a table says of a word from elsewhere, which may be one that every object knows (`toString`, `constructor`); `undefined` where it says nothing. */
export function entryOf<T>(table: Readonly<Record<string, T>>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}
