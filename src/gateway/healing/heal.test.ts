import { describe, expect, it } from "vitest";
import { classify } from "../../failure/classify.ts";
import { signalFromHttp } from "../../failure/signal.ts";
import type { Failure } from "../../failure.ts";
import { Healing } from "./heal.ts";
import { Ledger } from "../memory/ledger.ts";

const start = 1_800_000_000_000;

function clocked(
  wait: boolean,
  now = { at: start },
): { begin(body?: string): Promise<Healing>; now: { at: number } } {
  const memory = new Ledger(undefined, { log: () => undefined, now: () => now.at });
  const body = (text: string): { whole(): Buffer } => ({ whole: () => Buffer.from(text) });
  return {
    now,
    begin: (text = '{"input":[]}') =>
      Healing.begin(body(text), {
        issuer: "a",
        memory,
        encoding: undefined,
        maxBytes: 1_000_000,
        wait,
        now: () => now.at,
        random: () => 0,
      }),
  };
}

const refusal = (status: number, body: object, headers: Record<string, string> = {}): Failure =>
  classify(signalFromHttp(status, headers, JSON.stringify(body)), { now: start });
const limit = (resetsAt?: number): Failure =>
  refusal(429, {
    error: {
      type: "usage_limit_reached",
      message: "The usage limit has been reached",
      ...(resetsAt !== undefined && { resets_at: resetsAt / 1_000 }),
    },
  });

describe("a usage limit", () => {
  it("is the client's to know, unless it is to be waited for", async () => {
    expect(await (await clocked(false).begin()).refused(limit(start + 3_600_000))).toEqual({ do: "pass" });
  });

  it("is asked about in growing steps before its end, since quota can come back early, and at its end", async () => {
    const { begin, now } = clocked(true);
    const healing = await begin();
    const delays: number[] = [];
    const resetsAt = start + 40 * 60_000;
    while (now.at < resetsAt) {
      const verdict = await healing.refused(limit(resetsAt));
      if (verdict.do !== "hold") throw new Error(verdict.do);
      expect(verdict.until).toBe(resetsAt);
      delays.push(verdict.delayMs / 60_000);
      now.at += verdict.delayMs;
    }
    expect(delays).toEqual([1, 2, 4, 8, 15, 10]);
  });

  it("without a time is asked about all the same", async () => {
    const healing = await clocked(true).begin();
    expect(await healing.refused(limit())).toEqual({ do: "hold", delayMs: 60_000 });
  });
});

describe("a sealed summary that is refused", () => {
  const thread = "01a1fab7-6ca0-7853-978f-a8ff0a61dcf0";
  const text = (role: string, words: string): object => ({
    type: "message",
    role,
    content: [{ type: role === "user" ? "input_text" : "output_text", text: words }],
  });
  const body = (key: string): string =>
    JSON.stringify({
      model: "m",
      prompt_cache_key: key,
      input: [
        text("user", "one"),
        { type: "compaction", id: "cmp_1", encrypted_content: "gAAAAABsummary" },
        text("assistant", "two"),
      ],
    });
  const dead = refusal(400, {
    error: { code: "invalid_encrypted_content", message: "could not be verified" },
  });
  const sent = (healing: Healing): string => healing.body?.toString() ?? "";

  it("has words in its place, and what it means is told with the command that helps a Codex session", async () => {
    const { begin } = clocked(false);
    const healing = await begin(body(thread));
    const verdict = await healing.refused(dead);
    expect(verdict).toMatchObject({ do: "heal" });
    const { input } = JSON.parse(sent(healing)) as { input: { type: string; role: string }[] };
    expect(input.map(({ type, role }) => `${type} ${role}`)).toEqual([
      "message user",
      "message user",
      "message assistant",
    ]);
    expect(sent(healing)).toContain("A summary of the conversation until here stood here");
    expect(sent(healing)).not.toContain("gAAAAABsummary");
    const { notice } = verdict as { notice: string };
    expect(notice).toContain("not told any more");
    expect(notice).toContain(`throughline repair ${thread} --sealed --write`);
    healing.accepted();
    const next = await begin(body(thread));
    expect(next.prevented).toContain("refused before");
    expect(sent(next)).toContain("A summary of the conversation until here stood here");
    // Another repair of that request took no summary with it.
    const other = await next.refused(
      refusal(400, {
        error: { message: "Unsupported parameter: 'prompt_cache_key'", param: "prompt_cache_key" },
      }),
    );
    expect(other).toMatchObject({ do: "heal" });
    expect(JSON.stringify(other)).not.toContain("not told any more");
  });

  it("names no conversation by a key that is none of Codex's, and is told once", async () => {
    const healing = await clocked(false).begin(body("rm -rf /"));
    const { notice } = (await healing.refused(dead)) as { notice: string };
    expect(notice).toContain("throughline repair SESSION --sealed --write");
    const again = await healing.refused(refusal(400, { error: { message: "words that nobody knows" } }));
    expect(JSON.stringify(again)).not.toContain("not told any more");
  });
});

