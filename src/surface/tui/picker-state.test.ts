import { describe, expect, it } from "vitest";
import type { Listed } from "../codex-sessions.ts";
import { row } from "./fixtures/picker-row.ts";
import { chosenRow, type PickerAction, pickerState, pickerStep } from "./picker-state.ts";

const rowsOf = (rows: readonly Listed[]) => ({
  rows,
  everywhere: false,
  codex: false,
  elsewhere: 0,
  archived: 0,
});
const made = (count: number) => pickerState(rowsOf(Array.from({ length: count }, (_, at) => row(at))));
const after = (state: ReturnType<typeof made>, ...actions: PickerAction[]) =>
  actions.reduce(pickerStep, state);
const titles = ({ rows, shown }: ReturnType<typeof made>) => shown.map((index) => rows[index]?.title);

describe("the picker", () => {
  it("keeps the rows that have every word, in name, prompt, model, branch, folder or status, and the first is chosen", () => {
    const rows = [
      row(1, { name: "Fix-Parser", status: "failed", reason: "billing" }),
      row(2, { workspace: { path: "/work/PARSER" }, settings: { ...row(0).settings, model: "o9" } }),
      row(3, { title: "修复这个错误" }),
    ];
    const all = pickerState(rowsOf(rows));
    const found = (text: string) => titles(after(all, { kind: "move", by: 2 }, { kind: "type", text }));
    expect(found("parser")).toEqual(["Task 1", "Task 2"]);
    expect(found("  PARS  bill ")).toEqual(["Task 1"]);
    expect(found("o9/high")).toEqual(["Task 2"]);
    expect(found("修复")).toEqual(["修复这个错误"]);
    expect(found(rows[2]!.id.slice(0, 30))).toHaveLength(3);
    // Of an id its beginning counts: anything else in it would be found by chance.
    expect(found("8000")).toEqual([]);
    expect(chosenRow(after(all, { kind: "move", by: 2 }, { kind: "type", text: "parser" }))).toBe(rows[0]);
  });

  it("goes wider again when the search gets shorter, by whole characters", () => {
    const typed = after(made(12), { kind: "type", text: "task 1" }, { kind: "type", text: "1👩‍👩‍👧" });
    expect(titles(typed)).toEqual([]);
    const shorter = after(typed, { kind: "erase", what: "character" });
    expect(shorter.query).toBe("task 11");
    expect(titles(shorter)).toEqual(["Task 11"]);
    expect(titles(after(shorter, { kind: "erase", what: "word" }))).toHaveLength(12);
    expect(after(shorter, { kind: "erase", what: "all" }).query).toBe("");
  });

  it("moves the window as little as it takes, and never beyond the ends", () => {
    const state = after(made(100), { kind: "page", lines: 10 });
    const placed = (...actions: PickerAction[]) => {
      const { at, top } = after(state, ...actions);
      return [at, top];
    };
    expect(placed({ kind: "move", by: -1 })).toEqual([0, 0]);
    expect(placed({ kind: "move", by: 9 })).toEqual([9, 0]);
    expect(placed({ kind: "move", by: 10 })).toEqual([10, 1]);
    expect(placed({ kind: "move", by: 10 }, { kind: "move", by: -5 })).toEqual([5, 1]);
    expect(placed({ kind: "move", by: "page-down" }, { kind: "move", by: "page-down" })).toEqual([20, 11]);
    expect(placed({ kind: "move", by: "last" })).toEqual([99, 90]);
    expect(placed({ kind: "move", by: "last" }, { kind: "page", lines: 40 })).toEqual([99, 60]);
    expect(placed({ kind: "move", by: "last" }, { kind: "page", lines: 3 })).toEqual([99, 97]);
    expect(placed({ kind: "move", by: "last" }, { kind: "move", by: "first" })).toEqual([0, 0]);
  });

  it("stays on the chosen session when the list is read again, and near it when that is gone", () => {
    const state = after(made(5), { kind: "page", lines: 3 }, { kind: "move", by: 3 });
    const rows = (...numbers: number[]) => rowsOf(numbers.map((number) => row(number)));
    expect(chosenRow(after(state, { kind: "rows", rows: rows(9, 8, 3, 1) }))?.title).toBe("Task 3");
    expect(chosenRow(after(state, { kind: "rows", rows: rows(0, 1, 2, 4) }))?.title).toBe("Task 4");
    expect(chosenRow(after(state, { kind: "rows", rows: rows(0) }))?.title).toBe("Task 0");
    expect(chosenRow(after(state, { kind: "rows", rows: rows() }))).toBeUndefined();
    expect(chosenRow(after(state, { kind: "rows", rows: rows(0, 7), keep: row(7).id }))?.title).toBe(
      "Task 7",
    );
  });

  it("goes to a session that the search would hide, so that what comes next is done to that one", () => {
    const searched = after(made(5), { kind: "type", text: "task 3" });
    const rows = rowsOf([row(7), row(3), row(1)]);
    const forked = after(searched, { kind: "rows", rows, keep: row(7).id });
    expect([chosenRow(forked)?.title, forked.query]).toEqual(["Task 7", ""]);
    expect(after(searched, { kind: "rows", rows }).query).toBe("task 3");
  });

  it("adds the sessions in which it was said, for the words that were looked for and no others", () => {
    const typed = after(made(30), { kind: "type", text: "task 11" });
    const said: PickerAction = { kind: "said", query: "task 11", ids: new Set([row(4).id]) };
    expect(titles(after(typed, said))).toEqual(["Task 4", "Task 11"]);
    const longer = after(typed, said, { kind: "type", text: "x" });
    expect(titles(longer)).toEqual([]);
    expect(titles(after(longer, { kind: "erase", what: "character" }))).toEqual(["Task 4", "Task 11"]);
    expect(after(longer, said).query).toBe("task 11x");
  });

  it("keeps what is typed for a name apart from the search", () => {
    const naming = after(
      made(3),
      { kind: "type", text: "ta" },
      { kind: "ask", asking: { kind: "name", text: "" } },
      { kind: "type", text: "fix it" },
      { kind: "erase", what: "word" },
    );
    expect([naming.asking, naming.query]).toEqual([{ kind: "name", text: "fix " }, "ta"]);
    expect(after(naming, { kind: "ask", asking: undefined }).asking).toBeUndefined();
  });

  it("says what was done until the next key", () => {
    const noted = after(made(3), { kind: "busy", words: "naming it" }, { kind: "note", words: "named" });
    expect([noted.busy, noted.note]).toEqual([undefined, "named"]);
    expect(after(noted, { kind: "page", lines: 3 }).note).toBe("named");
    expect(after(noted, { kind: "move", by: 1 }).note).toBeUndefined();
  });
});
