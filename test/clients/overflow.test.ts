import { describe, it } from "vitest";
import { openDesk } from "./desk.ts";

describe.concurrent("a context that overflows", () => {
  it("is compacted in mid-turn: the turn goes on, exit status 0, the tool ran once", async ({
    expect,
    onTestFinished,
  }) => {
    const desk = await openDesk(onTestFinished);
    const { upstream } = desk;
    upstream.script("talk", [{ say: "word ".repeat(4_000) }]);
    upstream.script("count", [{ run: "echo ran >> ran.txt; seq 6000" }], [{ say: "Counted." }]);
    for (const turn of [
      ["exec", "talk"],
      ["exec", "resume", "--last", "talk"],
    ]) {
      expect(await desk.run([...turn, "--approval", "all"])).toMatchObject({ status: 0 });
    }
    // What was said fits; what was said with the tool's output does not.
    upstream.contextTokens = Math.ceil((JSON.stringify(upstream.requests.at(-1)?.body).length + 24_000) / 4);
    const before = upstream.requests.length;
    const run = await desk.run(["exec", "resume", "--last", "count", "--approval", "all"]);
    expect(run.status, run.err).toBe(0);
    expect(run.out).toContain("Counted.");
    expect(desk.lines("ran.txt")).toHaveLength(1);
    expect(run.err).toMatch(/summarised/u);
    expect(
      upstream.requests.slice(before).filter(({ outcome }) => outcome.startsWith("refused")),
    ).toHaveLength(1);

    const next = upstream.requests.length;
    expect(await desk.run(["exec", "resume", "--last", "thanks"])).toMatchObject({ status: 0 });
    expect(upstream.requests).toHaveLength(next + 1);
  });
});