describe("what can't be healed", () => {
  it.each(["not JSON at all", '{"input":[{]}', "[]", ""])("%j is passed on", async (body) => {
    const healing = await clocked(false).begin(body);
    const sealed = refusal(400, {
      error: {
        code: "invalid_encrypted_content",
        message: "The encrypted content gAAA...c90= could not be verified.",
      },
    });
    expect(await healing.refused(sealed)).toEqual({ do: "pass" });
    expect(healing.body).toBeUndefined();
  });

  it("a refusal that no repair answers ends after a bounded number of them", async () => {
    const items = Array.from({ length: 6 }, (_none, at) => ({
      type: "reasoning",
      summary: [],
      encrypted_content: `gAAAAABp${"Zk8x".repeat(20 + at)}`,
    }));
    const input = items.flatMap((item, at) => [
      { role: "user", content: `${at}` },
      item,
      { type: "message", role: "assistant", content: [{ type: "output_text", text: "x" }] },
    ]);
    const healing = await clocked(false).begin(
      JSON.stringify({ input, include: ["reasoning.encrypted_content"] }),
    );
    const sealed = refusal(400, {
      error: { code: "invalid_encrypted_content", message: "Nothing is right." },
    });
    const bodies = new Set<string>();
    let rounds = 0;
    for (; rounds < 20; rounds++) {
      const verdict = await healing.refused(sealed);
      if (verdict.do !== "heal") break;
      const body = healing.body?.toString() ?? "";
      // Poison is never sent again unchanged.
      expect(bodies.has(body)).toBe(false);
      bodies.add(body);
    }
    expect(rounds).toBeGreaterThan(1);
    expect(rounds).toBeLessThanOrEqual(6);
  });

  const blob = (nth: number): string => `gAAAAABp${"Zk8x".repeat(20 + nth)}`;
  const plain = [
    { role: "user", content: "hi" },
    { type: "function_call", call_id: "call_1", name: "f", arguments: "{}" },
    { type: "function_call_output", call_id: "call_1", output: "x" },
    { role: "user", content: "go" },
  ];
  const histories = {
    "words and calls": plain,
    "ids, seals, media and a call of its own kind": [
      { role: "user", content: [{ type: "input_image", image_url: "data:image/png;base64,aGk=" }] },
      { type: "reasoning", id: "rs_1", summary: [], encrypted_content: blob(1) },
      { type: "function_call", id: "fc_1", call_id: `call_${"x".repeat(80)}`, name: "f", arguments: "{}" },
      { type: "function_call_output", call_id: `call_${"x".repeat(80)}`, output: "x" },
      { type: "web_search_call", id: "ws_1", status: "completed" },
      { type: "reasoning", id: "rs_2", summary: [], encrypted_content: blob(2) },
      { type: "message", id: "msg_1", role: "assistant", content: [{ type: "output_text", text: "x" }] },
      { role: "user", content: "go" },
    ],
    "what breaks the rules": [
      { type: "reasoning", id: "rs_1", summary: [] },
      { type: "message", id: "msg_1", role: "assistant", content: [{ type: "output_text", text: "x" }] },
      { type: "message", id: "msg_1", role: "assistant", content: [{ type: "output_text", text: "x" }] },
      { type: "item_reference", id: "fc_9" },
      ...plain.slice(1),
      { type: "function_call_output", call_id: "call_9", output: "x" },
    ],
  };
  const texts = [
    [400, "The encrypted content gAAA...c90= could not be verified.", "invalid_encrypted_content"],
    [404, "Item with id 'rs_1' not found. Items are not persisted when `store` is set to false."],
    [400, "No tool output found for function call call_1."],
    [400, "No tool call found for function call output with call_id call_1."],
    [400, "Duplicate item found with id rs_1. Remove duplicate items from your input and try again."],
    [400, "Item 'rs_1' of type 'reasoning' was provided without its required following item."],
    [400, "Item 'fc_1' of type 'function_call' was provided without its required 'reasoning' item: 'rs_1'."],
    [400, "Invalid 'input[2].call_id': string too long.", "string_above_max_length", "input[2].call_id"],
    [400, "Invalid 'input[1].id': string too long.", "string_above_max_length", "input[1].id"],
    [400, 'unknown input item type: "web_search_call"'],
    [400, "Unknown parameter: 'input[1].status'.", "unknown_parameter", "input[1].status"],
    [400, "Unsupported parameter: 'include'", "unsupported_parameter", "include"],
    [400, "The image data you provided does not represent a valid image"],
    [400, "The request body is not valid JSON: unexpected end of data"],
    [400, "Invalid 'input[1].content': array too long.", "array_above_max_length", "input[1].content"],
    [400, "Die Anfrage ist ungültig."],
  ] as const;
  const cases = Object.keys(histories).flatMap((history) => texts.map((text) => [text, history] as const));

  it.each(cases)("%j costs no body twice, where the history holds %s", async (text, history) => {
    const [status, message, code, param] = text;
    const request = JSON.stringify({
      store: false,
      include: ["reasoning.encrypted_content"],
      input: histories[history as keyof typeof histories],
    });
    const healing = await clocked(false).begin(request);
    const failure = refusal(status, { error: { message, type: "invalid_request_error", code, param } });
    const bodies = [request];
    while ((await healing.refused(failure)).do === "heal") {
      const body = healing.body?.toString() ?? "";
      expect(bodies).not.toContain(body);
      bodies.push(body);
      expect(bodies.length).toBeLessThan(12);
    }
  });
});

