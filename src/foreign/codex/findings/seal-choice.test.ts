import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { sealed } from "../../../../test/kit/examined.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { examine } from "../examine/examine.ts";
import { chosenSeals, type SealChoice } from "./seal-choice.ts";

const root = temporaryFolder();

const now = Date.parse("2026-11-22");
const [hour, day] = [3_600_000, 86_400_000];
const timestamp = new Date(now).toISOString();

const reasoning = (id: string, blob: string): object => ({
  type: "response_item",
  payload: { type: "reasoning", id, summary: [], encrypted_content: blob },
});
const summary = {
  type: "compacted",
  payload: {
    message: "",
    replacement_history: [{ type: "compaction", encrypted_content: sealed(now - 10 * day, 3) }],
  },
};

/** The line numbers of what a choice means, of a file whose last turn ended with this error. */
async function chosen(choice: SealChoice, error = "stream disconnected"): Promise<number[]> {
  const path = join(root, "rollout-2026-11-20T20-58-19-01a1fac2-0000-7000-8000-000000000000.jsonl");
  const payload = {
    id: "01a1fac2-0000-7000-8000-000000000000",
    timestamp,
    cwd: "/w",
    cli_version: "0.169.0",
  };
  const lines = [
    { type: "session_meta", payload },
    reasoning("rs_old", sealed(now - 30 * day, 1)),
    reasoning("rs_young", sealed(now - hour, 2)),
    summary,
    reasoning("rs_last", sealed(now - hour, 4)),
    reasoning("rs_cut", `${sealed(now - hour, 5).slice(0, 90)}…`),
    { type: "event_msg", payload: { type: "error", message: error } },
  ];
  writeFileSync(path, lines.map((line) => `${JSON.stringify({ timestamp, ...line })}\n`).join(""));
  return chosenSeals(await examine(path), choice, now).map(({ index }) => index + 1);
}

it.each<[string, SealChoice, number[]]>([
  ["nothing", { which: "none" }, []],
  ["all", { which: "all" }, [2, 3, 4, 5, 6]],
  ["what is older, and what is cut", { which: "older", than: 20 * day }, [2, 6]],
  [
    "an old summary, and all that its history held before it",
    { which: "older", than: 10 * day },
    [2, 3, 4, 6],
  ],
  ["only what is cut, where nothing is that old", { which: "older", than: 40 * day }, [6]],
  ["what an error names by its id", { which: "named", id: "rs_last" }, [5, 6]],
  ["what an error names by its end", { which: "named", tail: sealed(now - hour, 2).slice(-6) }, [3, 6]],
  [
    "a summary that is named so, and what is before it",
    { which: "named", tail: sealed(now, 3).slice(-6) },
    [2, 3, 4, 6],
  ],
  ["nothing of what an error names nothing of", { which: "named" }, [6]],
  ["what is cut, where the last turn wasn't refused for what is sealed", { which: "dead" }, [6]],
])("a repair can take out %s", async (_what, choice, lines) => {
  expect(await chosen(choice)).toEqual(lines);
});

it("a repair takes out all that is sealed where the last turn was refused for it", async () => {
  const error =
    "The encrypted content gAAA...x1Q= could not be verified. Reason: Encrypted content could not be decrypted or parsed.";
  expect(await chosen({ which: "dead" }, error)).toEqual([2, 3, 4, 5, 6]);
});
