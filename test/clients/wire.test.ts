import { closeSync, existsSync, openSync } from "node:fs";
import { describe, it } from "vitest";
import { openDesk, sessionId } from "./desk.ts";
import type { Answer } from "./model.ts";
import type { Item } from "./requirements.ts";
import type { Framing } from "./stream-text.ts";

const all = ["--approval", "all"];
const ofKind = (input: readonly Item[], kind: string): Item[] =>
  input.filter((item) => item["type"] === kind);

describe.concurrent("requests", () => {
  it("ask for nothing to be stored, for sealed reasoning, and for a stream, under the session's cache key", async ({
    expect,
    onTestFinished,
  }) => {
    const desk = await openDesk(onTestFinished);
    const run = await desk.run(["exec", ...all, "--model", "gpt-5.5", "--effort", "high", "hello"]);
    expect(run.status).toBe(0);
    const [request] = desk.upstream.requests;
    if (!request) throw new Error("there was no request");
    const { body, headers, raw } = request;
    expect(body).toMatchObject({
      model: "gpt-5.5",
      store: false,
      stream: true,
      include: ["reasoning.encrypted_content"],
      prompt_cache_key: sessionId(run),
      reasoning: { effort: "high" },
    });
    expect(body["previous_response_id"]).toBeUndefined();
    expect((body["tools"] as Item[]).map((tool) => [tool["type"], tool["name"]])).toEqual([
      ["function", "shell_command"],
      ["custom", "apply_patch"],
      ["function", "list_sessions"],
    ]);
    expect(headers).toMatchObject({
      "content-type": "application/json",
      accept: "text/event-stream",
      "content-length": String(Buffer.byteLength(raw)),
    });
  });

  it("replay earlier turns byte for byte, sealed blobs included, and only their ids are left out", async ({
    expect,
    onTestFinished,
  }) => {
    const desk = await openDesk(onTestFinished);
    const odd = 'Ünïcödé 🧵 "quotes" \\ back\u2028slash </script> \u0007 tab\tend';
    desk.upstream.script(
      "one",
      [
        { run: "printf 'a\\tb\\n'" },
        { custom: "apply_patch", input: "*** Begin Patch\n*** Add File: new.txt\n+hello\n*** End Patch\n" },
      ],
      [{ say: odd }],
    );
    for (const args of [
      ["exec", ...all, "one"],
      ["exec", "resume", "--last", ...all, "two"],
      ["exec", "resume", "--last", ...all, "three"],
    ])
      expect((await desk.run(args)).status).toBe(0);
    expect(desk.lines("new.txt")).toEqual(["hello"]);
    const inputs = desk.upstream.requests.map(({ raw }) => raw.slice(raw.indexOf('"input":[') + 9, -2));
    // Each request's input is the one before it with more at its end: nothing that was sent is ever sent otherwise (prompt caching).
    for (const [at, input] of inputs.entries()) {
      if (at > 0) expect(input.startsWith(inputs[at - 1] ?? "")).toBe(true);
    }
    const last = desk.upstream.requests.at(-1)?.input ?? [];
    expect(last.filter((item) => "id" in item)).toEqual([]);
    const logged = desk
      .log()
      .filter((event) => event["kind"] === "reasoning")
      .map((event) => (event["item"] as Item)["encrypted_content"]);
    expect(ofKind(last, "reasoning").map((item) => item["encrypted_content"])).toEqual(logged.slice(0, -1));
    expect(JSON.stringify(last)).toContain(JSON.stringify(odd));
  });
});

const framings: [string, Framing][] = [
  ["CRLF line ends", { lineEnd: "\r\n" }],
  ["CR line ends", { lineEnd: "\r" }],
  ["comments between events", { comments: true }],
  ["JSON over several data lines", { multiline: true }],
  ["no event names", { nameless: true, terse: true }],
  ["a byte order mark, unknown events and [DONE]", { byteOrderMark: true, strangers: true, done: true }],
  ["every byte in a packet of its own", { bytewise: true, lineEnd: "\r\n", comments: true }],
];

