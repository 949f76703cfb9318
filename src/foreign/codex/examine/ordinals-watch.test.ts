import { expect, it } from "vitest";
import { examined } from "../../../../test/kit/examined.ts";
import { rebuiltMark } from "../rollout/record/rebuilt.ts";

/** Lines with these ordinals, behind a header with ordinal 0; `undefined`: an older Codex wrote it. */
const numbered = (ordinals: readonly (number | undefined)[]): string[] =>
  ordinals.map((ordinal, at) =>
    JSON.stringify({
      timestamp: `2026-11-20T20:48:0${at + 1}.000Z`,
      ordinal,
      type: "event_msg",
      payload: { type: "token_count" },
    }),
  );

it.each<
  [
    string,
    (number | undefined)[],
    { next: number; regressed: number; first?: number; missing: number[]; wanted: string[] },
  ]
>([
  ["in order", [1, 2, 3], { next: 4, regressed: 0, missing: [], wanted: [] }],
  ["in order with a gap", [1, 5, 9], { next: 10, regressed: 0, missing: [], wanted: [] }],
  [
    "missing at the end",
    [1, undefined, undefined],
    { next: 2, regressed: 0, missing: [2, 3], wanted: ["2: 2", "3: 3"] },
  ],
  ["missing in the middle alone", [1, undefined, 2], { next: 3, regressed: 0, missing: [], wanted: [] }],
  [
    "missing in a gap that has room for them",
    [1, undefined, undefined, 5, undefined, undefined, 6],
    { next: 7, regressed: 0, first: 2, missing: [], wanted: ["2: 2", "3: 3"] },
  ],
  [
    "missing in a gap and at the end",
    [1, undefined, 3, undefined],
    { next: 4, regressed: 0, first: 2, missing: [4], wanted: ["2: 2", "4: 4"] },
  ],
  [
    "missing in a gap before they go back",
    [1, undefined, 3, 2],
    { next: 5, regressed: 1, first: 2, missing: [], wanted: ["2: 2", "4: 4, had 2"] },
  ],
  [
    "missing in the middle and at the end",
    [1, undefined, 2, undefined],
    { next: 3, regressed: 0, missing: [4], wanted: ["4: 3"] },
  ],
  [
    "there twice",
    [1, 1, 2],
    { next: 4, regressed: 1, first: 2, missing: [], wanted: ["2: 2, had 1", "3: 3, had 2"] },
  ],
  [
    "begun anew",
    [7, 3, 4, 9, undefined],
    {
      next: 12,
      regressed: 2,
      first: 2,
      missing: [5],
      wanted: ["2: 8, had 3", "3: 9, had 4", "4: 10, had 9", "5: 11"],
    },
  ],
])(
  "of lines whose ordinals are %s, those are told that need another one",
  async (_what, ordinals, expected) => {
    const { ordinals: found } = await examined(numbered(ordinals), "ordinals");
    const { next, regressed, firstWrong, missing } = found;
    expect({
      next,
      regressed,
      ...(firstWrong && { first: firstWrong.index }),
      missing: [...missing].map(({ index }) => index),
      wanted: [...found.wanted()].map(
        ({ index, ordinal, had }) => `${index}: ${ordinal}${had === undefined ? "" : `, had ${had}`}`,
      ),
    }).toEqual(expected);
  },
);

it("a line that a repair has put in needs none, though there is room, and those beside it need theirs", async () => {
  const [first, second, third, fourth, last] = numbered([1, undefined, undefined, undefined, 5]);
  const rebuilt = third!.replace(/\}$/u, `,${JSON.stringify(rebuiltMark).slice(1)}`);
  const wanted = async (...lines: string[]): Promise<number[][]> => {
    const { ordinals } = await examined([first!, ...lines, last!], "ordinals");
    const all = [...ordinals.wanted()].map(({ index, ordinal }) => [index, ordinal]);
    expect(ordinals.unnumbered).toBe(all.length);
    return all;
  };
  expect(await wanted(rebuilt)).toEqual([]);
  expect(await wanted(second!, rebuilt, fourth!)).toEqual([
    [2, 2],
    [4, 3],
  ]);
});

it("a line that is no record of Codex's needs no ordinal", async () => {
  const { ordinals } = await examined([...numbered([1]), '{"foreign":1}'], "ordinals");
  expect(ordinals.missing.count).toBe(0);
});

it("a line that needs another ordinal has its place", async () => {
  const [first, second] = numbered([7, 3]);
  const { ordinals, bytes } = await examined([first!, second!], "ordinals");
  expect([...ordinals.wanted()]).toEqual([
    { index: 2, at: bytes - second!.length - 1, bytes: second!.length, ordinal: 8, had: 3 },
  ]);
});

it("where no line has an ordinal, the first one gets the first", async () => {
  const { ordinals } = await examined(numbered([undefined]));
  expect(ordinals.next).toBeUndefined();
  expect([...ordinals.wanted()].map(({ index, ordinal }) => [index, ordinal])).toEqual([
    [0, 0],
    [1, 1],
  ]);
});

it("a line without an envelope, as other programs put their notes behind a session, lacks no ordinal", async () => {
  const note = '{"type":"message","role":"user","content":[{"type":"input_text","text":"kept"}]}';
  const { ordinals } = await examined([...numbered([1, 2]), note, '{"type":"marker","tag":"x"}'], "ordinals");
  expect([ordinals.missing.count, ordinals.next]).toEqual([0, 3]);
});
