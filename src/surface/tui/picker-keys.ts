import type { Key } from "ink";
import type { Press } from "./keys.ts";
import type { PickerAction, PickerState } from "./picker-state.ts";

/** What a key can ask for: an action of the picker's own state, or something to be done to a session. */
export type PickerCommand =
  | PickerAction
  | {
      kind:
        | "pick"
        | "leave"
        | "interrupt"
        | "everywhere"
        | "codex"
        | "search"
        | "fork"
        | "archive"
        | "delete";
    }
  | { kind: "rename"; name: string };

/**
 * The command of a key as Ink's `useInput` gives it: "suspend" is for the screen, everything else for the model; `undefined` for keys
 * without a meaning.
 */
export function pickerKey(
  { input, key }: Press,
  { asking, busy }: PickerState,
): PickerCommand | { kind: "suspend" } | undefined {
  if (key.eventType === "release") return undefined;
  if (key.ctrl && input === "c") return { kind: "interrupt" };
  if (key.ctrl && input === "z") return { kind: "suspend" };
  if (asking?.kind === "delete")
    return input.toLowerCase() === "y" ? { kind: "delete" } : { kind: "ask", asking: undefined };
  if (key.escape) return asking ? { kind: "ask", asking: undefined } : { kind: "leave" };
  if (asking && key.return) return { kind: "rename", name: asking.text };
  const edit = editing(input, key);
  if (asking || edit) return edit;
  const move = moving(input, key);
  if (move) return move;
  // These change sessions that the operation under way may be looking at, so they wait for its end.
  return busy === undefined ? acting(input, key) : undefined;
}

function editing(input: string, key: Key): PickerAction | undefined {
  // The cursor is always at the end, with nothing after it, so Delete does what Backspace does.
  if (key.backspace || key.delete) return { kind: "erase", what: key.meta ? "word" : "character" };
  if (key.ctrl && input === "u") return { kind: "erase", what: "all" };
  if (key.ctrl && input === "w") return { kind: "erase", what: "word" };
  if (key.ctrl || key.meta || key.tab || key.return || key.escape) return undefined;
  const text = input.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ");
  return text === "" ? undefined : { kind: "type", text };
}

function moving(input: string, key: Key): PickerAction | undefined {
  if (key.upArrow || (key.ctrl && input === "p")) return { kind: "move", by: -1 };
  if (key.downArrow || (key.ctrl && input === "n")) return { kind: "move", by: 1 };
  if (key.pageUp) return { kind: "move", by: "page-up" };
  if (key.pageDown) return { kind: "move", by: "page-down" };
  if (key.home) return { kind: "move", by: "first" };
  if (key.end) return { kind: "move", by: "last" };
  return undefined;
}

function acting(input: string, key: Key): PickerCommand | undefined {
  if (key.return) return { kind: "pick" };
  if (key.tab) return { kind: "everywhere" };
  if (!key.ctrl) return undefined;
  switch (input) {
    case "f":
      return { kind: "search" };
    case "g":
      return { kind: "codex" };
    case "r":
      return { kind: "ask", asking: { kind: "name", text: "" } };
    case "x":
      return { kind: "archive" };
    case "o":
      return { kind: "fork" };
    case "d":
      return { kind: "ask", asking: { kind: "delete" } };
    default:
      return undefined;
  }
}
