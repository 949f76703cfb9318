import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "vitest";
import { type Desk, openDesk, sessionId, until } from "./desk.ts";
import type { Item, SealWording } from "./requirements.ts";
import type { Recorded } from "./upstream.ts";

// The processes of five tests share two cores with whatever else runs.

const all = ["--approval", "all"];
const count = "echo ran >> ran.txt";

const ofKind = (input: readonly Item[], kind: string): Item[] =>
  input.filter((item) => item["type"] === kind);
const outputs = (request: Recorded | undefined): string[] =>
  ofKind(request?.input ?? [], "function_call_output").map((item) => String(item["output"]));
const blobs = (request: Recorded | undefined): unknown[] =>
  ofKind(request?.input ?? [], "reasoning").map((item) => item["encrypted_content"]);
const texts = (request: Recorded | undefined): string =>
  JSON.stringify(ofKind(request?.input ?? [], "message").map((item) => item["content"]));
const outcomes = ({ upstream }: Desk): string[] =>
  upstream.requests.map((request) => request.outcome.replace(/^refused: .*/su, "refused"));

describe.concurrent("a stream that is cut", () => {
  it("after a tool finished: the retry carries the output, and the tool ran once", async ({
    expect,
    onTestFinished,
  }) => {
    const desk = await openDesk(onTestFinished);
    desk.upstream.script("count", [{ run: `${count}; echo printed` }], [{ say: "Counted." }]);
    desk.upstream.plan({ do: "cut", after: "call", once: () => desk.lines("ran.txt").length === 1 });
    const run = await desk.run(["exec", ...all, "count"]);
    expect(run).toMatchObject({ status: 0, out: "Counted.\n" });
    expect(run.err).toMatch(/^! (?:stream cut|connection reset) .*1 tool output kept; trying again/mu);
    expect(desk.lines("ran.txt")).toHaveLength(1);
    expect(outcomes(desk)).toEqual(["cut", "answered"]);
    expect(outputs(desk.upstream.requests[1])).toEqual([expect.stringContaining("printed")]);
  });

  it("while the tool still runs: it is drained before anything is sent again", async ({
    expect,
    onTestFinished,
  }) => {
    const desk = await openDesk(onTestFinished);
    desk.upstream.script("count", [{ run: `${count}; sleep 1; echo late` }], [{ say: "Counted." }]);
    desk.upstream.plan({ do: "cut", after: "call" });
    const run = await desk.run(["exec", ...all, "count"]);
    expect(run).toMatchObject({ status: 0, out: "Counted.\n" });
    expect(desk.lines("ran.txt")).toHaveLength(1);
    expect(outcomes(desk)).toEqual(["cut", "answered"]);
    expect(outputs(desk.upstream.requests[1])).toEqual([expect.stringContaining("late")]);
  });

  it("every time: the turn ends in bounded time, and resume goes on with the output without running it again", async ({
    expect,
    onTestFinished,
  }) => {
    const desk = await openDesk(onTestFinished);
    desk.upstream.script("count", [{ run: `${count}; echo printed` }], [{ say: "Counted." }]);
    desk.upstream.plan({ do: "cut", after: "call", once: () => desk.lines("ran.txt").length === 1 });
    desk.upstream.always({ do: "cut", after: "created" });
    const run = await desk.run(["exec", ...all, "count"]);
    expect(run).toMatchObject({ status: 1, out: "" });
    expect(run.ms).toBeLessThan(60_000);
    expect(run.err.trim().split("\n").at(-1)).toMatch(/throughline resume [0-9a-f-]{36}/u);
    for (const request of desk.upstream.requests.slice(1)) expect(outputs(request)).toHaveLength(1);

    desk.upstream.always(undefined);
    const before = desk.upstream.requests.length;
    const resumed = await desk.run(["exec", "resume", "--last", ...all]);
    expect(resumed).toMatchObject({ status: 0, out: "Counted.\n" });
    expect(desk.upstream.requests).toHaveLength(before + 1);
    expect(outputs(desk.upstream.requests.at(-1))).toEqual([expect.stringContaining("printed")]);
    expect(desk.lines("ran.txt")).toHaveLength(1);
  });

  it("in the middle of text: the answer is shown once and kept once", async ({ expect, onTestFinished }) => {
    const desk = await openDesk(onTestFinished);
    const answer = "The quick brown fox jumps over the lazy dog, and over the fence as well.";
    desk.upstream.script("tell", [{ say: answer }]);
    desk.upstream.plan({ do: "cut", after: "half-text" });
    const run = await desk.run(["exec", ...all, "tell"]);
    expect(run).toMatchObject({ status: 0, out: `${answer}\n` });
    expect(run.err).not.toContain("quick");
    expect(
      desk.log().filter((event) => event["kind"] === "message" && event["role"] === "assistant"),
    ).toHaveLength(1);

    desk.upstream.script("tell again", [{ say: answer }]);
    desk.upstream.plan({ do: "cut", after: "half-text" });
    const json = await desk.run(["exec", "resume", "--last", "--json", ...all, "tell again"]);
    expect(json.out.split("lazy dog")).toHaveLength(2);
    expect(texts(desk.upstream.requests.at(-1)).split("lazy dog")).toHaveLength(2);
  });

  it("after reasoning alone: no reasoning without its item is sent", async ({ expect, onTestFinished }) => {
    const desk = await openDesk(onTestFinished);
    desk.upstream.plan({ do: "cut", after: "reasoning" }, { do: "cut", after: "reasoning" });
    const run = await desk.run(["exec", ...all, "hello"]);
    expect(run).toMatchObject({ status: 0, out: "You said: hello\n" });
    expect(outcomes(desk)).toEqual(["cut", "cut", "answered"]);
    expect(blobs(desk.upstream.requests[2])).toEqual([]);
    const next = await desk.run(["exec", "resume", "--last", ...all, "more"]);
    expect(next.status).toBe(0);
  });

  it("between parallel calls: the ones that came are answered, the others are asked for again, each runs once", async ({
    expect,
    onTestFinished,
  }) => {
    const desk = await openDesk(onTestFinished);
    desk.upstream.script(
      "three",
      [{ run: "echo a >> ran.txt" }, { run: "echo b >> ran.txt" }, { run: "echo c >> ran.txt" }],
      [{ say: "Three." }],
    );
    desk.upstream.plan({ do: "cut", after: "call" });
    const run = await desk.run(["exec", ...all, "three"]);
    expect(run).toMatchObject({ status: 0, out: "Three.\n" });
    expect(desk.lines("ran.txt").toSorted()).toEqual(["a", "b", "c"]);
  });
});

