import { describe, expect, it } from "vitest";
import { choices, type Composer, emptyComposer, press, returned } from "./composer.ts";
import { emptyDraft } from "./editor.ts";
import type { Command } from "./keys.ts";

const insert = (text: string): Command => ({ kind: "edit", edit: { do: "insert", text } });
const submit: Command = { kind: "submit" };

/** What is sent, and the composer afterwards. */
function pressing(composer: Composer, ...commands: Command[]): { composer: Composer; sent: string[] } {
  const sent: string[] = [];
  let now = composer;
  for (const command of commands) {
    const after = press(now, command);
    now = after.composer;
    if (after.act?.act === "submit") sent.push(after.act.text);
  }
  return { composer: now, sent };
}

describe("the composer", () => {
  it("sends at Enter, and breaks the line behind a backslash, also when both come in one piece", () => {
    expect(pressing(emptyComposer, insert("one"), submit)).toMatchObject({
      sent: ["one"],
      composer: { draft: emptyDraft },
    });
    const broken = [
      [insert("one\\"), submit, insert("two"), submit],
      [insert("one"), { kind: "newline" }, insert("two"), submit],
    ] as const;
    for (const keys of broken) expect(pressing(emptyComposer, ...keys).sent).toEqual(["one\ntwo"]);
  });

  it("passes over a line break before anything is typed: Enter from before the screen was there", () => {
    const { sent } = pressing(emptyComposer, { kind: "newline" }, insert("one"), submit);
    expect(sent).toEqual(["one"]);
  });

  it("brings back earlier messages, and what was being typed", () => {
    const { composer } = pressing(
      emptyComposer,
      insert("one"),
      submit,
      insert("two"),
      submit,
      insert("draft"),
    );
    const up = (count: number): string =>
      pressing(composer, ...Array.from({ length: count }, () => ({ kind: "up" }) as const)).composer.draft
        .text;
    expect([up(1), up(2), up(3)]).toEqual(["two", "one", "one"]);
    const back = pressing(composer, { kind: "up" }, { kind: "up" }, { kind: "down" }, { kind: "down" });
    expect(back.composer.draft.text).toBe("draft");
  });

  it("completes a command with Tab or Enter, and runs what needs nothing more", () => {
    expect(pressing(emptyComposer, insert("/fo"), { kind: "complete" }).composer.draft.text).toBe("/fork");
    expect(pressing(emptyComposer, insert("/sess"), submit).sent).toEqual(["/sessions"]);
    const name = pressing(emptyComposer, insert("/na"), submit);
    expect([name.sent, name.composer.draft.text]).toEqual([[], "/name "]);
    const second = pressing(emptyComposer, insert("/c"), { kind: "down" }, submit);
    expect(second.sent).toEqual(["/compact"]);
  });

  it("puts completions away at Esc, until something else is typed", () => {
    const { composer } = pressing(emptyComposer, insert("/c"), { kind: "escape" });
    expect(choices(composer)).toEqual([]);
    expect(press(composer, { kind: "escape" }).act).toEqual({ act: "escape" });
    expect(choices(pressing(composer, insert("l")).composer)).toHaveLength(1);
  });

  it("loses nothing of a message that comes back", () => {
    const { composer } = pressing(emptyComposer, insert("typed since"));
    expect(returned(composer, "came back").draft.text).toBe("came back\ntyped since");
    expect(returned(emptyComposer, "came back").draft).toEqual({ text: "came back", cursor: 9 });
  });

  it("clears a draft at Ctrl-C and Ctrl-D's place, and asks for more only when there is none", () => {
    const cleared = press(pressing(emptyComposer, insert("x")).composer, { kind: "interrupt" });
    expect(cleared).toEqual({ composer: { ...emptyComposer, past: ["x"] } });
    expect(press(cleared.composer, { kind: "up" }).composer.draft.text, "Up brings it back").toBe("x");
    expect(press(emptyComposer, { kind: "interrupt" }).act).toEqual({ act: "interrupt" });
    expect(press(emptyComposer, { kind: "quit-if-empty" }).act).toEqual({ act: "quit" });
  });
});
