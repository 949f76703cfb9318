import type { Token, Tokens } from "marked";
import { printable } from "../../lib/printable.ts";
import { lexed, unlessTooDeep } from "./lexed.ts";
import type { Paint } from "./style.ts";
import { columnsOf, fit, padded, wrap, wrapCode, wrapKept } from "./wrap.ts";

/**
 * Lays out a model's Markdown for a terminal, in lines of at most `columns` columns. HTML stays as it was written; control sequences are
 * removed. The text may still be streaming: whatever is open at its end counts as closed there.
 */
export function markdownLines(text: string, columns: number, paint: Paint): string[] {
  const words = printable(text);
  return unlessTooDeep(() => new Layout(columns, paint).blocks(lexed(words))) ?? wrapKept(words, columns);
}

class Layout {
  readonly #columns: number;
  readonly #paint: Paint;

  constructor(columns: number, paint: Paint) {
    this.#columns = columns;
    this.#paint = paint;
  }

  /** The blocks' lines, with one blank line between blocks. */
  blocks(tokens: readonly Token[]): string[] {
    const lines: string[] = [];
    for (const token of tokens) {
      const block = this.#block(token);
      if (block.length === 0) continue;
      if (lines.length > 0) lines.push("");
      // Not `push(...block)`: a long block of code has more lines than a call can have arguments.
      for (const line of block) lines.push(line);
    }
    return lines;
  }

  #block(token: Token): string[] {
    const paint = this.#paint;
    switch (token.type) {
      case "space":
      case "def":
        return [];
      case "heading": {
        const { depth, tokens = [] } = token as Tokens.Heading;
        const mark = depth > 2 ? `${"#".repeat(depth)} ` : "";
        return wrap(paint("heading", mark + this.#inline(tokens)), this.#columns);
      }
      case "code": {
        const { text } = token as Tokens.Code;
        return text
          .split("\n")
          .flatMap((line) => wrapCode(paint("code", line), this.#columns, { first: "  " }));
      }
      case "blockquote": {
        const bar = paint("quiet", "│ ");
        const inner = new Layout(this.#columns - 2, paint).blocks((token as Tokens.Blockquote).tokens);
        return inner.map((line) => bar + line);
      }
      case "list":
        return this.#list(token as Tokens.List);
      case "table":
        return this.#table(token as Tokens.Table);
      case "hr":
        return [paint("quiet", "─".repeat(Math.min(24, this.#columns)))];
      default:
        return wrap(this.#inline(inlineTokens(token)), this.#columns);
    }
  }

  #list({ items, ordered, start, loose }: Tokens.List): string[] {
    const begin = typeof start === "number" ? start : 1;
    const widest = `${begin + items.length - 1}. `.length;
    return items.flatMap((item, at) => {
      const box = item.task ? (item.checked ? "[x] " : "[ ] ") : "";
      const mark = `${ordered ? `${begin + at}. `.padStart(widest) : "• "}${box}`;
      const inner = new Layout(this.#columns - mark.length, this.#paint);
      const tokens = item.tokens.filter(({ type }) => type !== "checkbox");
      const lines = loose ? inner.blocks(tokens) : tokens.flatMap((token) => inner.#block(token));
      const blank = " ".repeat(mark.length);
      const marked = (lines.length > 0 ? lines : [""]).map((line, row) =>
        ((row === 0 ? mark : blank) + line).trimEnd(),
      );
      return loose && at > 0 ? ["", ...marked] : marked;
    });
  }

  /** A table, where its columns fit; otherwise each row's cells one below the other, with their columns' names. */
  #table({ header, rows }: Tokens.Table): string[] {
    const names = header.map((cell) => this.#inline(cell.tokens));
    const cells = rows.map((row) => row.map((cell) => this.#inline(cell.tokens)));
    const widths = names.map((name, at) =>
      cells.reduce((most, row) => Math.max(most, columnsOf(row[at] ?? "")), columnsOf(name)),
    );
    const total = widths.reduce((sum, width) => sum + width + 2, -2);
    if (total > this.#columns)
      return cells.flatMap((row, at) => [
        ...(at > 0 ? [""] : []),
        ...row.flatMap((cell, column) =>
          wrap(`${this.#paint("strong", names[column] ?? "")}: ${cell}`, this.#columns, {
            first: "",
            rest: "  ",
          }),
        ),
      ]);
    const line = (row: readonly string[]): string =>
      widths
        .map((width, at) => padded(row[at] ?? "", width))
        .join("  ")
        .trimEnd();
    return [
      line(names.map((name) => this.#paint("strong", name))),
      this.#paint("quiet", fit(widths.map((width) => "─".repeat(width)).join("  "), this.#columns)),
      ...cells.map(line),
    ];
  }

  #inline(tokens: readonly Token[]): string {
    return tokens.map((token) => this.#span(token)).join("");
  }

  #span(token: Token): string {
    const paint = this.#paint;
    switch (token.type) {
      case "strong":
        return paint("strong", this.#inline(inlineTokens(token)));
      case "em":
        return paint("emphasis", this.#inline(inlineTokens(token)));
      case "del":
        return paint("struck", this.#inline(inlineTokens(token)));
      case "codespan":
        return paint("code", (token as Tokens.Codespan).text);
      case "br":
        return "\n";
      case "link":
      case "image": {
        const { href, text } = token as Tokens.Link | Tokens.Image;
        const words = token.type === "link" ? this.#inline(inlineTokens(token)) : text;
        return words === href || href === "" ? words : `${words} ${paint("quiet", `(${href})`)}`;
      }
      default:
        return "tokens" in token && token.tokens ? this.#inline(token.tokens) : rawText(token);
    }
  }
}

/** The tokens within a token; the token's own text where there are none. */
function inlineTokens(token: Token): readonly Token[] {
  return "tokens" in token && token.tokens !== undefined && token.tokens.length > 0
    ? token.tokens
    : [{ type: "text", raw: token.raw, text: rawText(token) }];
}

function rawText(token: Token): string {
  const text = "text" in token && typeof token.text === "string" ? token.text : token.raw;
  return text.replace(/\n+$/u, "");
}