describe("a token that is said to have expired", () => {
  const expired = refusal(401, {
    error: { code: "token_expired", message: "Provided authentication token is expired." },
  });
  const answer = { type: "message", role: "assistant", content: [{ type: "output_text", text: "x" }] };
  const sealed = (length: number): object => ({
    type: "reasoning",
    summary: [],
    encrypted_content: `gAAAAABp${"Zk8x".repeat(length)}`,
  });

  it("may stand for a seal that is damaged, and then for a key that is gone, and else is the client's to know", async () => {
    // A seal of 20 has a length that none can have.
    const input = [33, 20, 49].flatMap((length) => [sealed(length), answer]);
    const healing = await clocked(false).begin(JSON.stringify({ input }));
    const seals: (number | string)[] = [];
    for (let asked = 0; asked < 3; asked++) {
      const verdict = await healing.refused(expired);
      seals.push(verdict.do === "heal" ? healing.body!.toString().split("gAAAAABp").length - 1 : verdict.do);
    }
    expect(seals).toEqual([2, 0, "pass"]);
  });

  it("has expired where nothing sealed is sent", async () => {
    const begun = await clocked(false).begin(JSON.stringify({ input: [answer] }));
    expect(await begun.refused(expired)).toEqual({ do: "pass" });
    expect(begun.body).toBeUndefined();
  });
});

describe("what is sent", () => {
  it("keeps the spacing, order and spelling of everything that isn't changed", async () => {
    const { begin } = clocked(false);
    const body = `{ "model" : "m",  "temperature":1.0 ,"input":[ {"role":"user","content":"h\\u00e9"} ], "x_new" : { "a" : 1.0 } ,"top_p": 0.50 }`;
    const healing = await begin(body);
    const failure = refusal(400, {
      error: {
        code: "unsupported_parameter",
        param: "temperature",
        message: "Unsupported parameter: 'temperature' is not supported with this model.",
      },
    });
    expect((await healing.refused(failure)).do).toBe("heal");
    expect(healing.body?.toString()).toBe(
      `{ "model" : "m",  "input":[{"role":"user","content":"h\\u00e9"}], "x_new" : { "a" : 1.0 } ,"top_p": 0.50 }`,
    );
  });
});

