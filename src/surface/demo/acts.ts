import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { sleep } from "../../lib/abort.ts";
import { isJsonObject, type JsonObject } from "../../lib/json.ts";
import { type ScenarioInput, shell, type Simulator, step, turn, patch } from "../../simulator/server.ts";
import type { Agent, AgentRun } from "./agent.ts";
import { fix, type Scratch } from "./scratch.ts";

/** One claim and whether it held. */
export interface Evidence {
  claim: string;
  holds: boolean;
}

/** One fault of the demo: what goes wrong, and what is done about it. */
export interface Act {
  title: string;
  wrong: string;
  play(stage: Stage): Promise<{ did: string; evidence: Evidence[] }>;
}

/** What an act plays on. */
export interface Stage {
  scratch: Scratch;
  simulator: Simulator;
  agent: Agent;
  signal: AbortSignal;
}

const day = 24 * 3600;

/** What the simulated model does at each prompt. Seals look 24 days old. */
export const story: ScenarioInput = {
  name: "demo",
  seal: { age: `${24 * day}s` },
  turn: [
    turn(
      /failing test/,
      step(shell("echo before >> .runs; node --test"), {
        reason: "First see how it fails.",
        next: [{ when: "fail [1-9]", go: "fix" }],
      }),
      step(patch(fix), { name: "fix", reason: "replace() takes the first space only." }),
      step(shell("echo after >> .runs; node --test"), { reason: "Now it should pass." }),
      step("slug() replaced only the first space; it replaces every one now, and both tests pass."),
    ),
    turn(
      /package it/,
      step(
        shell(
          "echo begun >> .packed; sleep 2; npm pack --silent > /dev/null 2>&1 || tar czf slugs.tgz slug.js; echo packed >> .packed; cat .packed",
        ),
        {
          reason: "Packing takes a moment.",
        },
      ),
      step("Packed."),
    ),
    turn(
      /what did you change/,
      step("One line of slug.js: replaceAll in place of replace.", { reason: "I remember the fix." }),
    ),
    turn(/is that all/, step("That is all.", { reason: "Nothing else was touched." })),
    turn(/one more/, step("Done, after the limit had reset.", { reason: "The window is open again." })),
  ],
};

const outputs = (body: JsonObject | undefined): JsonObject[] => {
  const input = Array.isArray(body?.["input"]) ? (body["input"] as unknown[]) : [];
  return input.filter(isJsonObject).filter((item) => String(item["type"]).endsWith("_output"));
};

const count = (lines: readonly string[], word: string): number =>
  lines.filter((line) => line === word).length;

const cut: Act = {
  title: "A stream is cut after a tool call",
  wrong: "the connection closes before response.completed, while the tool that it asked for runs",
  async play({ scratch, simulator, agent, signal }) {
    simulator.reset({ ...story, fault: [{ kind: "cut", after: "call", request: 1 }] });
    const ran = await agent.run(["exec", "--name", "slugs", "Make the failing test pass."], signal);
    const { requests } = simulator;
    const runs = await scratch.lines(".runs");
    const retried = outputs(requests[1]?.body);
    return {
      did: `let the tool finish, logged its output, and asked again with it: "${said(ran, "!")}"`,
      evidence: [
        {
          claim: `the turn completed (exit ${ran.status}) in ${requests.length} requests, one a step`,
          holds: ran.status === 0 && requests.length === 4,
        },
        {
          claim: `the request after the cut carried ${retried.length} tool output`,
          holds: retried.length === 1,
        },
        {
          claim: `the first test run happened ${count(runs, "before")}×, the second ${count(runs, "after")}×`,
          holds: count(runs, "before") === 1 && count(runs, "after") === 1,
        },
        {
          claim: "slug.js is fixed",
          holds: (await scratch.lines("slug.js")).some((line) => line.includes("replaceAll")),
        },
      ],
    };
  },
};

