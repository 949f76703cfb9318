import { describeItem } from "../../session/item.ts";
import type { Append } from "../../store.ts";

const settings = { provider: "p", model: "m", instructionsHash: "", approval: "all" } as const;
const usage = { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0, reasoningTokens: 0 };

/** The first event of a log. */
export function created(id: string): Append {
  return {
    event: { type: "session-created", id, schema: 1, version: "0", workspace: { path: "/w" }, settings },
  };
}

/** A name, which costs a log next to nothing: for tests that want many events. */
export function renamed(name: string): Append {
  return { event: { type: "session-renamed", name } };
}

/** The first event of a turn, from 1 on. */
export function turnStarted(turn: number): Append {
  return { event: { type: "turn-started", turn, source: "prompt", preview: "go" } };
}

/** An item of the first turn: JSON in UTF-8, whose header is read off it as stores' users do. */
export function itemAdded(item: Buffer): Append {
  return {
    event: {
      type: "item-added",
      turn: 1,
      step: 0,
      ...(describeItem(item) ?? { kind: "unknown" }),
      origin: "input",
    },
    item,
  };
}

/** The end of a turn with a checkpoint; `offset`: where the window begins that can still be sent, in bytes of the log. */
export function turnEnded(id: string, turn: number, offset: number): Append {
  const checkpoint = {
    id,
    offset,
    schema: 1,
    created: 0,
    workspace: { path: "/w" },
    settings,
    turn,
    step: 0,
    messages: 0,
    usage,
    amendments: [],
    quarantines: [],
    repairs: 0,
    cleared: false,
    fromSeq: 0,
    rewound: [],
    delivered: [],
    openCalls: [],
  };
  return { event: { type: "turn-ended", turn, outcome: { kind: "completed" }, checkpoint } };
}
