import { lexer, type Token } from "marked";

/**
 * The blocks of a Markdown text. Text nested thousands deep ("> > > >" or "- - - -" that a model repeats without end) comes back as one plain
 * block: marked (18) recurses for each level and would overflow the stack.
 */
export function lexed(text: string): Token[] {
  return unlessTooDeep(() => lexer(text)) ?? [{ type: "text", raw: text, text }];
}

/** What `make` returns; `undefined` when it recursed so deep that the stack overflowed. */
export function unlessTooDeep<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
