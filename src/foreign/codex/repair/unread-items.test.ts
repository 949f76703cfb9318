import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { codexRollouts } from "../../../../test/kit/codex-home.ts";
import { kindsToRepair } from "../../../../test/kit/judged.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { isJsonObject, type JsonObject, parseJson } from "../../../lib/json.ts";
import { writeJson } from "../../../lib/whole-json.ts";
import { promptOf } from "../rollout/payload/prompt.ts";
import { textIn } from "../rollout/payload/text-in.ts";
import { repairRollout } from "./repair.ts";

const now = Date.parse("2026-11-23T12:00:00Z");
const root = temporaryFolder();
const sessions = join(root, "codex", "sessions", "2026", "11", "20");
mkdirSync(sessions, { recursive: true });

const versions = ["0.36.0", "0.98.0", "0.130.0", "0.169.0"];
const rollouts = (version: string): string[] =>
  codexRollouts(version)
    .filter(({ form }) => form === "jsonl")
    .map(({ path }) => path);

interface Line extends JsonObject {
  type: string;
  payload: JsonObject;
}

const parsed = (text: string): (Line | undefined)[] =>
  text.split("\n").map((line) => {
    const value = parseJson(line);
    return isJsonObject(value) && isJsonObject(value["payload"]) ? (value as Line) : undefined;
  });

/** What each item says; of outputs and calls, also the call's id. */
const items = (text: string): string[] =>
  parsed(text).flatMap((line) => {
    if (line?.type !== "response_item" || line.payload["type"] === "reasoning") return [];
    const { type, role, content, call_id: call, name, arguments: given, input } = line.payload;
    return [writeJson({ type, role, words: textIn(content), call, name, given: given ?? input })];
  });

let repairs = 0;

async function repaired(source: string, content: string): Promise<{ text: string; left: string[] }> {
  const path = join(sessions, basename(source));
  writeFileSync(path, content);
  const home = join(root, `home-${repairs++}`);
  await repairRollout(path, { home, now, seals: { which: "none" } });
  const left = await kindsToRepair(path, now);
  return { text: readFileSync(path, "utf8"), left };
}

/** The file with one line changed. */
const changed = (text: string, at: number, into: (line: Line) => JsonObject): string =>
  text
    .split("\n")
    .map((line, nth) => (nth === at ? writeJson(into(parseJson(line) as Line)) : line))
    .join("\n");

const ofPayload =
  (into: (payload: JsonObject) => JsonObject) =>
  (line: Line): JsonObject => ({ ...line, payload: into(line.payload) });

const without = (name: string): ((line: Line) => JsonObject) =>
  ofPayload((payload) => Object.fromEntries(Object.entries(payload).filter(([key]) => key !== name)));

type Damage = readonly [string, (line: Line) => JsonObject];

const output: JsonObject = { type: "function_call_output", call_id: "a" };

const ofMessages: readonly Damage[] = [
  ["without a role", without("role")],
  ["whose id is a number", ofPayload((payload) => ({ ...payload, id: 7 }))],
  ["whose content is gone", without("content")],
  ["without a type", without("type")],
  ["that null stands for", (line) => ({ ...line, payload: null })],
  ["of a line with an altered type", (line) => ({ ...line, type: "responss_item" })],
  ["with an altered type", ofPayload((payload) => ({ ...payload, type: "messagg" }))],
  ["with an altered role", ofPayload((payload) => ({ ...payload, role: "usar" }))],
];

