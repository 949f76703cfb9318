import { describeItem } from "../../session/item.ts";
import type { Append } from "../../store.ts";

const settings = { provider: "p", model: "m", instructionsHash: "", approval: "all" } as const;
const usage = { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0, reasoningTokens: 0 };

export function created(id: string): Append {
  return {
    event: { type: "session-created", id, schema: 1, version: "0", workspace: { path: "/w" }, settings },
  };
}

export function renamed(name: string): Append {
  return { event: { type: "session-renamed", name } };
}

export function turnStarted(turn: number): Append {
  return { event: { type: "turn-started", turn, source: "prompt", preview: "go" } };
}

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