const kill: Act = {
  title: "kill -9 while a tool runs",
  wrong: "the agent's process dies in the middle of a command",
  async play({ scratch, simulator, agent, signal }) {
    simulator.reset(story);
    const child = agent.start(["exec", "resume", "slugs", "Now package it."]);
    const died = new Promise<void>((resolve) => child.once("close", () => resolve()));
    for (let waited = 0; (await scratch.lines(".packed")).length === 0 && waited < 10_000; waited += 20)
      await sleep(20, signal);
    child.kill("SIGKILL");
    await died;
    const killed = simulator.requests.length;
    const ran = await agent.run(["exec", "resume", "slugs"], signal);
    const packed = await scratch.lines(".packed");
    const next = outputs(simulator.requests[killed]?.body).at(-1);
    return {
      did: `followed the command to its end and went on with its output: "${said(ran, "·", /attached|finished/u)}"`,
      evidence: [
        {
          claim: `resume completed the turn (exit ${ran.status}): "${ran.answer}"`,
          holds: ran.status === 0 && ran.answer === "Packed.",
        },
        {
          claim: `the command began ${count(packed, "begun")}× and ended ${count(packed, "packed")}×`,
          holds: count(packed, "begun") === 1 && count(packed, "packed") === 1,
        },
        {
          claim: "the next request carried its real output",
          holds: /begun\s+packed/u.test(String(next?.["output"])),
        },
      ],
    };
  },
};

const rotate: Act = {
  title: "The provider rotates its seal key",
  wrong: "every sealed reasoning item of the session can't be decrypted any more",
  async play({ scratch, simulator, agent, signal }) {
    simulator.reset(story);
    simulator.rotateKey();
    const before = await logBytes(scratch, agent);
    const healed = await agent.run(["exec", "resume", "slugs", "In a word: what did you change?"], signal);
    const first = simulator.requests.length;
    const after = await logBytes(scratch, agent);
    const again = await agent.run(["exec", "resume", "slugs", "And is that all?"], signal);
    const second = simulator.requests.length - first;
    return {
      did: `set the dead blobs aside, kept everything else: "${said(healed, "+")}"`,
      evidence: [
        {
          claim: `the healing turn cost ${first} requests (exit ${healed.status})`,
          holds: first === 2 && healed.status === 0,
        },
        {
          claim: `the next turn cost ${second} (exit ${again.status})`,
          holds: second === 1 && again.status === 0,
        },
        {
          claim: "the log before the repair is byte for byte what it was",
          holds: before.length > 0 && digest(after.subarray(0, before.length)) === digest(before),
        },
      ],
    };
  },
};

const limit: Act = {
  title: "A usage limit, with a reset in 3 seconds",
  wrong: "429 usage_limit_reached",
  async play({ simulator, agent, signal }) {
    simulator.reset({ ...story, fault: [{ kind: "usage-limit", resets_in: "3s" }] });
    const stopped = await agent.run(["exec", "resume", "slugs", "Just one more thing."], signal);
    const waited = await agent.run(["exec", "resume", "slugs", "--wait"], signal);
    const { requests } = simulator;
    const [first] = requests;
    const last = requests.at(-1);
    const pause = first && last ? last.at - first.at : 0;
    return {
      did: `without --wait it stopped with exit ${stopped.status} and the reset time; with --wait it went on by itself`,
      evidence: [
        { claim: `stopped at once with exit ${stopped.status}`, holds: stopped.status === 4 },
        {
          claim: `went on ${(pause / 1_000).toFixed(1)} s after the limit was met (exit ${waited.status}): "${waited.answer}"`,
          holds: waited.status === 0 && pause >= 2_900,
        },
        {
          claim: `${requests.length} requests in all: refused, then answered after the reset`,
          holds: requests.length === 2,
        },
      ],
    };
  },
};

export const acts: readonly Act[] = [cut, kill, rotate, limit];

/** The first progress line of the run with this mark that is about something, without the mark. */
function said({ progress }: AgentRun, mark: string, about = /./u): string {
  return progress.find((line) => line.startsWith(`${mark} `) && about.test(line))?.slice(2) ?? "nothing";
}

async function logBytes(scratch: Scratch, agent: Agent): Promise<Buffer> {
  const listed = await agent.run(["sessions", "--json"], new AbortController().signal);
  const { sessions } = JSON.parse(listed.answer) as { sessions: { id: string; created: number }[] };
  const [session] = sessions;
  if (!session) return Buffer.alloc(0);
  const month = new Date(session.created).toISOString().slice(0, 7);
  return readFile(join(scratch.home, "sessions", month, session.id, "log.jsonl"));
}

const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