describe("a message that Codex passes over", () => {
  it.each(versions)(
    "is one again after a repair, by itself or as its event tells it: %s",
    async (version) => {
      let tried = 0;
      const [path] = rollouts(version);
      const text = readFileSync(path!, "utf8");
      const lines = parsed(text);
      const last = (isIt: (payload: JsonObject) => boolean): number =>
        lines.findLastIndex((line) => line?.type === "response_item" && isIt(line.payload));
      const prompt = last((payload) => promptOf(payload) !== undefined);
      const answer = last(({ role }) => role === "assistant");
      for (const at of [prompt, answer])
        for (const [what, into] of ofMessages) {
          tried++;
          const { text: mended, left } = await repaired(path!, changed(text, at, into));
          expect(items(mended), what).toEqual(items(text));
          expect(left, what).toEqual([]);
        }
      expect(tried).toBe(16);
    },
  );

  it("stays where its types are unknown, also if an event tells its words: it may be a newer version's", async () => {
    const [path] = rollouts("0.169.0");
    const text = readFileSync(path!, "utf8");
    const words = "In a form of its own.";
    const content = [{ type: "output_text", text: words }];
    const next = text.trimEnd().split("\n").length;
    const added = [
      { type: "future_item", payload: { type: "message", role: "assistant", content } },
      { type: "response_item", payload: { type: "future_message", role: "assistant", content } },
      { type: "response_item", payload: { type: "message", role: "future", content } },
      { type: "response_item", payload: { type: "message", author: "model", content: words } },
      {
        type: "response_item",
        payload: { type: "message", role: "assistant", content: [{ type: "output_hologram", text: words }] },
      },
      { type: "event_msg", payload: { message: words } },
    ].flatMap((line, nth) => {
      const item = { type: "AgentMessage", id: `item_${nth}`, content: [{ type: "Text", text: words }] };
      const told = { type: "event_msg", payload: { type: "item_completed", item } };
      const at = { timestamp: "2026-11-20T20:00:00.000Z" };
      return [
        writeJson({ ...at, ordinal: next + 2 * nth, ...line }),
        writeJson({ ...at, ordinal: next + 2 * nth + 1, ...told }),
      ];
    });
    const whole = `${text}${added.slice(0, -1).join("\n")}\n`;
    expect(await repaired(path!, whole)).toEqual({ text: whole, left: [] });
  });

  it.each<[string, JsonObject]>([
    ["a list of texts", { type: "message", role: "assistant", content: ["one", "two"] }],
    [
      "a part that stands alone",
      { type: "message", role: "user", content: { type: "input_text", text: "one" } },
    ],
    ["parts without a type", { type: "message", role: "user", content: [{ text: "one" }] }],
    [
      "a refusal",
      { type: "message", role: "assistant", content: [{ type: "refusal", refusal: "one" }, { text: "two" }] },
    ],
    ["a message without a type", { role: "assistant", content: [{ type: "output_text", text: "one" }] }],
    ["a call without a type", { name: "sh", call_id: "a", arguments: "one" }],
    ["an output of the model's parts", { ...output, output: [{ type: "output_text", text: "one" }] }],
    ["an output without a call", { ...output, call_id: undefined, output: "one" }],
    ["a picture", { ...output, output: [{ type: "image", data: "one", mimeType: "image/png" }] }],
  ])("keeps its words where no event tells them: %s", async (_, payload) => {
    const [path] = rollouts("0.130.0");
    const text = readFileSync(path!, "utf8");
    const added = { timestamp: "2026-11-20T20:00:00.000Z", type: "response_item", payload };
    const { text: mended, left } = await repaired(path!, `${text}${writeJson(added)}\n`);
    expect(left).toEqual([]);
    const behind = parsed(mended.slice(text.length)).find((line) => line && !("rebuilt_by" in line))!.payload;
    const said = writeJson([behind["content"], behind["arguments"], behind["output"]]);
    for (const word of ["one", "two"])
      expect(said.includes(word), word).toBe(writeJson(payload).includes(word));
    expect(behind).toMatchObject({ type: expect.any(String) as unknown });
  });
});

describe("reasoning that Codex passes over", () => {
  const [path] = rollouts("0.169.0");
  const text = readFileSync(path!, "utf8");
  const at = parsed(text).findIndex((line) => line?.payload["type"] === "reasoning");
  const own = parsed(text)[at]!.payload;
  const reasonings = (content: string): JsonObject[] =>
    parsed(content).flatMap((line) => (line?.payload["type"] === "reasoning" ? [line.payload] : []));
  const thought = (type: string): JsonObject => ({ type, text: "so" });

  it.each<[string, JsonObject, JsonObject]>([
    ["without summaries", { summary: undefined }, { summary: [] }],
    ["with null for them", { summary: null }, { summary: [] }],
    ["with text for them", { summary: "so" }, { summary: [thought("summary_text")] }],
    ["with a list of texts", { summary: ["so"] }, { summary: [thought("summary_text")] }],
    ["with parts of another API", { summary: [thought("text")] }, { summary: [thought("summary_text")] }],
    ["with text for its words", { content: "so" }, { content: [thought("reasoning_text")] }],
    [
      "with an answer's parts",
      { content: [thought("output_text")] },
      { content: [thought("reasoning_text")] },
    ],
  ])("keeps its seal, its id and its words: %s", async (_what, damage, words) => {
    const broken = changed(
      text,
      at,
      ofPayload((payload) => ({ ...payload, ...damage })),
    );
    const { text: mended, left } = await repaired(path!, broken);
    expect(reasonings(mended)[0]).toEqual({ ...own, ...words });
    expect(reasonings(mended)).toHaveLength(reasonings(text).length);
    expect(items(mended)).toEqual(items(text));
    expect(left).toEqual([]);
  });

  it("whose id is a number keeps its seal, and what would name it goes without an id", async () => {
    const broken = changed(
      text,
      at,
      ofPayload((payload) => ({ ...payload, id: 7 })),
    );
    const { text: mended, left } = await repaired(path!, broken);
    const { id, ...unnamed } = own;
    expect(reasonings(mended)[0]).toEqual(unnamed);
    const ids = (content: string): unknown[] =>
      parsed(content).flatMap((line) => (line?.type === "response_item" ? [line.payload["id"]] : []));
    const nth = ids(text).indexOf(id);
    expect(ids(mended)).toEqual(
      ids(text)
        .with(nth, undefined)
        .with(nth + 1, undefined),
    );
    expect(left).toEqual([]);
  });

  it("stays where its parts are unknown: a newer version may write them", async () => {
    const newer = changed(
      text,
      at,
      ofPayload((payload) => ({ ...payload, summary: [thought("summary_image")] })),
    );
    expect(await repaired(path!, newer)).toEqual({ text: newer, left: [] });
  });
});

