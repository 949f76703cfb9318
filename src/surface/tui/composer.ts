import { type Draft, draftOf, edit, emptyDraft, isOnFirstLine, isOnLastLine } from "./editor.ts";
import type { Command } from "./keys.ts";
import { type Completion, completions } from "./slash.ts";

/** The state of the input line: the draft, earlier messages to go back to, and the chosen completion. */
export interface Composer {
  readonly draft: Draft;
  /** Earlier messages, oldest first. */
  readonly past: readonly string[];
  /** The index of the earlier message that is shown; `typed` then keeps what was being typed. */
  readonly at?: number;
  readonly typed?: Draft;
  /** Which completion is chosen. */
  readonly chosen: number;
  /** The draft for which the completions were closed with Esc. */
  readonly closed?: string;
}

/** What a key asks of the conversation, beyond changing the input line. */
export type Act = { act: "submit"; text: string } | { act: "escape" | "interrupt" | "quit" };

export const emptyComposer: Composer = { draft: emptyDraft, past: [], chosen: 0 };

/** How many earlier messages are kept. */
const mostPast = 200;

export function choices({ draft, closed, at }: Composer): Completion[] {
  if (at !== undefined || closed === draft.text || draft.cursor !== draft.text.length) return [];
  const found = completions(draft.text);
  // A draft that is already the only completion needs none.
  return found.length === 1 && found[0]?.line.trimEnd() === draft.text.trimEnd() ? [] : found;
}

/** The composer after a key, and what the key asks of the conversation. */
export function press(composer: Composer, command: Command): { composer: Composer; act?: Act } {
  const { draft } = composer;
  const found = choices(composer);
  const choice = found[Math.min(composer.chosen, found.length - 1)];
  switch (command.kind) {
    case "edit":
      return { composer: changed(composer, edit(draft, command.edit)) };
    case "newline":
      // Enter that was pressed before the screen was there comes as a line break; no message begins with one.
      if (draft.text === "") return { composer };
      return { composer: changed(composer, edit(draft, { do: "insert", text: "\n" })) };
    case "submit":
      // A backslash before Enter makes a line break, for terminals in which Alt-Enter can't be told from Enter.
      if (draft.text[draft.cursor - 1] === "\\") {
        const without = edit(draft, { do: "backspace" });
        return { composer: changed(composer, edit(without, { do: "insert", text: "\n" })) };
      }
      if (choice && choice.line.trimEnd() !== draft.text.trimEnd()) {
        const completed = changed(composer, draftOf(choice.line));
        return choice.line.endsWith(" ") ? { composer: completed } : submitted(completed);
      }
      return submitted(composer);
    case "complete":
      return { composer: choice ? changed(composer, draftOf(choice.line)) : composer };
    case "up":
      if (found.length > 0) return { composer: chose(composer, found.length, -1) };
      if (!isOnFirstLine(draft)) return { composer: { ...composer, draft: edit(draft, { do: "up" }) } };
      return { composer: recalled(composer, -1) };
    case "down":
      if (found.length > 0) return { composer: chose(composer, found.length, 1) };
      if (!isOnLastLine(draft)) return { composer: { ...composer, draft: edit(draft, { do: "down" }) } };
      return { composer: recalled(composer, 1) };
    case "escape":
      return found.length > 0
        ? { composer: { ...composer, closed: draft.text } }
        : { composer, act: { act: "escape" } };
    case "interrupt":
      return draft.text === ""
        ? { composer, act: { act: "interrupt" } }
        : { composer: changed(withDraft(composer), emptyDraft) };
    case "quit-if-empty":
      return draft.text === ""
        ? { composer, act: { act: "quit" } }
        : { composer: changed(composer, edit(draft, { do: "delete" })) };
  }
}

/** Puts a message that could not be sent back into the draft, before what has been typed since. */
export function returned(composer: Composer, text: string): Composer {
  const { draft } = composer;
  return changed(composer, draftOf(draft.text === "" ? text : `${text}\n${draft.text}`));
}

/** Adds a message to those that can be gone back to. */
export const remembered = (composer: Composer, text: string): Composer => ({
  ...composer,
  past: [...composer.past, text].slice(-mostPast),
});

function changed({ past }: Composer, draft: Draft): Composer {
  return { draft, past, chosen: 0 };
}

function submitted(composer: Composer): { composer: Composer; act: Act } {
  const { text } = composer.draft;
  return { composer: changed(withDraft(composer), emptyDraft), act: { act: "submit", text } };
}

/** The composer with the draft among the messages that can be gone back to. */
function withDraft(composer: Composer): Composer {
  const { text } = composer.draft;
  return text.trim() !== "" && composer.past.at(-1) !== text ? remembered(composer, text) : composer;
}

const chose = (composer: Composer, count: number, by: number): Composer => ({
  ...composer,
  chosen: (Math.min(composer.chosen, count - 1) + by + count) % count,
});

function recalled(composer: Composer, by: number): Composer {
  const { past, at, typed, draft, chosen } = composer;
  const next = (at ?? past.length) + by;
  if (next < 0 || (at === undefined && by > 0)) return composer;
  const message = past[next];
  if (message === undefined) return { draft: typed ?? emptyDraft, past, chosen };
  return { draft: draftOf(message), past, chosen, at: next, typed: typed ?? draft };
}
