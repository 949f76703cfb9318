import { describe, expect, it } from "vitest";
import { Failure } from "../../failure.ts";
import { row } from "./fixtures/picker-row.ts";
import { type Picked, PickerModel, type PickerSource } from "./picker-model.ts";
import type { Listed } from "../codex-sessions.ts";

const rows = [row(1), row(2), row(3)];
const rowsOf = (given: readonly Listed[]) => ({
  rows: given,
  everywhere: false,
  codex: false,
  elsewhere: 0,
  archived: 0,
});

function made(source: Partial<PickerSource>) {
  const picked: Picked[] = [];
  const asked: string[] = [];
  const told = (what: string) => async (one: Listed) => void asked.push(`${what} ${one.title}`);
  const whole: PickerSource = {
    tell: (words) => words.replace("throughline ", "throughline --home /h "),
    list: async () => rowsOf(rows),
    search: async () => new Set(),
    messages: async ({ title = "" }) => [{ who: "you", text: title }],
    rename: told("rename"),
    archive: told("archive"),
    delete: async (one) => {
      await told("delete")(one);
      return "some of it is still in its fork 7";
    },
    fork: async () => rows[2]!.id,
    ...source,
  };
  const model = new PickerModel(whole, rowsOf(rows), (how) => picked.push(how));
  return { model, picked, asked };
}

/** Resolves when the model's state is as it should be. */
const until = (model: PickerModel, is: () => boolean): Promise<void> =>
  new Promise((resolve) => {
    const look = (): void => (is() ? (stop(), resolve()) : undefined);
    const stop = model.subscribe(look);
    look();
  });

describe("the picker's model", () => {
  it("says why something could not be done, and goes on", async () => {
    const why = new Failure("lease-held", "Session 2 is in use by process 7.", { owner: undefined } as never);
    const { model, picked } = made({ archive: () => Promise.reject(why) });
    model.do({ kind: "move", by: 1 });
    model.do({ kind: "archive" });
    expect(model.state.busy).toBe("archiving it");
    await until(model, () => model.state.note !== undefined);
    expect([model.state.note, model.state.busy]).toEqual(["Session 2 is in use by process 7.", undefined]);
    model.do({ kind: "pick" });
    expect(picked).toEqual([{ kind: "picked", row: rows[1] }]);
  });

  it("names the command that takes an archiving back as it works in this home, and so do errors", async () => {
    const { model } = made({
      messages: () =>
        Promise.reject(new Failure("lease-held", "See: throughline show 1", { owner: undefined } as never)),
    });
    model.do({ kind: "archive" });
    await until(model, () => model.state.note !== undefined && model.preview !== undefined);
    expect(model.state.note).toBe(`archived; back with: throughline --home /h unarchive ${rows[0]!.id}`);
    expect(model.preview).toBe("See: throughline --home /h show 1");
  });

  it("does one thing at a time, to the session that was chosen when it was asked for", async () => {
    const { model, asked } = made({});
    model.do({ kind: "delete" });
    model.do({ kind: "move", by: 2 });
    model.do({ kind: "archive" });
    await until(model, () => model.state.note !== undefined);
    expect(asked).toEqual(["delete Task 1"]);
    expect(model.state.note).toBe("deleted; some of it is still in its fork 7");
  });

  it("ends once, and does nothing afterwards", () => {
    const { model, picked, asked } = made({});
    for (const kind of ["leave", "pick", "delete", "interrupt"] as const) model.do({ kind });
    expect([picked, asked]).toEqual([[{ kind: "left" }], []]);
  });

  it("drops what was found for words that have changed meanwhile", async () => {
    const found = Promise.withResolvers<ReadonlySet<string>>();
    const { model } = made({ search: () => found.promise });
    model.do({ kind: "type", text: "said" });
    model.do({ kind: "search" });
    model.do({ kind: "type", text: " more" });
    found.resolve(new Set([rows[0]!.id]));
    await until(model, () => model.state.note !== undefined);
    expect([model.state.shown, model.state.note]).toEqual([[], 'that was for "said"']);
  });

  it("reads the messages of a session that one rests on, and of none that is passed by", async () => {
    const read: (string | undefined)[] = [];
    const { model } = made({
      messages: async ({ title = "" }) => {
        read.push(title);
        if (title === "Task 3")
          throw new Failure("session-missing", "It is gone.", { reference: "", nearest: [] });
        return [{ who: "you", text: title }];
      },
    });
    for (const by of [1, 1]) model.do({ kind: "move", by });
    await until(model, () => model.preview !== undefined);
    expect([read, model.preview]).toEqual([["Task 3"], "It is gone."]);
    model.do({ kind: "move", by: -1 });
    await until(model, () => model.preview !== undefined);
    expect(model.preview).toEqual([{ who: "you", text: "Task 2" }]);
    model.do({ kind: "move", by: 1 });
    expect(model.preview).toBe("It is gone.");
    expect(read).toEqual(["Task 3", "Task 2"]);
  });
});
