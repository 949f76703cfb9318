import { expect, test } from "vitest";
import { isSummaryText } from "../payload/compaction.ts";
import { changes, event, header, history, line, turn } from "../../../../../test/kit/thread-lines.ts";
import { ThreadFold } from "./thread.ts";

test("rollbacks count what earlier ones and compactions have left", () => {
  const compacted = line("compacted", {
    message: "",
    replacement_history: [
      { type: "message", role: "user", content: [{ type: "input_text", text: "one" }] },
      { type: "compaction", encrypted_content: "gAAAA" },
    ],
  });
  const lines = [header("a"), ...turn("one"), ...turn("two"), compacted, ...turn("three")];
  const one = event("thread_rolled_back", { num_turns: 1 });
  expect(history([...lines, one])).toEqual(["one", ""]);
  expect(history([...lines, one, ...turn("four"), one])).toEqual(["one", ""]);
  expect(history([...lines, one, one])).toEqual([]);
});

test("a compaction without a replacement keeps the person's words and its summary", () => {
  const left = history([header("a"), ...turn("one"), line("compacted", { message: "they said one" })]);
  expect(left[0]).toBe("one");
  expect(left).toHaveLength(2);
  expect(isSummaryText(left[1]!)).toBe(true);
  expect(left[1]).toMatch(/\nthey said one$/u);
});

test.each([
  ["stays where it came without the words that begin one, as up to 0.58", "", 4],
  [
    "goes where it has them",
    "Another language model started to solve this problem and produced a summary of its thinking process.\n",
    3,
  ],
])("behind a compaction without a replacement an earlier summary %s", (_what, words, length) => {
  const lines = [
    header("a"),
    ...turn("one"),
    line("compacted", { message: `${words}they said one` }),
    ...turn("two"),
    line("compacted", { message: `${words}they said two` }),
  ];
  const left = history(lines);
  expect(left).toHaveLength(length);
  expect(left.map((text) => text.slice(text.lastIndexOf("\n") + 1))).toEqual(
    ["one", "they said one", "two", "they said two"].filter(
      (text) => length === 4 || text !== "they said one",
    ),
  );
  // The same behind a history that a session has taken over before.
  const asked = history(lines.slice(0, -1)).filter((text) => !text.startsWith("answer"));
  expect(changes(lines.slice(-1), new ThreadFold(asked))).toMatchObject([
    { do: "replace", items: { length } },
  ]);
});

test("an image that was asked with leaves nothing beside a summary, as in Codex, which framed it", () => {
  const asked = (...parts: object[]): string =>
    line("response_item", { type: "message", role: "user", content: parts });
  const text = (words: string): object => ({ type: "input_text", text: words });
  const image = [
    text("<image name=[Image #1]>"),
    { type: "input_image", image_url: "data:image/png;base64,AA" },
    text("</image>"),
  ];
  const left = history([
    header("a"),
    asked(text("what is this?"), ...image),
    asked(...image),
    line("compacted", { message: "s" }),
  ]);
  expect(left.slice(0, -1)).toEqual(["what is this?"]);
});

test("of very long words the last ones are kept beside a summary", () => {
  const long = (mark: string): string => mark.repeat(60_000);
  const left = history([
    header("a"),
    ...turn(long("a")),
    ...turn(long("b")),
    line("compacted", { message: "s" }),
  ]);
  expect(left[1]).toBe(long("b"));
  expect(left[0]!.length).toBeLessThan(21_000);
});

test("a compaction without the text that Codex always writes is passed over, as Codex does", () => {
  const kept = [{ type: "message", role: "user", content: [{ type: "input_text", text: "kept" }] }];
  const lines = [header("a"), ...turn("one")];
  for (const message of [{}, { message: null }, { message: 5 }])
    expect(history([...lines, line("compacted", { ...message, replacement_history: kept })])).toEqual(
      history(lines),
    );
  expect(history([...lines, line("compacted", { message: "", replacement_history: kept })])).toEqual([
    "kept",
  ]);
});
