import type { Key } from "ink";
import type { Edit } from "./editor.ts";

/** What a key asks for: an edit of the draft, or an action whose effect depends on the state of the desk. */
export type Command =
  | { kind: "edit"; edit: Edit }
  | { kind: "submit" }
  /** Text that came with its Enter in one piece: typed fast, or sent by a program. */
  | { kind: "type-and-submit"; text: string }
  | { kind: "newline" | "escape" | "interrupt" | "quit-if-empty" | "complete" | "up" | "down" };

/** Ctrl-Z: handled by the screen, in any state. */
export interface Suspend {
  kind: "suspend";
}

/**
 * The commands of what the terminal sent, as Ink's `useInput` gives it: one key, or, where keys came faster than they were read, text with
 * control characters in it. Keys without a meaning are left out.
 */
export function readKeys(input: string, key: Key): (Command | Suspend)[] {
  const isOne = input.length <= 1 || key.ctrl || key.meta || key.return;
  if (isOne) return [readKey(input, key)].filter((command) => command !== undefined);
  return input
    .split(/[\n\r]./su.test(input) ? beside : besideTabsToo)
    .map((part) => (part.length === 1 && part < " " ? single(part) : typed(part)))
    .filter((command) => command !== undefined);
}

// Splits before and after each control character. A tab counts as a key, unless the text has several lines: then it was pasted.
const beside = /(?<=[\u0000-\u0008\u000b\u000c\u000e-\u001f])|(?=[\u0000-\u0008\u000b\u000c\u000e-\u001f])/u;
const besideTabsToo =
  /(?<=[\u0000-\u0009\u000b\u000c\u000e-\u001f])|(?=[\u0000-\u0009\u000b\u000c\u000e-\u001f])/u;

function single(character: string): Command | Suspend | undefined {
  if (character === "\r") return { kind: "submit" };
  if (character === "\n") return { kind: "newline" };
  if (character === "\t") return { kind: "complete" };
  return control(String.fromCharCode(character.charCodeAt(0) + 96));
}

function readKey(input: string, key: Key): Command | Suspend | undefined {
  if (key.eventType === "release") return undefined;
  if (key.return) return key.meta || key.shift ? { kind: "newline" } : { kind: "submit" };
  if (key.escape) return { kind: "escape" };
  if (key.tab) return key.shift ? undefined : { kind: "complete" };
  if (key.upArrow) return { kind: "up" };
  if (key.downArrow) return { kind: "down" };
  const far = key.ctrl || key.meta;
  if (key.leftArrow) return editing(far ? "word-left" : "left");
  if (key.rightArrow) return editing(far ? "word-right" : "right");
  if (key.home) return editing("home");
  if (key.end) return editing("end");
  if (key.backspace) return editing(far ? "delete-word" : "backspace");
  if (key.delete) return editing(far ? "delete-next-word" : "delete");
  if (key.ctrl) return control(input);
  if (key.meta) return alternate(input);
  return typed(input);
}

function control(letter: string): Command | Suspend | undefined {
  switch (letter) {
    case "z":
      return { kind: "suspend" };
    case "c":
      return { kind: "interrupt" };
    case "d":
      return { kind: "quit-if-empty" };
    case "p":
      return { kind: "up" };
    case "n":
      return { kind: "down" };
    case "j":
      return { kind: "newline" };
    default:
      return Object.hasOwn(controls, letter) ? editing(controls[letter]!) : undefined;
  }
}

type Plain = Exclude<Edit["do"], "insert">;

/** Ctrl with a letter, as in a shell's line editor. */
const controls: Readonly<Record<string, Plain>> = {
  a: "home",
  e: "end",
  b: "left",
  f: "right",
  w: "delete-word",
  u: "delete-to-start",
  k: "delete-to-end",
  h: "backspace",
};

function alternate(letter: string): Command | undefined {
  if (letter === "b") return editing("word-left");
  if (letter === "f") return editing("word-right");
  if (letter === "d") return editing("delete-next-word");
  return undefined;
}

function typed(input: string): Command | undefined {
  if (input === "") return undefined;
  if (input === "\n") return { kind: "newline" };
  const text = input.replace(/\r\n?/gu, "\n");
  // Without bracketed paste, pasted text also comes in one piece: a line break is taken for Enter only where it is the only one, at the end.
  const only = text.indexOf("\n") === text.length - 1;
  return only
    ? { kind: "type-and-submit", text: text.slice(0, -1) }
    : { kind: "edit", edit: { do: "insert", text } };
}

const editing = (change: Plain): Command => ({ kind: "edit", edit: { do: change } });
