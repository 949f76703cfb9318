import type { Append } from "../store.ts";

/** What a new log holds: its first line, and then what it is made with. */
export async function* beginning(
  created: Append,
  more: AsyncIterable<readonly Append[]> | undefined,
): AsyncGenerator<readonly Append[]> {
  yield [created];
  if (more) yield* more;
}
