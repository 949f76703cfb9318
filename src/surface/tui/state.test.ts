import { describe, expect, it } from "vitest";
import { catalogue, type FailureClass, failureClasses } from "../../failure/catalogue.ts";
import { Failure } from "../../failure.ts";
import type { EventOf, ItemRecord } from "../../session/event.ts";
import { noUsage } from "../../session/usage.ts";
import type { SessionUpdate } from "../../turn/update.ts";
import { emptyView, type Happening, reduce, type View } from "./state.ts";

const at = 1_000;
const started: Happening = { type: "begun", at, text: "go" };

const seen = (...updates: SessionUpdate[]): Happening[] =>
  updates.map((update) => ({ type: "update", update, at }));

const viewOf = (...happenings: Happening[]): View => happenings.reduce(reduce, emptyView("model"));

function answer(text: string): SessionUpdate {
  const event = { type: "item-added", kind: "message", role: "assistant", origin: "model" };
  const record = { event: event as EventOf<"item-added">, offset: 0, body: { offset: 0, length: 0 } };
  const item = { type: "message", role: "assistant", content: [{ type: "output_text", text }] };
  return {
    type: "item",
    record: record as ItemRecord,
    item: new TextEncoder().encode(JSON.stringify(item)),
  };
}

const call: SessionUpdate = {
  type: "tool-started",
  callSeq: 7,
  name: "shell_command",
  input: '{"command":"npm test"}',
};

const cut = new Failure("transport-interrupted", "cut", { reason: "cut" });

