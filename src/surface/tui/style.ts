import { styleText } from "node:util";

/** What a piece of text is, not how it looks. */
export type Tone =
  | "strong"
  | "emphasis"
  | "struck"
  | "quiet"
  | "accent"
  | "heading"
  | "code"
  | "good"
  | "warning"
  | "bad"
  | "added"
  | "removed";

/** Gives text the look of its tone; without colour it leaves it as it is, so nothing may be told by the look alone. */
export type Paint = (tone: Tone, text: string) => string;

const looks: Readonly<Record<Tone, Parameters<typeof styleText>[0]>> = {
  strong: "bold",
  emphasis: "italic",
  struck: "strikethrough",
  quiet: "dim",
  accent: "cyan",
  heading: ["bold", "cyan"],
  code: "cyan",
  good: "green",
  warning: "yellow",
  bad: "red",
  added: "green",
  removed: "red",
};

export function painter(colour: boolean): Paint {
  // The screen was looked at when the terminal was opened (NO_COLOR included).
  return colour
    ? (tone, text) => (text === "" ? "" : styleText(looks[tone], text, { validateStream: false }))
    : (_tone, text) => text;
}
