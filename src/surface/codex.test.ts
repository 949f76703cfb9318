import { expect, it } from "vitest";
import type { TakenOver } from "../foreign/codex/takeover/import.ts";
import type { Thread } from "../foreign/codex/takeover/import-plan.ts";
import { takenWords } from "./codex.ts";

const thread: Thread = {
  file: {
    thread: "01a0f497",
    rollout: "01a0f497",
    made: "",
    form: "jsonl",
    path: "/pond/rollout.jsonl",
    bytes: 1,
    mtime: 0,
    archived: false,
  },
  lineage: { segments: [] },
  header: undefined,
};
const counts = { prompts: 1, answers: 1, calls: 0, outputs: 0, reasoning: 0, compactions: 0, rollbacks: 0 };
const wordsOf = (left: Record<string, number>): string =>
  takenWords(thread, {
    id: "a",
    did: "made",
    items: 2,
    counts,
    left,
    fresh: 0,
    isMended: false,
  } satisfies TakenOver);

it("lines of kinds that nobody here knows are said, for the history may go on in them", () => {
  expect(wordsOf({ rollout_reference: 1, fork_reference: 2 })).toContain(
    "; nothing is taken of lines of 2 kinds that nobody here knows: rollout_reference, fork_reference",
  );
  expect(wordsOf({ marker: 3, additional_tools: 1 })).toContain("of 1 kind that nobody here knows: marker");
});

it("what Codex itself alone has a use for is not, nor what can't be read twice", () => {
  expect(wordsOf({ ghost_snapshot: 4, additional_tools: 1, configuration_update: 1, message: 1 })).toMatch(
    /stays as it is$/u,
  );
  expect(wordsOf({ json: 2 })).toContain("2 lines could not be read");
  expect(wordsOf({ json: 2 })).not.toContain("knows");
});

it("a compressed file that can't be unpacked to its end is told as that, and is no kind of line", () => {
  const words = wordsOf({ "broken-archive": 1, json: 1 });
  expect(words).toContain(
    "can't be unpacked to its end, and what it held there is missing: throughline doctor ",
  );
  expect(words).toContain("1 line could not be read");
  expect(words).not.toContain("knows");
});
