import { printableLine } from "../../lib/printable.ts";
import { counted, durationWords } from "../../lib/words.ts";
import type { View } from "./state.ts";
import type { Paint } from "./style.ts";
import { columnsOf, fit } from "./wrap.ts";

/** The status line: state, follow-ups waiting, model, context used, session. In a narrow window the least important parts are left out first. */
export function statusLine(view: View, columns: number, now: number, paint: Paint): string {
  const { session, model, context, queued } = view;
  const parts = [
    { text: view.question ? "asks you" : stateWords(view, now), weight: 0 },
    { text: queued.length > 0 ? `${counted(queued.length, "follow-up")} waiting` : "", weight: 1 },
    { text: printableLine(model, 40), weight: 3 },
    { text: context ? contextWords(context) : "", weight: 2 },
    { text: session ? printableLine(session.name ?? session.id.slice(0, 8), 40) : "new session", weight: 4 },
  ].filter(({ text }) => text !== "");
  const join = (): string => parts.map(({ text }) => text).join(" · ");
  while (parts.length > 1 && columnsOf(join()) > columns) {
    const last = Math.max(...parts.map(({ weight }) => weight));
    parts.splice(
      parts.findIndex(({ weight }) => weight === last),
      1,
    );
  }
  return paint("quiet", fit(join(), columns));
}

function stateWords({ phase, elsewhere }: View, now: number): string {
  switch (phase.kind) {
    case "resting": {
      const { stop } = phase;
      if (elsewhere !== undefined) return `${elsewhere} works in it`;
      if (!stop) return "ready";
      if (stop.kind !== "limited") return `${stop.kind}, Enter goes on`;
      if (stop.until === undefined) return "limited, Enter tries again";
      if (stop.until <= now) return "limit has reset, Enter goes on";
      return `limited, resets in ${durationWords(stop.until - now)}`;
    }
    case "working":
      return "working";
    case "waiting":
      return `limited, goes on in ${durationWords(phase.until - now)}`;
    case "stopping":
      return "stopping";
    case "commanding":
      return phase.what;
  }
}

/** "12k of 272k tokens (4%)". */
function contextWords({ tokens, window }: NonNullable<View["context"]>): string {
  if (window === undefined) return `${short(tokens)} tokens`;
  return `${short(tokens)} of ${short(window)} tokens (${Math.round((100 * tokens) / window)}%)`;
}

function short(tokens: number): string {
  return tokens < 1_000 ? String(tokens) : `${(tokens / 1_000).toFixed(tokens < 9_950 ? 1 : 0)}k`;
}