describe("a call without its name or what it was called with", () => {
  /** A call of a version's fixtures that counts, was not aborted and has an output, and of 0.169 an event. */
  const found = (version: string): { path: string; text: string; at: number } => {
    for (const path of rollouts(version)) {
      const text = readFileSync(path, "utf8");
      const at = parsed(text).findIndex(
        (line) =>
          line?.payload["type"] === "function_call" &&
          text.split(`":"${String(line.payload["call_id"])}"`).length === (version === "0.169.0" ? 4 : 3),
      );
      if (at >= 0 && !/aborted by user|"compacted"/u.test(text)) return { path, text, at };
    }
    throw new Error(`no call of ${version} has what is wanted`);
  };
  const gone: readonly string[] = ["name", "arguments"];

  it.each(gone)("has its %s as its event tells it", async (name) => {
    const { path, text, at } = found("0.169.0");
    const { text: mended, left } = await repaired(path, changed(text, at, without(name)));
    expect(items(mended)).toEqual(items(text));
    expect(parsed(mended)[at]?.payload["id"]).toBe(parsed(text)[at]?.payload["id"]);
    expect(left).toEqual([]);
  });

  it.each([
    ["name", { name: "lost_call" }],
    ["arguments", { arguments: '{"note":"the record of this call was damaged"}' }],
  ])("of whose %s nobody tells keeps what is left of it, and its output", async (name, standIn) => {
    const { path, text, at } = found("0.36.0");
    const { text: mended, left } = await repaired(path, changed(text, at, without(name)));
    const expected = changed(
      text,
      at,
      ofPayload((payload) => ({ ...payload, ...standIn })),
    );
    expect(items(mended)).toEqual(items(expected));
    expect(left).toEqual([]);
  });
});

const ofPairs: readonly Damage[] = [
  ["without the call's id", without("call_id")],
  ["whose own id is a number", ofPayload((payload) => ({ ...payload, id: 7 }))],
];

describe("half of a call that Codex passes over", () => {
  it.each(versions)("is one again after a repair: %s", async (version) => {
    const isOutput = /^(?![^]*"type":"compacted")[^]*"function_call_output"/u;
    const path = rollouts(version).find((one) => isOutput.test(readFileSync(one, "utf8")))!;
    const text = readFileSync(path, "utf8");
    const at = parsed(text).findIndex(
      ({ payload } = {} as Line) => payload?.["type"] === "function_call_output",
    );
    const call = parsed(text).findIndex(
      ({ payload } = {} as Line) =>
        payload?.["type"] === "function_call" && payload["call_id"] === parsed(text)[at]!.payload["call_id"],
    );
    for (const half of [call, at])
      for (const [what, into] of ofPairs) {
        const { text: mended, left } = await repaired(path, changed(text, half, into));
        expect(items(mended), what).toEqual(items(text));
        expect(left, what).toEqual([]);
      }
  });

  it.each([
    ["the calls", "function_call"],
    ["the outputs", "function_call_output"],
  ])("is one again where all %s of short turns lost their ids", async (_what, type) => {
    const path = rollouts("0.98.0")[0]!;
    const [header = ""] = readFileSync(path, "utf8").split("\n");
    const item = (payload: object): string =>
      `${JSON.stringify({ timestamp: "2026-11-20T21:00:00.000Z", type: "response_item", payload })}\n`;
    const said = (role: string, text: string): string =>
      item({
        type: "message",
        role,
        content: [{ type: role === "user" ? "input_text" : "output_text", text }],
      });
    const turn = (nth: number): string =>
      said("user", `ask ${nth}`) +
      item({ type: "function_call", name: "sh", arguments: `{"nth":${nth}}`, call_id: `call_${nth}` }) +
      item({ type: "function_call_output", call_id: `call_${nth}`, output: `out ${nth}` }) +
      said("assistant", `answer ${nth}`);
    const text = `${header}\n${[1, 2, 3, 4].map(turn).join("")}`;
    const broken = text
      .split("\n")
      .map((line) => (line.includes(`"type":"${type}"`) ? line.replace(/,"call_id":"\w+"/u, "") : line))
      .join("\n");
    expect(broken).not.toBe(text);
    const { text: mended, left } = await repaired(path, broken);
    expect(items(mended)).toEqual(items(text));
    expect(left).toEqual([]);
  });
});