describe.concurrent("kill -9 while a tool runs", () => {
  const slow = `${count}; sleep 1.5; echo ended >> ran.txt; echo printed at the end`;

  async function killed(desk: Desk): Promise<void> {
    desk.upstream.script("slow", [{ run: slow }], [{ say: "Done." }]);
    const running = desk.start(["exec", ...all, "slow"]);
    await until(() => desk.lines("ran.txt").length === 1, "the tool to start");
    running.child.kill("SIGKILL");
    await running.ended;
  }

  it("the tool ends, and its output is collected", async ({ expect, onTestFinished }) => {
    const desk = await openDesk(onTestFinished);
    await killed(desk);
    await until(() => desk.lines("ran.txt").length === 2, "the tool to end without its agent");
    const run = await desk.run(["exec", "resume", "--last", ...all]);
    expect(run).toMatchObject({ status: 0, out: "Done.\n" });
    expect(outputs(desk.upstream.requests.at(-1))).toEqual([expect.stringContaining("printed at the end")]);
    expect(desk.lines("ran.txt")).toEqual(["ran", "ended"]);
    expect(desk.upstream.requests).toHaveLength(2);
  });

  it("a resume at once follows the tool that still runs", async ({ expect, onTestFinished }) => {
    const desk = await openDesk(onTestFinished);
    await killed(desk);
    const run = await desk.run(["exec", "resume", "--last", ...all]);
    expect(run).toMatchObject({ status: 0, out: "Done.\n" });
    expect(outputs(desk.upstream.requests.at(-1))).toEqual([expect.stringContaining("printed at the end")]);
    expect(desk.lines("ran.txt")).toEqual(["ran", "ended"]);
  });

  it("a new prompt gets the output of the killed turn first", async ({ expect, onTestFinished }) => {
    const desk = await openDesk(onTestFinished);
    await killed(desk);
    const run = await desk.run(["exec", "resume", "--last", ...all, "what now"]);
    expect(run).toMatchObject({ status: 0, out: "You said: what now\n" });
    expect(outputs(desk.upstream.requests.at(-1))).toEqual([expect.stringContaining("printed at the end")]);
    expect(desk.lines("ran.txt")).toEqual(["ran", "ended"]);
  });

  it("a tool whose wrapper is killed too is called unknown, and is not run again", async ({
    expect,
    onTestFinished,
  }) => {
    const desk = await openDesk(onTestFinished);
    desk.upstream.script(
      "both",
      [{ run: `${count}; kill -9 $PPID; sleep 0.2; echo after >> ran.txt` }],
      [{ say: "Looked." }],
    );
    const run = await desk.run(["exec", ...all, "both"]);
    expect(run).toMatchObject({ status: 0, out: "Looked.\n" });
    expect(outputs(desk.upstream.requests.at(-1))).toEqual([expect.stringMatching(/outcome unknown/iu)]);
    expect(desk.lines("ran.txt").filter((line) => line === "ran")).toHaveLength(1);
  });
});

