import { describe, expect, it } from "vitest";
import { pendingText } from "../../../test/kit/pending-text.ts";
import { Questions } from "./questions.ts";
import { emptyView, type Happening, reduce, type View } from "./state.ts";

/** Questions, the view that they make, and what has scrolled by. */
function asking() {
  let view: View = emptyView("model");
  const tell = (happening: Happening): void => {
    view = reduce(view, happening);
  };
  const questions = new Questions(tell, undefined);
  questions.isShown = true;
  return { questions, view: () => view };
}

const request = (title: string) => ({ title, detail: "rm -rf build" });
const never = new AbortController().signal;
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("questions", () => {
  it("are asked one after the other, and each answered once", async () => {
    const { questions, view } = asking();
    const [first, second] = [
      questions.approve(request("First"), never),
      questions.approve(request("Second"), never),
    ];
    await settled();
    expect(view().question?.title).toBe("First?");
    questions.answer("yes");
    expect(await first).toBe(true);
    await settled();
    expect(view().question?.title).toBe("Second?");
    questions.answer("no");
    expect(await second).toBe(false);
    expect(view().question).toBeUndefined();
  });

  it("are not asked any more once all is allowed, but for those that are no approvals", async () => {
    const { questions, view } = asking();
    const first = questions.approve(request("First"), never);
    await settled();
    questions.answer("all");
    expect(await first).toBe(true);
    expect(await questions.approve(request("Second"), never)).toBe(true);
    const purge = questions.ask("Delete 3 sessions for good?", never);
    await settled();
    expect(view().question).toMatchObject({ title: "Delete 3 sessions for good?", all: false });
    questions.answer("no");
    expect(await purge).toBe(false);
  });

  it("are answered with no when their turn is stopped, also those that wait", async () => {
    const { questions, view } = asking();
    const controller = new AbortController();
    const answers = [
      questions.approve(request("First"), controller.signal),
      questions.approve(request("Second"), controller.signal),
    ];
    await settled();
    controller.abort();
    expect(await Promise.all(answers)).toEqual([false, false]);
    expect(view().question).toBeUndefined();
  });

  it("don't take keys that were on their way to a message", async () => {
    const { questions } = asking();
    const asked = questions.approve(request("First"), never);
    await settled();
    expect(questions.isReady).toBe(false);
    questions.answer("no");
    await asked;
  });

  it("don't take keys that were pressed while they were being drawn, however long that takes", async () => {
    const { questions, view } = asking();
    const asked = questions.approve(request("First"), never);
    await settled();
    const first = view().question!;
    await new Promise((resolve) => setTimeout(resolve, 450));
    expect(questions.isReady).toBe(false);
    questions.seen(first, () => undefined);
    await expect.poll(() => questions.isReady).toBe(true);
    questions.answer("no");
    await asked;
    const next = questions.approve(request("Second"), never);
    await settled();
    questions.seen(first, () => undefined);
    await new Promise((resolve) => setTimeout(resolve, 450));
    expect(questions.isReady).toBe(false);
    questions.answer("no");
    await next;
  });

  it("don't take keys that were pressed while the process stood still, and are told to be ready behind them", async () => {
    const { questions, view } = asking();
    const asked = questions.approve(request("First"), never);
    await settled();
    const keyboard = await pendingText("y");
    const happened: string[] = [];
    keyboard.on("data", () => happened.push(questions.isReady ? "answered" : "typed")).resume();
    questions.seen(view().question!, () => happened.push("ready"));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    await expect.poll(() => happened).toEqual(["typed", "ready"]);
    questions.answer("no");
    await asked;
  });

  it("show what is long whole, before they are asked", async () => {
    const { questions, view } = asking();
    const detail = Array.from({ length: 30 }, (_, at) => `line ${at}`).join("\n");
    const asked = questions.approve({ title: "Run", detail }, never);
    await settled();
    expect(view().finished).toContainEqual({ kind: "printed", text: detail, failed: false });
    questions.answer("no");
    await asked;
    for (const [text, isAbove] of [
      ["x".repeat(3 * 36), false],
      ["x".repeat(3 * 36 + 1), true],
      [`${"x".repeat(2 * 36 + 1)}\ny`, true],
      [`x${"\u0301".repeat(9 * 36)}`, true],
    ] as const) {
      const next = questions.approve({ title: "Run", detail: text }, never);
      await settled();
      expect(view().question?.isAbove, `${text.length} characters fit into 40 columns`).toBe(isAbove);
      questions.answer("no");
      await next;
    }
  });

  it("go to the terminal as long as there is no screen, and are denied where there is neither", async () => {
    const at: string[] = [];
    const elsewhere = new Questions(
      () => undefined,
      (question) => Promise.resolve(at.push(question) > 0),
    );
    expect(await elsewhere.ask("Take it along?", never)).toBe(true);
    expect(at).toEqual(["Take it along?"]);
    expect(await new Questions(() => undefined, undefined).ask("Take it along?", never)).toBe(false);
  });
});
