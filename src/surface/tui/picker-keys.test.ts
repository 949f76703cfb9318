import type { Key } from "ink";
import { describe, expect, it } from "vitest";
import { row } from "./fixtures/picker-row.ts";
import { keysIn } from "./keys.ts";
import { pickerKey } from "./picker-keys.ts";
import { type PickerState, pickerState } from "./picker-state.ts";

const key = {} as Key;
const state = pickerState({ rows: [row(1)], everywhere: false, codex: false, elsewhere: 0, archived: 0 });
const commands = (input: string, pressed: Partial<Key> = {}, more: Partial<PickerState> = {}) =>
  keysIn(input, { ...key, ...pressed }).map((each) => pickerKey(each, { ...state, ...more }));

describe("the picker's keys", () => {
  it("come one by one, also where the terminal gives many in one piece", () => {
    expect(commands("pars\u0015do\u007f\u0006\r")).toEqual([
      { kind: "type", text: "pars" },
      { kind: "erase", what: "all" },
      { kind: "type", text: "do" },
      { kind: "erase", what: "character" },
      { kind: "search" },
      { kind: "pick" },
    ]);
  });

  it("pick nothing by a line break within what was pasted: it is looked for", () => {
    expect(commands("fix the\rtests\r")).toEqual([{ kind: "type", text: "fix the tests " }]);
    expect(commands("y\nes", {}, { asking: { kind: "delete" } })).toEqual([
      { kind: "ask", asking: undefined },
    ]);
    expect(commands("tests\r")).toEqual([{ kind: "type", text: "tests" }, { kind: "pick" }]);
  });

  it("delete nothing but at a y, and leave nothing but at Esc or Ctrl-C", () => {
    const asking = { asking: { kind: "delete" } } as const;
    expect(commands("y", {}, asking)).toEqual([{ kind: "delete" }]);
    for (const [input, pressed] of [
      ["n", {}],
      ["", { escape: true }],
      ["\r", { return: true }],
      ["d", { ctrl: true }],
    ] as const)
      expect(commands(input, pressed, asking)).toEqual([{ kind: "ask", asking: undefined }]);
    expect(commands("", { escape: true })).toEqual([{ kind: "leave" }]);
    expect(commands("c", { ctrl: true }, asking)).toEqual([{ kind: "interrupt" }]);
    expect(commands("z", { ctrl: true }, asking)).toEqual([{ kind: "suspend" }]);
  });

  it("begin nothing while something is done, and move and search all the same", () => {
    const busy = { busy: "deleting it" };
    for (const letter of ["f", "r", "x", "o", "d"])
      expect(commands(letter, { ctrl: true }, busy)).toEqual([undefined]);
    expect(commands("", { return: true }, busy)).toEqual([undefined]);
    expect(commands("a", {}, busy)).toEqual([{ kind: "type", text: "a" }]);
    expect(commands("", { downArrow: true }, busy)).toEqual([{ kind: "move", by: 1 }]);
  });
});
