import { styleText } from "node:util";

/** What a piece of text means; `looks` says how that is drawn. */
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

/** Styles text by its tone. Without colour it returns the text as it is, so nothing may be told by style alone. */
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
  // Whether to colour (NO_COLOR included) was decided when the terminal was opened, so styleText needn't check a stream.
  return colour
    ? (tone, text) => (text === "" ? "" : styleText(looks[tone], text, { validateStream: false }))
    : (_tone, text) => text;
}
