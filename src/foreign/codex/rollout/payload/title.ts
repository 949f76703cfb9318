import { printableLine } from "../../../../lib/printable.ts";

/** The prompt follows this heading where an editor or the desktop app has put before it what is open there. */
export const requestHead = "## My request for Codex:";
/** The desktop app's form of that heading since 0.150, after headings (`# Files mentioned by the user:`) or tags of its own. */
const laterHead = /^\s*(?:(?:#|<)[^]*?\n)?## My request:/u;
/** What the app tells of itself before a prompt without such a heading. */
const ambient = /^\s*<(in-app-browser-context|appshot)\b[^>]*>[^]*?<\/\1>/u;
/** What was said to a session by voice, or given to it by another one of the app. */
const handedOn =
  /^\s*<(?:realtime|codex)_delegation>\s*(?:<source_thread_id>[^<]*<\/source_thread_id>\s*)?<input>([^]*?)<\/input>/u;
const entities: Readonly<Record<string, string>> = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };

/** What a person pinned to a page or to a diff in the desktop app, with where each note is (since 2026-04): often nothing else is asked. */
const pinned = /^\s*(?:# [^]*?\n)?# (?:Browser|Diff) comments:\s*\n/u;
/** A note's words follow this. */
const noteHead = /^(?:Comment|Requested changes):\s*/mu;
const noteEnd = /\n\s*(?:# |## |<in-app-browser-context\b)/u;
/** What the app says of the pictures after a prompt. */
const pictured =
  /The next image (?:is untrusted page evidence|shows|was attached by the user)[^\n]* Comment \d+\.[^]*/u;

/** Characters of a title, at most. */
const longestTitle = 200;

/** The first line of what a prompt asks, for lists: no words of an editor, no frames of images; `undefined` where it has no words. */
export function titleOf(prompt: string): string | undefined {
  const words = (pinned.test(prompt) ? askedOfPinned(prompt) : askedOf(prompt))
    .slice(0, 8 * longestTitle)
    .replaceAll(/<\/?image\b[^>]*>/gu, "");
  const line = printableLine(words, longestTitle);
  return line || printableLine(prompt.slice(0, 4 * longestTitle), longestTitle) || undefined;
}

function askedOf(prompt: string): string {
  const at = prompt.indexOf(requestHead);
  if (at >= 0) return prompt.slice(at + requestHead.length);
  const said = handedOn.exec(prompt)?.[1];
  if (said !== undefined) return said.replaceAll(/&(?:lt|gt|amp);/gu, (entity) => entities[entity] ?? entity);
  return prompt.replace(laterHead, "").replace(ambient, "");
}

/** What is asked beside the notes, or what the first of them says. */
function askedOfPinned(prompt: string): string {
  const asked = askedOf(prompt).replace(pictured, "");
  if (asked.trim() !== "" && !pinned.test(asked)) return asked;
  const head = noteHead.exec(prompt);
  return head ? prompt.slice(head.index + head[0].length).split(noteEnd, 1)[0]! : "";
}
