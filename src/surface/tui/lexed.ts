import { lexer, type Token } from "marked";

/**
 * The blocks of a Markdown text. One that is nested thousands deep, as that of a model that writes "> > > >" or "- - - -" on and on, is a text
 * like any other: marked (18) descends by calls of its own, and would end the program.
 */
export function lexed(text: string): Token[] {
  return unlessTooDeep(() => lexer(text)) ?? [{ type: "text", raw: text, text }];
}

/** What is made by descending into nested blocks; `undefined` where they are deeper than the stack. */
export function unlessTooDeep<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