describe.concurrent("sealed reasoning that can't be opened any more", () => {
  const wordings: [SealWording, string[]][] = [
    ["coded", ["second", "third", "fourth"]],
    ["uncoded", ["second", "third", "fourth"]],
    ["xai", ["second", "third", "fourth"]],
    ["error-event", ["second", "third", "fourth"]],
    ["wrapped-502", ["second", "third", "fourth"]],
    ["coded-reason", ["second", "third"]],
    ["named-item", ["second", "third"]],
    ["plain-text", ["second", "third"]],
    ["failed-event", ["second", "third"]],
    ["wrapped-raw-502", ["second", "third"]],
  ];

  it.for(wordings)(
    "refused as %s: 2+1+1 requests, said in one line, nothing visible lost",
    async ([wording, prompts], { expect, onTestFinished }) => {
      const desk = await openDesk(onTestFinished);
      desk.upstream.wording = wording;
      desk.upstream.script("first", [{ run: "echo kept-output" }], [{ say: "kept-answer" }]);
      await desk.run(["exec", ...all, "first"]);
      const before = readFileSync(join(desk.session(), "log.jsonl"));

      desk.upstream.rotate();
      desk.upstream.requests.length = 0;
      const turns: { requests: number; status: number | null; err: string }[] = [];
      for (const prompt of prompts) {
        const from = desk.upstream.requests.length;
        const { status, err } = await desk.run(["exec", "resume", "--last", ...all, prompt]);
        turns.push({ requests: desk.upstream.requests.length - from, status, err });
      }
      expect(turns.map(({ requests }) => requests)).toEqual([2, 1, 1].slice(0, prompts.length));
      expect(turns.map(({ status }) => status)).toEqual(prompts.map(() => 0));
      expect(
        turns[0]?.err.match(
          /^\+ reasoning sealed .* could not be decrypted; 2 items set aside; all messages and tool results kept/gmu,
        ),
      ).toHaveLength(1);
      expect(turns[0]?.err).not.toMatch(/disconnect|stream cut/u);
      expect(turns[1]?.err).not.toContain("set aside");
      expect(readFileSync(join(desk.session(), "log.jsonl")).subarray(0, before.length).equals(before)).toBe(
        true,
      );

      const [refused, healed, ...later] = desk.upstream.requests;
      expect([blobs(refused), blobs(healed), ...later.map(blobs)].map((sent) => sent.length)).toEqual(
        [2, 0, 1, 2].slice(0, prompts.length + 1),
      );
      expect(outputs(healed)).toEqual(outputs(refused));
      expect(texts(healed)).toEqual(texts(refused));
      expect(texts(healed)).toContain("kept-answer");
      expect(healed?.body["include"]).toEqual(["reasoning.encrypted_content"]);
    },
  );

  it("one damaged blob among good ones: it alone is set aside", async ({ expect, onTestFinished }) => {
    const desk = await openDesk(onTestFinished);
    desk.upstream.script(
      "first",
      [{ run: "echo 1" }],
      [{ run: "echo 2" }],
      [{ run: "echo 3" }],
      [{ say: "Three." }],
    );
    await desk.run(["exec", ...all, "first"]);
    const sent = blobs(desk.upstream.requests.at(-1));
    expect(sent).toHaveLength(3);
    desk.upstream.spoiled.add(String(sent[2]));
    desk.upstream.requests.length = 0;
    const run = await desk.run(["exec", "resume", "--last", ...all, "second"]);
    expect(run).toMatchObject({ status: 0, out: "You said: second\n" });
    expect(run.err).toMatch(/^\+ .*1 item set aside.*no other was refused/mu);
    expect(outcomes(desk)).toEqual(["refused", "answered"]);
    expect(blobs(desk.upstream.requests[1]).slice(0, 2)).toEqual(sent.slice(0, 2));
    await desk.run(["exec", "resume", "--last", ...all, "third"]);
    expect(outcomes(desk)).toEqual(["refused", "answered", "answered"]);
    expect(blobs(desk.upstream.requests[2])).toHaveLength(4);
  });

  it("rotated in the middle of a turn: healed there, and the tool ran once", async ({
    expect,
    onTestFinished,
  }) => {
    const desk = await openDesk(onTestFinished);
    desk.upstream.script(
      "count",
      [{ run: `${count}; until [ -e go ]; do sleep 0.05; done` }],
      [{ say: "Counted." }],
    );
    const running = desk.start(["exec", ...all, "count"]);
    await until(() => desk.lines("ran.txt").length === 1, "the tool to start");
    desk.upstream.rotate();
    writeFileSync(desk.at("go"), "");
    expect(await running.ended).toMatchObject({ status: 0, out: "Counted.\n" });
    expect(outcomes(desk)).toEqual(["answered", "refused", "answered"]);
    expect(desk.lines("ran.txt")).toHaveLength(1);
  });

  it("rotated again and again: each time costs one refused request", async ({ expect, onTestFinished }) => {
    const desk = await openDesk(onTestFinished);
    await desk.run(["exec", ...all, "0"]);
    for (let turn = 1; turn <= 3; turn++) {
      desk.upstream.rotate();
      await desk.run(["exec", "resume", "--last", ...all, String(turn)]);
    }
    expect(outcomes(desk)).toEqual([
      "answered",
      "refused",
      "answered",
      "refused",
      "answered",
      "refused",
      "answered",
    ]);
  });
});

