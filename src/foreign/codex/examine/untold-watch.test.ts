import { expect, it } from "vitest";
import type { RolloutLine } from "../rollout/lines.ts";
import { UntoldWatch } from "./untold-watch.ts";

const line: RolloutLine = {
  index: 0,
  offset: 0,
  length: 4,
  bytes: Buffer.alloc(4),
  ending: "\n",
  whole: true,
};

/** A watch that saw these answers, each behind a blank line of its own. */
function watchOf(ids: readonly string[]): UntoldWatch {
  const watch = new UntoldWatch();
  for (const [nth, id] of ids.entries()) {
    const index = 2 * nth;
    watch.hole({ index, at: 10 * index, bytes: 4, ordinal: index });
    const turn = { internal_chat_message_metadata_passthrough: { turn_id: "turn" } };
    watch.answered({ id, ...turn }, { ...line, index: index + 1, offset: 10 * index + 5 });
  }
  return watch;
}
const found = (watch: UntoldWatch): number[] => watch.items.map(({ hole }) => hole.index);

it("an answer whose event comes late is taken back, and no other one, however often it is told", () => {
  const watch = watchOf(["one", "two", "three"]);
  expect(found(watch)).toEqual([0, 2, 4]);
  for (const id of ["two", "another", undefined, "two"]) watch.answerTold(id);
  expect(found(watch)).toEqual([0, 4]);
});

it("only the answer that was seen last is a summary", () => {
  const watch = watchOf(["one", "two"]);
  watch.summarised();
  watch.summarised();
  expect(found(watch)).toEqual([0]);
});
