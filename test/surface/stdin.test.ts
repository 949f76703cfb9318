// What comes on standard input, to the real program.
import { expect, it } from "vitest";
import { step, turn, type ScenarioInput } from "../../src/simulator/server.ts";
import { type Ended, type Rig, withRig } from "../kit/rig.ts";

const scenario: ScenarioInput = { turn: [turn(/./su, step("Done."))] };

async function piped(rig: Rig, words: readonly string[], text: string): Promise<Ended> {
  const running = rig.start(words, { stdin: "open" });
  running.child.stdin!.end(text);
  const ended = await running.ended;
  expect(ended.status, ended.err).toBe(0);
  return ended;
}

/** The last prompt that the model got. */
function asked(rig: Rig): unknown {
  const { input } = rig.simulator.requests.at(-1)!.body as { input: { content: { text: string }[] }[] };
  return input.at(-1)!.content[0]!.text;
}

it("exec takes what is piped in beside a prompt along, as codex exec does", () =>
  withRig(scenario, async (rig) => {
    const { err: told } = await piped(rig, ["exec", "Review this."], "-old\n+new\n");
    expect(told).toContain(
      "· with the prompt goes what came on standard input (2 lines); for none: < /dev/null\n",
    );
    expect(asked(rig)).toBe("Review this.\n\n<stdin>\n-old\n+new\n</stdin>");
    await piped(rig, ["exec", "Review this."], "no line end");
    expect(asked(rig)).toBe("Review this.\n\n<stdin>\nno line end\n</stdin>");
    for (const nothing of ["", " \n\n"]) {
      const { err } = await piped(rig, ["exec", "Review this."], nothing);
      expect(asked(rig)).toBe("Review this.");
      expect(err).not.toContain("standard input");
    }
  }));

it("exec takes its prompt from standard input where it has no other", () =>
  withRig(scenario, async (rig) => {
    await piped(rig, ["exec"], "From a pipe.\n");
    expect(asked(rig)).toBe("From a pipe.");
    await piped(rig, ["exec", "-"], "From a pipe, too.\n");
    expect(asked(rig)).toBe("From a pipe, too.");
    const { status, err } = await rig.run(["exec"]);
    expect([status, err]).toEqual([2, expect.stringContaining("exec needs a prompt")]);
  }));

it("exec doesn't wait for ever for standard input that is open and never begins, and says so; resume takes its prompt alone", () =>
  withRig(scenario, async (rig) => {
    const { status, err } = await rig.run(["exec", "One."], { stdin: "open" });
    expect(status, err).toBe(0);
    expect(err).toContain("nothing came on standard input in 3 s: the prompt goes without it");
    expect(asked(rig)).toBe("One.");
    await piped(rig, ["exec", "resume", "--last", "Two."], "a list of somebody's");
    expect(asked(rig)).toBe("Two.");
  }));

it("standard input that can only be written to, as nohup leaves it, is none", () =>
  withRig(scenario, async (rig) => {
    const nohup = { prefix: ["sh", "-c", 'exec "$@" 0>/dev/null', "sh"] };
    const { status, err } = await rig.run(["exec", "One."], nohup);
    expect(status, err).toBe(0);
    expect(err).not.toContain("standard input");
    expect(asked(rig)).toBe("One.");
    expect(await rig.run(["exec", "-"], nohup)).toMatchObject({
      status: 2,
      err: expect.stringContaining("exec needs a prompt") as string,
    });
  }));

it("what is piped in is refused where it is more than providers take, before anything is made", () =>
  withRig(scenario, async (rig) => {
    const running = rig.start(["exec", "One."], { stdin: "open" });
    running.child.stdin!.on("error", () => undefined).end("x".repeat(11_000_000));
    const { status, err } = await running.ended;
    expect([status, err]).toEqual([2, expect.stringContaining("The prompt has more than")]);
    expect(rig.ids()).toEqual([]);
  }));