describe("a request with members that are nested deeper than a stack reaches", () => {
  it("is healed, and keeps them with every digit", async () => {
    const deep = `{"a":${"[".repeat(20_000)}12345678901234567890${"]".repeat(20_000)}}`;
    const call = `{"type":"frob_call","call_id":"c1","x":${deep},"text":"\\ud800"}`;
    const body = `{"model":"m","tools":[{"type":"function","name":"look","parameters":${deep},"description":"\\ud800"}],"input":[${call}]}`;
    const healing = await clocked(false).begin(body);
    const malformed = refusal(400, {
      error: { message: "The request body is not valid JSON: no low surrogate in string" },
    });
    expect(await healing.refused(malformed)).toMatchObject({ do: "heal" });
    const sent = healing.body?.toString() ?? "";
    expect(sent.split(deep)).toHaveLength(3);
    expect(sent).not.toContain("ud800");
  });
});

describe("what a conversation was known to need", () => {
  const system = { type: "message", role: "developer", content: "Be brief." };
  const goOn = { type: "message", role: "user", content: "go on" };
  const picture = (data: string): string => `data:image/png;base64,${data}`;
  const bodyOf = (data: string, ...more: object[]): string => {
    const shown = { type: "input_image", image_url: picture(data) };
    const seen = { type: "message", role: "assistant", content: [{ type: "output_text", text: "I see" }] };
    const asked = { type: "message", role: "user", content: [shown] };
    return JSON.stringify({ model: "m", input: [system, asked, seen, goOn, ...more] });
  };
  const invalid = refusal(400, {
    error: {
      code: "invalid_value",
      param: "input[1].content[0].image_url",
      message: "The image data you provided does not represent a valid image.",
    },
  });

  it("holds on its next turns, and takes nothing from another one that begins and goes on alike", async () => {
    const { begin } = clocked(false);
    const healing = await begin(bodyOf("AAAA"));
    expect((await healing.refused(invalid)).do).toBe("heal");
    healing.accepted();
    const next = await begin(bodyOf("AAAA", goOn));
    expect(next.body?.toString()).not.toContain(picture("AAAA"));
    const other = await begin(bodyOf("BBBB"));
    expect(other.body?.toString() ?? picture("BBBB")).toContain(picture("BBBB"));
  });

  it("holds where the client writes an item anew that it is not about, as one that tells the time", async () => {
    const { begin } = clocked(false);
    const later = bodyOf("AAAA", goOn).replace("Be brief.", "Be brief. It is noon.");
    // The client's own key for the conversation.
    const keyed = (body: string): string => body.replace('"model"', '"prompt_cache_key":"k","model"');
    const first = await begin(keyed(bodyOf("AAAA")));
    expect((await first.refused(invalid)).do).toBe("heal");
    first.accepted();
    const next = (await begin(keyed(later))).body?.toString();
    expect(next).toContain("noon");
    expect(next).not.toContain(picture("AAAA"));
  });
});

describe("an index that a refusal names", () => {
  it("is one into what the client sent, also where the rules for every request add something before it", async () => {
    const seal = (length: number): string => `gAAAAABp${"Zk8x".repeat(length)}`;
    const thought = (length: number): object[] => [
      { type: "reasoning", summary: [], encrypted_content: seal(length) },
      { type: "message", role: "assistant", content: [{ type: "output_text", text: "x" }] },
    ];
    // The call gets an answer.
    const call = { type: "function_call", call_id: "c1", name: "t", arguments: "{}" };
    const input = [call, ...[33, 49, 65].flatMap(thought)];
    const healing = await clocked(false).begin(JSON.stringify({ input }));
    const failure = refusal(400, {
      error: {
        code: "invalid_encrypted_content",
        param: "input[3].encrypted_content",
        message: "Invalid 'input[3].encrypted_content': the encrypted content could not be verified.",
      },
    });
    expect((await healing.refused(failure)).do).toBe("heal");
    const body = healing.body!.toString();
    expect([33, 49, 65].filter((length) => body.includes(`"${seal(length)}"`))).toEqual([33, 65]);
  });
});
