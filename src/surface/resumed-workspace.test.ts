import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Workspace } from "../session/event.ts";
import type { Invocation } from "./command/command.ts";
import { sayWhatChanged, workspaceFor } from "./resumed-workspace.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "throughline-resumed-")));
afterAll(() => rmSync(folder, { recursive: true }));

/** As from a person at a terminal who answers this, or from a script. */
function invoked(answer?: boolean): { invocation: Invocation; questions: string[] } {
  const questions: string[] = [];
  const ask = (question: string): Promise<boolean> => {
    questions.push(question);
    return Promise.resolve(answer === true);
  };
  const terminal: Invocation["terminal"] = {
    out: () => {},
    err: () => {},
    interactive: answer !== undefined,
    colour: false,
    readInput: () => Promise.resolve(undefined),
    ...(answer !== undefined && { ask }),
  };
  const { signal } = new AbortController();
  const run = (): Promise<number> => Promise.resolve(0);
  return { invocation: { args: [], options: {}, terminal, environment: {}, folder, signal, run }, questions };
}

describe("a session that names no folder", () => {
  const nowhere: Workspace = { path: "" };

  it("is gone on with in this one by a person who is asked and says so", async () => {
    const { invocation, questions } = invoked(true);
    expect((await workspaceFor("s1", nowhere, invocation, false)).path).toBe(folder);
    expect(questions).toEqual([
      `Session s1 doesn't say to which folder it belongs. Go on with it in ${folder}?`,
    ]);
  });

  it.each([
    ["by a person who doesn't", false],
    ["where nobody can be asked", undefined],
  ])("is not %s", async (_who, answer) => {
    const { invocation } = invoked(answer);
    await expect(workspaceFor("s1", nowhere, invocation, false)).rejects.toThrow(
      `Go on with it in ${folder} with --here.`,
    );
  });

  it("moves from nowhere, of which nothing is said", async () => {
    const { invocation, questions } = invoked(false);
    const now = await workspaceFor("s1", nowhere, invocation, true);
    const said: unknown[] = [];
    sayWhatChanged((update) => said.push(update), nowhere, now, folder);
    expect([said, questions]).toEqual([[], []]);
  });
});