describe("what the terminal interface shows of a session", () => {
  it("is the answer as it streams, and once it is in the log, once", () => {
    const streaming = viewOf(started, ...seen({ type: "text-delta", text: "Hel" }));
    expect(streaming).toMatchObject({ answer: "Hel", phase: { kind: "working" } });
    const done = viewOf(started, ...seen({ type: "text-delta", text: "Hello" }, answer("Hello")));
    expect(done.answer).toBe("");
    expect(done.finished).toEqual([
      { kind: "prompt", text: "go" },
      { kind: "answer", text: "Hello" },
    ]);
  });

  it("drops what a failed attempt had streamed, because the next one tells it again", () => {
    const retried = viewOf(
      started,
      ...seen(
        { type: "text-delta", text: "Half an ans" },
        { type: "attempt-failed", failure: cut, action: "retry", notice: "stream cut; trying again" },
        { type: "attempt-started", turn: 1, step: 1, attempt: 2 },
        { type: "text-delta", text: "Half" },
      ),
    );
    expect(retried.answer).toBe("Half");
    expect(retried.finished.slice(1)).toEqual([
      { kind: "note", weight: "trouble", text: "stream cut; trying again" },
    ]);
  });

  it("scrolls away what no longer changes of a long answer, and tells the rest of it once", () => {
    const first = "One paragraph.\n\n";
    const streaming = viewOf(
      started,
      ...seen({ type: "text-delta", text: first }, { type: "text-delta", text: "Another\none" }),
    );
    expect(streaming.finished[1]).toEqual({ kind: "answer", text: first });
    expect(streaming.answer).toBe("Another\none");
    const done = reduce(streaming, seen(answer(`${first}Another\none.`))[0]!);
    expect(done.finished.slice(1)).toEqual([
      { kind: "answer", text: first },
      { kind: "answer", text: "Another\none." },
    ]);
    const failed = seen({ type: "attempt-failed", failure: cut, action: "retry", notice: "cut" });
    expect(failed.reduce(reduce, streaming).finished.slice(2)).toEqual([
      { kind: "answer", text: "Another\none", cut: true },
      { kind: "note", weight: "trouble", text: "cut" },
    ]);
  });

  it("keeps in sight what was streamed when the turn ended without it, and says that it is not kept", () => {
    const stopped = viewOf(
      started,
      ...seen(
        { type: "text-delta", text: "Half" },
        { type: "turn-ended", outcome: { kind: "interrupted", reason: "cancelled" }, usage: noUsage },
      ),
    );
    expect(stopped.finished[1]).toEqual({ kind: "answer", text: "Half", cut: true });
    expect(stopped.answer).toBe("");
  });

  it("folds a call to how it ended, and shows a patch only when it was made", () => {
    const ran = viewOf(
      started,
      ...seen(call, { type: "tool-progress", callSeq: 7, text: "1 passed\n2 passed\n" }),
    );
    expect(ran.calls).toMatchObject([{ text: "npm test", printed: "2 passed" }]);
    const patch: SessionUpdate = {
      type: "tool-started",
      callSeq: 8,
      name: "apply_patch",
      input: "*** Begin Patch\n*** Delete File: a\n*** End Patch",
    };
    const outcome = { output: "", durationMs: 5 };
    const ended = viewOf(
      ...seen(
        call,
        patch,
        {
          type: "tool-ended",
          callSeq: 7,
          name: "",
          outcome: { ...outcome, status: "failed", exitCode: 3 },
        },
        { type: "tool-ended", callSeq: 8, name: "", outcome: { ...outcome, status: "denied" } },
      ),
    );
    expect(ended.calls).toEqual([]);
    expect(ended.finished).toMatchObject([
      { kind: "call", text: "npm test", outcome: { status: "failed", exitCode: 3 } },
      { kind: "call", text: "apply_patch a", outcome: { status: "denied" } },
    ]);
    expect(ended.finished[1]).not.toHaveProperty("patch");
  });

  it("rests after a turn, whatever the turn has told before (R27)", () => {
    const told: SessionUpdate[] = [
      { type: "text-delta", text: "x" },
      { type: "reasoning-delta", text: "y" },
      { type: "silent", ms: 15_000 },
      { type: "waiting", until: 99, notice: "" },
      { type: "attempt-started", turn: 1, step: 1, attempt: 1 },
      call,
    ];
    for (const last of told) {
      const question = { title: "Run?", detail: "", all: true, isAbove: false };
      const view = viewOf(
        started,
        ...seen(...told, last),
        { type: "asked", question },
        { type: "stopping", at },
        ...seen(last),
        { type: "rested" },
      );
      expect(view).toMatchObject({ phase: { kind: "resting" }, calls: [], answer: "", thought: "" });
      expect(view.question).toBeUndefined();
    }
  });

  it("stays with stopping while what runs is being ended", () => {
    const view = viewOf(
      started,
      { type: "stopping", at },
      ...seen({ type: "attempt-started", turn: 1, step: 2, attempt: 1 }, { type: "text-delta", text: "x" }),
    );
    expect(view.phase.kind).toBe("stopping");
  });

  it("speaks of silence until something comes, and of the limit until it is over", () => {
    const silent = viewOf(started, ...seen({ type: "silent", ms: 15_000 }));
    expect(silent.phase).toMatchObject({ kind: "working", what: "the provider has been silent for 15 s" });
    expect(reduce(silent, seen({ type: "text-delta", text: "x" })[0]!).phase).toMatchObject({ what: "" });
    const waiting = viewOf(started, ...seen({ type: "waiting", until: 5_000, notice: "" }));
    expect(waiting.phase).toMatchObject({ kind: "waiting", until: 5_000 });
    const attempt: SessionUpdate = { type: "attempt-started", turn: 1, step: 1, attempt: 1 };
    expect(reduce(waiting, seen(attempt)[0]!).phase.kind).toBe("working");
  });

  it("tells each repair and the way of a rotated session in one note", () => {
    const view = viewOf(
      { type: "session", session: { id: "old", name: "fix" }, model: "m" },
      ...seen(
        {
          type: "repaired",
          class: "sealed-reasoning-rejected",
          notice: "2 items set aside",
          rung: 1,
          count: 2,
        },
        { type: "session-rotated", from: "old", to: "new", notice: "no repair is left" },
      ),
    );
    expect(view.finished.map((block) => block.kind === "note" && block.weight)).toEqual(["repair", "repair"]);
    expect(view.session).toEqual({ id: "new", name: "fix" });
  });

  it.each([
    ["usage-limit", "press Enter to go on after the reset, or let it wait with /wait."],
    [
      "unknown-provider-failure",
      "look at it with /show; where a page, a redirect, a 404 or an answer without output comes back, check the base URL; then press Enter to go on.",
    ],
    [
      "model-missing",
      "choose another model: /model NAME; where the answer names a setting of the account, change it there, then press Enter to go on.",
    ],
    [
      "unrecoverable",
      "choose another provider or model (/model NAME --provider NAME); the log holds everything.",
    ],
    [
      "parameter-unsupported",
      "change the setting that it names (/model NAME/EFFORT), then press Enter to go on.",
    ],
    ["output-limit", 'say "continue".'],
    [
      "refusal",
      "say it differently; what was refused is still in the session: where that is refused too, leave it out with /resume --from-step N (the step before it, as /show numbers them), or begin anew: /clear.",
    ],
  ] as const)("advises somebody who has the session open, not somebody at a shell: %s", (failed, here) => {
    expect(toldOf(failed)).toBe(`It said "Next: that". Next: ${here}`);
  });

  it("tells no command of a shell for a failure that ends a turn", () => {
    const told = failureClasses.filter((name) => catalogue[name].area !== "store").map(toldOf);
    expect(
      told.filter((words) => words.includes("throughline resume") || words.includes("throughline show")),
    ).toEqual([]);
  });

  it("leaves the words of a failure that only a newer version knows as they are", () => {
    const message = "New. Next: see `throughline help`.";
    const outcome = { kind: "failed", class: "of-tomorrow", message } as const;
    const view = viewOf(...seen({ type: "turn-ended", outcome, usage: noUsage }));
    expect(view.finished).toMatchObject([{ text: message }]);
  });
});

/** What is told of a turn that failed so, as an older version has put it into the log. */
function toldOf(failed: FailureClass): string {
  const message = `It said "Next: that". Next: go on with \`throughline resume --last\`.`;
  const outcome = { kind: "failed", class: failed, message } as const;
  const [block] = viewOf(...seen({ type: "turn-ended", outcome, usage: noUsage })).finished;
  return block?.kind === "note" ? block.text : "";
}