describe.concurrent("a provider that can't answer now", () => {
  it("a usage limit ends the turn with status 4 and its reset time after one request; --wait goes on at the reset", async ({
    expect,
    onTestFinished,
  }) => {
    const desk = await openDesk(onTestFinished);
    desk.upstream.plan({ do: "limit", ms: 25_000 });
    const run = await desk.run(["exec", ...all, "go"]);
    expect(run).toMatchObject({ status: 4, out: "" });
    const resetsAt = Math.ceil(desk.upstream.limitedUntil / 1_000) * 1_000;
    expect(run.err).toContain(new Date(resetsAt).toISOString().slice(11, 19));
    expect(run.err).toContain(`throughline resume ${sessionId(run)} --wait`);
    expect(desk.upstream.requests).toHaveLength(1);
    expect(Date.now(), "it doesn't wait for that").toBeLessThan(desk.upstream.limitedUntil);

    desk.upstream.plan({ do: "limit", ms: 3_000 });
    const waited = await desk.run(["exec", "resume", "--last", "--wait", ...all]);
    expect(waited).toMatchObject({ status: 0, out: "You said: go\n" });
    expect(waited.err).toMatch(/^… .*waiting until .*Ctrl-C/mu);
    // It asks once when it is started, and once when the window has reset.
    expect(outcomes(desk)).toEqual(["refused", "refused", "answered"]);
    const late = (desk.upstream.requests[2]?.at ?? 0) - desk.upstream.limitedUntil;
    expect(late).toBeGreaterThanOrEqual(0);
    expect(late).toBeLessThan(30_000);
  });

  it("500 three times: under 3 s, shown, and then the answer", async ({ expect, onTestFinished }) => {
    const desk = await openDesk(onTestFinished);
    const broken = {
      do: "refuse",
      status: 500,
      body: {
        error: {
          message: "The server had an error while processing your request.",
          type: "server_error",
          code: null,
          param: null,
        },
      },
    } as const;
    desk.upstream.plan(broken, broken, broken);
    const run = await desk.run(["exec", ...all, "go"]);
    expect(run).toMatchObject({ status: 0, out: "You said: go\n" });
    expect(outcomes(desk)).toEqual(["refuse", "refuse", "refuse", "answered"]);
    const told = [...run.err.matchAll(/^! .*500.*trying again in ([\d.]+) s/gmu)];
    expect(told, run.err).toHaveLength(3);
    // What a person is told, as on a busy machine it takes longer, and that not much.
    expect(told.reduce((sum, [, seconds]) => sum + Number(seconds), 0)).toBeLessThan(3);
    const [first, last] = [desk.upstream.requests[0], desk.upstream.requests[3]];
    expect((last?.at ?? 0) - (first?.at ?? 0)).toBeLessThan(15_000);
  });

  it("silent upstreams give a sign after 15 s, before the headers and in the stream", async ({
    expect,
    onTestFinished,
  }) => {
    const desks = await Promise.all(
      (["at-once", "created"] as const).map(async (when) => ({
        when,
        desk: await openDesk(onTestFinished),
      })),
    );
    await Promise.all(
      desks.map(async ({ when, desk }) => {
        desk.upstream.plan({ do: "silent", ms: 20_000, when });
        const running = desk.start(["exec", ...all, "go"]);
        await until(() => desk.upstream.requests.length === 1, "the request");
        const began = performance.now();
        await until(() => running.err().includes("silent"), "the sign of silence");
        // Less than 15 s, as the request may have been there for a while when it was seen.
        expect(performance.now() - began).toBeGreaterThan(10_000);
        expect(await running.ended).toMatchObject({ status: 0, out: "You said: go\n" });
        expect(running.err().match(/^· .*silent for 15 s/gmu)).toHaveLength(1);
        expect(outcomes(desk)).toEqual(["silent"]);
      }),
    );
  });

  it("after the idle timeout the tools are drained, and it is tried again with their outputs", async ({
    expect,
    onTestFinished,
  }) => {
    const desk = await openDesk(onTestFinished);
    mkdirSync(desk.home);
    writeFileSync(join(desk.home, "config.toml"), "stream_idle_timeout = 0.5\n");
    desk.upstream.script("count", [{ run: `${count}; sleep 1; echo printed` }], [{ say: "Counted." }]);
    desk.upstream.plan({ do: "cut", after: "call", once: () => desk.upstream.requests.length > 1 });
    const run = await desk.run(["exec", ...all, "count"]);
    expect(run).toMatchObject({ status: 0, out: "Counted.\n" });
    expect(run.err).toMatch(/^! stream silent for too long .*trying again/mu);
    expect(desk.lines("ran.txt")).toHaveLength(1);
    expect(outputs(desk.upstream.requests[1])).toEqual([expect.stringContaining("printed")]);
  });

  it("a refused connection: bounded, named, and the session goes on afterwards", async ({
    expect,
    onTestFinished,
  }) => {
    const desk = await openDesk(onTestFinished);
    // Not a port that was free a moment ago: servers of other tests take those.
    const run = await desk.run(["exec", ...all, "go"], {
      env: { OPENAI_BASE_URL: "http://127.0.0.1:1/v1" },
    });
    expect(run).toMatchObject({ status: 1, out: "" });
    expect(run.ms).toBeLessThan(60_000);
    expect(run.err).toMatch(/connection refused/iu);
    expect(run.err).toContain("127.0.0.1:1");
    expect(run.err.trim().split("\n").at(-1)).toContain(`throughline resume ${sessionId(run)}`);
    const resumed = await desk.run(["exec", "resume", "--last", ...all]);
    expect(resumed).toMatchObject({ status: 0, out: "You said: go\n" });
  });
});

