import type { Key } from "ink";
import type { Edit } from "./editor.ts";

/** What a key asks for: an edit of the draft, or an action whose effect depends on the state of the desk. */
export type Command =
  | { kind: "edit"; edit: Edit }
  | { kind: "submit" | "newline" | "escape" | "interrupt" | "quit-if-empty" | "complete" | "up" | "down" };

/** Ctrl-Z: handled by the screen, in any state. */
export interface Suspend {
  kind: "suspend";
}

/** A key, or text, as Ink's `useInput` gives it. */
export interface Press {
  readonly input: string;
  readonly key: Key;
}

/**
 * What the terminal sent, key by key. Where it came in one piece (typed fast, sent by a program, or pasted without bracketed paste), text stays
 * together, and each control character in it is the key that sends it. Text of several lines was pasted: its line breaks and tabs belong to it.
 */
export function keysIn(input: string, key: Key): Press[] {
  if (input.length <= 1 || key.ctrl || key.meta || key.return)
    return [input === "\n" && !key.return ? { input: "j", key: { ...key, ctrl: true } } : { input, key }];
  const text = input.replace(/\r\n?/gu, "\n");
  const isPasted = /\n./su.test(text);
  return text
    .split(isPasted ? besideKeys : besideKeysAndBreaks)
    .filter((piece) => piece !== "")
    .map((piece) =>
      piece.length === 1 && control.test(piece) ? pressed(piece, key) : { input: piece, key },
    );
}

const control = /[\u0000-\u001f\u007f]/u;
// Both split before and after each control character, but for a tab and a line break in the first.
const besideKeys = /(?<=[\u0000-\u0008\u000b-\u001f\u007f])|(?=[\u0000-\u0008\u000b-\u001f\u007f])/u;
const besideKeysAndBreaks = /(?<=[\u0000-\u001f\u007f])|(?=[\u0000-\u001f\u007f])/u;

/** The key that sends a control character. */
function pressed(character: string, key: Key): Press {
  if (character === "\n") return { input: "\r", key: { ...key, return: true } };
  if (character === "\t") return { input: character, key: { ...key, tab: true } };
  if (character === "\b" || character === "\u007f")
    return { input: character, key: { ...key, backspace: true } };
  return { input: String.fromCharCode(character.charCodeAt(0) + 0x60), key: { ...key, ctrl: true } };
}

/** The commands of what the terminal sent. Keys without a meaning are left out. */
export const readKeys = (input: string, key: Key): (Command | Suspend)[] =>
  keysIn(input, key)
    .map((press) => readKey(press))
    .filter((command) => command !== undefined);

function readKey({ input, key }: Press): Command | Suspend | undefined {
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
  if (key.ctrl) return withControl(input);
  if (key.meta) return alternate(input);
  return input === "" ? undefined : { kind: "edit", edit: { do: "insert", text: input } };
}

function withControl(letter: string): Command | Suspend | undefined {
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

const editing = (change: Plain): Command => ({ kind: "edit", edit: { do: change } });