describe.concurrent("event streams as the specification allows them", () => {
  it.for(framings)("%s", async ([, framing], { expect, onTestFinished }) => {
    const desk = await openDesk(onTestFinished);
    desk.upstream.framing = framing;
    const text = "Zwölf Boxkämpfer 🥊 jagen Viktor quer über den großen Sylter Deich";
    desk.upstream.script("one", [{ run: "echo ran >> ran.txt; echo printed" }], [{ say: text }]);
    const run = await desk.run(["exec", ...all, "one"]);
    expect(run).toMatchObject({ status: 0, out: `${text}\n` });
    expect(desk.lines("ran.txt")).toHaveLength(1);
    const next = await desk.run(["exec", "resume", "--last", ...all, "two"]);
    expect(next).toMatchObject({ status: 0, out: "You said: two\n" });
    expect(desk.upstream.requests.map(({ outcome }) => outcome)).toEqual([
      "answered",
      "answered",
      "answered",
    ]);
    expect(desk.upstream.requests[2]?.raw).toContain(text);
    expect(desk.log().filter((event) => event["kind"] === "reasoning")).toHaveLength(3);
  });

  it("items of other kinds are kept and sent back", async ({ expect, onTestFinished }) => {
    const desk = await openDesk(onTestFinished);
    const search = {
      id: "ws_0123456789",
      type: "web_search_call",
      status: "completed",
      action: { type: "search", query: "fernet" },
    };
    const answer: Answer = [
      { item: search },
      { item: { id: "qx_1", type: "quantum_note", entangled: [1, { b: null }] } },
      { say: "Found." },
    ];
    desk.upstream.script("search", answer);
    expect(await desk.run(["exec", ...all, "search"])).toMatchObject({ status: 0, out: "Found.\n" });
    expect(await desk.run(["exec", "resume", "--last", ...all, "two"])).toMatchObject({ status: 0 });
    const { id, ...rest } = search;
    expect(ofKind(desk.upstream.requests[1]?.input ?? [], "web_search_call")).toEqual([rest]);
    expect(desk.log().map((event) => event["id"])).toContain(id);
    expect(desk.log().map((event) => event["kind"])).toContain("quantum_note");
  });

  it("calls of one response with the same id get their own outputs, in this turn and in the next", async ({
    expect,
    onTestFinished,
  }) => {
    const desk = await openDesk(onTestFinished);
    const call = (command: string) => ({
      call: "shell_command",
      id: "call_1",
      arguments: JSON.stringify({ command }),
    });
    desk.upstream.script("both", [call("sleep 0.3; echo slow"), call("echo quick")], [{ say: "ok" }]);
    desk.upstream.script("third", [call("echo third")], [{ say: "ok" }]);
    expect(await desk.run(["exec", ...all, "both"])).toMatchObject({ status: 0 });
    expect(await desk.run(["exec", "resume", "--last", ...all, "third"])).toMatchObject({ status: 0 });
    const outputs = ofKind(desk.upstream.requests.at(-1)?.input ?? [], "function_call_output");
    expect(outputs.map(({ output }) => /slow|quick|third/u.exec(String(output))?.[0])).toEqual([
      "slow",
      "quick",
      "third",
    ]);
  });

  it.skipIf(!existsSync("/dev/full"))(
    "an output that can't be written costs the output, not the session",
    async ({ expect, onTestFinished }) => {
      const desk = await openDesk(onTestFinished);
      const full = openSync("/dev/full", "w");
      onTestFinished(() => closeSync(full));
      desk.upstream.script("count", [{ run: "echo ran >> ran.txt" }], [{ say: "Counted." }]);
      const run = await desk.run(["exec", "--json", ...all, "count"], { stdout: full });
      expect(run.status).toBe(1);
      expect(run.err).toMatch(/^The output could not be written: .*ENOSPC.*\n$/u);
      expect(desk.lines("ran.txt")).toHaveLength(1);
      expect(await desk.run(["exec", "resume", "--last", ...all, "well"])).toMatchObject({ status: 0 });
      expect(JSON.stringify(desk.upstream.requests.at(-1)?.input)).toContain("Counted.");
    },
  );

  it("a refusal is shown as the answer", async ({ expect, onTestFinished }) => {
    const desk = await openDesk(onTestFinished);
    const content = [{ type: "refusal", refusal: "I can't help with that." }];
    desk.upstream.script("bad", [{ item: { id: "msg_1", type: "message", role: "assistant", content } }]);
    expect(await desk.run(["exec", ...all, "bad"])).toMatchObject({
      status: 0,
      out: "I can't help with that.\n",
    });
  });

  it("an answer without text is not sent back, and doesn't poison the session", async ({
    expect,
    onTestFinished,
  }) => {
    const desk = await openDesk(onTestFinished);
    desk.upstream.script("nothing", [{ say: "" }]);
    expect(await desk.run(["exec", ...all, "nothing"])).toMatchObject({ status: 0, out: "\n" });
    expect(await desk.run(["exec", "resume", "--last", ...all, "well"])).toMatchObject({ status: 0 });
    expect(ofKind(desk.upstream.requests[1]?.input ?? [], "reasoning")).toEqual([]);
  });

  it("prompts that no provider takes are refused before they are logged", async ({
    expect,
    onTestFinished,
  }) => {
    const desk = await openDesk(onTestFinished);
    for (const blank of ["", " \n "])
      expect(await desk.run(["exec", ...all, blank])).toMatchObject({ status: 2, out: "" });
    const long = await desk.run(["exec", ...all, "-"], { input: "x".repeat(10_485_761) });
    expect(long.status).toBe(2);
    expect(long.err).toMatch(/more than 10485760 characters.*file/u);
    expect(desk.upstream.requests).toEqual([]);
    const wrong = await desk.run(["exec", ...all, "hi"], { env: { OPENAI_BASE_URL: "api.openai.com/v1" } });
    expect(wrong.status).toBe(2);
    expect(wrong.err).toContain("OPENAI_BASE_URL");
  });

  it("an end that is not a stream's: each is a typed failure and a session that can be resumed", async ({
    expect,
    onTestFinished,
  }) => {
    const desk = await openDesk(onTestFinished);
    const failed = (error: object) =>
      ({
        do: "event",
        event: { type: "response.failed", response: { id: "resp_1", status: "failed", error } },
      }) as const;
    const plans = [
      failed({
        code: "context_length_exceeded",
        message: "Your input exceeds the context window of this model.",
      }),
      {
        do: "event",
        event: {
          type: "response.incomplete",
          response: { id: "resp_1", status: "incomplete", incomplete_details: { reason: "content_filter" } },
        },
      },
      {
        do: "refuse",
        status: 400,
        body: {
          error: {
            message: "This request has been flagged for possible cybersecurity risk.",
            code: "cyber_policy",
          },
        },
      },
      {
        do: "refuse",
        status: 404,
        body: { error: { message: "The model 'gpt-9' does not exist", code: "model_not_found" } },
      },
      {
        do: "refuse",
        status: 401,
        body: {
          error: {
            message: "Incorrect API key provided: sk-test-0123456789abcdef.",
            code: "invalid_api_key",
          },
        },
      },
      {
        do: "refuse",
        status: 403,
        body: "<html><body>Access denied</body></html>",
        headers: { "content-type": "text/html" },
      },
      {
        do: "refuse",
        status: 429,
        body: {
          error: {
            message: "You exceeded your current quota, please check your plan and billing details.",
            type: "insufficient_quota",
            code: "insufficient_quota",
          },
        },
      },
    ] as const;
    const classes: (string | undefined)[] = [];
    for (const plan of plans) {
      desk.upstream.plan(plan);
      const args = classes.length === 0 ? ["exec"] : ["exec", "resume", "--last"];
      const run = await desk.run([...args, "--json", ...all, `try ${classes.length}`]);
      expect(run.status, String(classes.length)).toBe(plan === plans[0] ? 5 : 1);
      expect(run.out + run.err).not.toContain("sk-test-0123456789abcdef");
      classes.push(/"turn.failed","error":\{"class":"([\w-]+)"/u.exec(run.out)?.[1]);
    }
    expect(classes).toEqual([
      "context-overflow",
      "refusal",
      "refusal",
      "model-missing",
      "auth-denied",
      "auth-denied",
      "billing",
    ]);
    expect(desk.upstream.requests).toHaveLength(plans.length);
    expect(await desk.run(["exec", "resume", "--last", ...all, "well"])).toMatchObject({
      status: 0,
      out: "You said: well\n",
    });
  });
});
