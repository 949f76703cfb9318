import { slashLines } from "./slash.ts";

const keys: readonly (readonly [string, string])[] = [
  ["Enter", "sends; while the agent works, it waits until the turn is done"],
  ["Alt-Enter, \\ Enter", "a line break; pasted text may have as many as it likes"],
  ["Esc", "stops the turn, or a wait; what has finished is kept"],
  ["Ctrl-C", "clears the line (Up brings it back), stops the turn; twice leaves"],
  ["Ctrl-Z", "stops the program; fg brings it back"],
  ["Up, Down", "earlier messages; through the lines of a long one"],
  ["Tab", "completes a command"],
];

/** The rows of the help: each slash command and each key, with what it does. */
export function helpRows(): (readonly [string, string])[] {
  const lines = slashLines.map(
    ({ name, arguments: words, summary }) => [`/${name} ${words}`.trim(), summary] as const,
  );
  return [...lines, ["", ""], ...keys];
}