describe.concurrent("two processes on one session", () => {
  async function busy(desk: Desk) {
    desk.upstream.script(
      "hold",
      [{ run: `${count}; until [ -e go ]; do sleep 0.05; done; echo held` }],
      [{ say: "Held." }],
    );
    const running = desk.start(["exec", ...all, "hold"]);
    await until(() => desk.lines("ran.txt").length === 1, "the tool to start");
    return running;
  }

  it("the second is refused with status 3 and the owner's details, and changes nothing", async ({
    expect,
    onTestFinished,
  }) => {
    const desk = await openDesk(onTestFinished);
    const first = await busy(desk);
    const before = readFileSync(join(desk.session(), "log.jsonl"));
    const second = await desk.run(["exec", "resume", sessionId({ err: first.err() }), ...all, "me too"]);
    expect(second).toMatchObject({ status: 3, out: "" });
    expect(second.err).toContain(String(first.child.pid));
    expect(second.err).toContain("hold");
    expect(second.err).toContain("--force");
    expect(readFileSync(join(desk.session(), "log.jsonl")).equals(before)).toBe(true);
    writeFileSync(desk.at("go"), "");
    expect(await first.ended).toMatchObject({ status: 0, out: "Held.\n" });
    expect(desk.upstream.requests).toHaveLength(2);
  });

  it("--force fences the first off: its late output is refused, the second collects it, the tool ran once", async ({
    expect,
    onTestFinished,
  }) => {
    const desk = await openDesk(onTestFinished);
    const first = await busy(desk);
    const second = desk.start(["exec", "resume", "--last", "--force", ...all, "mine now"]);
    await until(() => second.err().includes("resumed"), "the second to take over");
    writeFileSync(desk.at("go"), "");
    const [lost, won] = await Promise.all([first.ended, second.ended]);
    expect(won).toMatchObject({ status: 0, out: "You said: mine now\n" });
    expect(lost).toMatchObject({ status: 3, out: "" });
    expect(lost.err).toMatch(/lease-lost/u);
    expect(outputs(desk.upstream.requests.at(-1))).toEqual([expect.stringContaining("held")]);
    expect(desk.lines("ran.txt")).toHaveLength(1);
    expect(desk.log().filter((event) => event["kind"] === "function_call_output")).toHaveLength(1);
  });

  it("a session resumed in a second workspace is refused with status 2 unless --here is given", async ({
    expect,
    onTestFinished,
  }) => {
    const desk = await openDesk(onTestFinished);
    const id = sessionId(await desk.run(["exec", ...all, "hello"]));
    const before = readFileSync(join(desk.session(), "log.jsonl"));
    const elsewhere = desk.home;
    const refused = await desk.run(["exec", "resume", id, ...all, "go on"], { folder: elsewhere });
    expect(refused).toMatchObject({ status: 2, out: "" });
    expect(refused.err).toContain(desk.work);
    expect(refused.err).toContain("--here");
    expect(desk.upstream.requests).toHaveLength(1);
    const items = (log: Buffer): number => log.toString().split('"type":"item-added"').length;
    expect(items(readFileSync(join(desk.session(), "log.jsonl")))).toBe(items(before));
    const here = await desk.run(["exec", "resume", id, "--here", ...all, "go on"], { folder: elsewhere });
    expect(here).toMatchObject({ status: 0, out: "You said: go on\n" });
    expect(existsSync(desk.at("home"))).toBe(false);
  });
});
