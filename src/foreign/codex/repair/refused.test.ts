// What a provider has refused, as the rollout's last turn says it: what goes, what stays, and that no byte moves.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { kindsToRepair } from "../../../../test/kit/judged.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import type { JsonObject } from "../../../lib/json.ts";
import { examine } from "../examine/examine.ts";
import type { FindingKind } from "../findings/catalogue.ts";
import type { SealChoice } from "../findings/seal-choice.ts";
import { understand } from "../findings/understand.ts";
import { repairRollout } from "./repair.ts";

const root = temporaryFolder();
beforeEach(() => rmSync(join(root, "sessions"), { recursive: true, force: true }));

const now = Date.parse("2026-11-22");
const timestamp = "2026-11-21T09:45:53.780Z";
const id = "01a1fd7f-7f19-7713-9a44-8f943967cbfd";
const path = join(root, "sessions", "2026", "11", "21", `rollout-2026-11-21T09-45-53-${id}.jsonl`);
/** As a Fernet token begins: its version, and when it was sealed. */
const blob = (nth: number): string =>
  Buffer.concat([Buffer.from("800000000069204a5c", "hex"), Buffer.alloc(112, nth)]).toString("base64url");

const item = (payload: JsonObject): JsonObject => ({ type: "response_item", payload });
const prompt = item({
  type: "message",
  id: "msg_p",
  role: "user",
  content: [{ type: "input_text", text: "do it" }],
});
const reasoning = (nth: number, content: unknown = null): JsonObject =>
  item({ type: "reasoning", id: `rs_${nth}`, summary: [], content, encrypted_content: blob(nth) });
const call = (nth: number): JsonObject =>
  item({ type: "function_call", id: `fc_${nth}`, call_id: `call_${nth}`, name: "shell", arguments: "{}" });
const output = (nth: number): JsonObject =>
  item({ type: "function_call_output", id: `fco_${nth}`, call_id: `call_${nth}`, output: "done" });
const answer = (nth: number): JsonObject =>
  item({
    type: "message",
    id: `msg_${nth}`,
    role: "assistant",
    content: [{ type: "output_text", text: "Done." }],
  });
const failed = (message: string): JsonObject => ({
  type: "event_msg",
  payload: { type: "task_complete", turn_id: "t", last_agent_message: null, error: { message } },
});

const header = {
  id,
  timestamp,
  cwd: "/w",
  originator: "codex_exec",
  cli_version: "0.169.0",
  model_provider: "openai",
};
const rollout = (...rows: JsonObject[]): string =>
  [{ type: "session_meta", payload: { ...header, history_mode: "paginated" } }, ...rows]
    .map((row, ordinal) => `${JSON.stringify({ timestamp, ordinal, ...row })}\n`)
    .join("");

function write(text: string): void {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
}

/** What has to be repaired. */
async function kinds(): Promise<FindingKind[]> {
  return kindsToRepair(path, now);
}

/** What the file's lines are after a repair; of blank ones nothing. Every line stays where it was. */
async function repaired(
  text: string,
  options: { seals?: SealChoice; only?: FindingKind | readonly FindingKind[] } = {},
): Promise<(JsonObject | undefined)[]> {
  write(text);
  const { seals = { which: "dead" }, only } = options;
  const own = { home: join(root, "own"), now, seals, ...(only && { only: [only].flat() }) };
  await repairRollout(path, own);
  const after = readFileSync(path, "utf8");
  const lengths = (of: string): number[] => of.split("\n").map((line) => Buffer.byteLength(line));
  expect(lengths(after)).toEqual(lengths(text));
  return after
    .split("\n")
    .slice(1, -1)
    .map((line) => (line.trim() === "" ? undefined : (JSON.parse(line) as { payload: JsonObject }).payload));
}

const idsOf = (payloads: (JsonObject | undefined)[]): unknown[] => payloads.map((payload) => payload?.["id"]);

describe("reasoning in plain text", () => {
  const plain = [{ type: "reasoning_text", text: "I should look: ☂." }];
  const tooLong =
    "Invalid 'input[1].content': array too long. Expected an array with maximum length 0, but got an array with length 1 instead.";

  it.each([
    ["as Codex writes it", '"content":[{"type"'],
    ["with spaces between its members", '"content" : [ {"type"'],
  ])("that was refused loses its words, and keeps its seal: %s", async (_what, written) => {
    const text = rollout(prompt, reasoning(1, plain), answer(1), failed(tooLong)).replace(
      '"content":[{"type":"reasoning_text"',
      `${written}:"reasoning_text"`,
    );
    write(text);
    expect(await kinds()).toEqual(["plain-reasoning"]);
    const [, mended, kept] = await repaired(text);
    expect(mended).toEqual(reasoning(1)["payload"]);
    expect(kept).toEqual(answer(1)["payload"]);
    expect(await kinds()).toEqual([]);
  });

  it("that nobody refused stays, unless it is named", async () => {
    const text = rollout(prompt, reasoning(1, plain), answer(1), failed("The server is overloaded."));
    expect((await repaired(text))[1]).toMatchObject({ content: plain });
    expect(await kinds()).toEqual([]);
    expect((await repaired(text, { only: "plain-reasoning" }))[1]).toMatchObject({ content: null });
  });
});

describe("words in the place of a seal", () => {
  const at = (name: string, text: string): string =>
    text.replace('"model_provider":"openai"', `"model_provider":"${name}"`);
  const said = (nth: number, words: string): JsonObject =>
    item({ type: "reasoning", summary: [{ type: "summary_text", text: words }], encrypted_content: words });

  it.each([
    ["ollama", said(1, "The user wants the files.")],
    ["llama.cpp", item({ type: "reasoning", summary: [], encrypted_content: "" })],
  ])("are no damage where they are all that a provider gives: %s", async (name, thought) => {
    const text = at(name, rollout(prompt, thought, answer(1), prompt, said(2, "Done"), answer(2)));
    write(text);
    expect(await kinds()).toEqual([]);
    expect((await repaired(text))[1]).toEqual(thought["payload"]);
  });

  it("are damage at OpenAI, among seals, and where they begin as one", async () => {
    const thought = said(1, "[redacted]");
    write(rollout(prompt, thought, answer(1)));
    expect(await kinds()).toEqual(["seal-malformed"]);
    write(at("relay1", rollout(prompt, thought, answer(1), prompt, reasoning(2), answer(2))));
    expect(await kinds()).toEqual(["seal-malformed"]);
    write(at("relay1", rollout(prompt, said(1, `${blob(1).slice(0, 40)}…`), answer(1))));
    expect(await kinds()).toEqual(["seal-malformed"]);
  });
});

describe("reasoning whose seal was taken out", () => {
  const stripped = item({ type: "reasoning", id: "rs_1", summary: [], content: null });
  const text = rollout(prompt, stripped, answer(1), prompt, reasoning(2), answer(2));
  const elsewhere = rollout(prompt, stripped, answer(1))
    .replace('"model_provider":"openai"', '"model_provider":"relay1"')
    .replace('"content":null}', '"content":null,"encrypted_content":null}');
  const gone = "Item with id 'rs_1' not found. Items are not persisted when `store` is set to false.";

  it("goes, and so does the id of what it led to", async () => {
    write(text);
    expect(await kinds()).toEqual(["unsealed-reasoning"]);
    const mended = await repaired(text);
    expect(idsOf(mended)).toEqual(["msg_p", undefined, undefined, "msg_p", "rs_2", "msg_2"]);
    expect(mended[1]).toBeUndefined();
    expect(await kinds()).toEqual([]);
  });

  it("goes at any provider", async () => {
    write(text.replace('"model_provider":"openai"', '"model_provider":"relay1"'));
    expect(await kinds()).toEqual(["unsealed-reasoning"]);
  });

  it("at another provider goes where other reasoning has one, and else once it was refused", async () => {
    write(
      text
        .replace('"openai"', '"relay1"')
        .replace('"content":null}', '"content":null,"encrypted_content":null}'),
    );
    expect(await kinds()).toEqual(["unsealed-reasoning"]);
    write(elsewhere);
    expect(await kinds()).toEqual([]);
    expect((await repaired(elsewhere, { only: "unsealed-reasoning" }))[1]).toBeUndefined();
    write(elsewhere + rollout(failed(gone)).split("\n")[1]!.replace('"ordinal":1', '"ordinal":4') + "\n");
    expect(await kinds()).toContain("unsealed-reasoning");
  });

  it("stays in a session that an API key made up to 0.33, which has OpenAI keep it, and goes among sealed ones", async () => {
    // As 0.20 and 0.29 write it; the first versions knew no seals.
    const { payload: kept } = reasoning(1) as { payload: JsonObject };
    const { encrypted_content: _none, ...first } = kept;
    const bare = (...lines: JsonObject[]): string =>
      [{ id, timestamp, instructions: null }, ...lines].map((line) => `${JSON.stringify(line)}\n`).join("");
    const [asked, said] = [prompt["payload"], answer(1)["payload"]] as [JsonObject, JsonObject];
    const turns = [asked, { ...kept, encrypted_content: null }, said, asked, { ...first, id: "rs_2" }, said];
    write(bare(...turns));
    expect(await kinds()).toEqual([]);
    write(bare(...turns, asked, { ...kept, id: "rs_3" }, said));
    expect(await kinds()).toEqual(["unsealed-reasoning"]);
  });

  it("and which has no id goes once its seal was missed, or it is asked for; sealed reasoning stays (openai/codex#19661)", async () => {
    const shell = item({ type: "reasoning", summary: [], content: null, encrypted_content: null });
    const kept = rollout(prompt, shell, answer(1), prompt, reasoning(2), answer(2));
    write(kept);
    expect(await kinds()).toEqual([]);
    const missed = "Missing required parameter: 'input[1].encrypted_content'.";
    const asked = await repaired(kept, { only: "unsealed-reasoning" });
    const { length } = kept.trimEnd().split("\n");
    const last = rollout(failed(missed)).split("\n")[1]!.replace('"ordinal":1', `"ordinal":${length}`);
    write(`${kept}${last}\n`);
    expect(await kinds()).toEqual(["unsealed-reasoning"]);
    for (const mended of [asked, await repaired(`${kept}${last}\n`)])
      expect([mended[1], mended[4]?.["id"]]).toEqual([undefined, "rs_2"]);
    const { kinds: named, seals } = understand(gone);
    const [, left] = await repaired(kept, { only: named, ...(seals && { seals }) });
    expect(left, "what was looked for by its id has one").toMatchObject({ type: "reasoning" });
  });
});

describe("an id that OpenAI refuses for its form", () => {
  const patch = { type: "custom_tool_call", call_id: "call_1", name: "apply_patch", input: "" };
  const patched = item({ type: "custom_tool_call_output", call_id: "call_1", output: "done" });

  it("goes, wherever it stands in the item, and no other does", async () => {
    const odd = rollout(
      prompt,
      reasoning(1),
      item({ id: "fc_0", ...patch }),
      item({ ...patch, id: "fc_0" }),
      patched,
    );
    write(odd);
    expect(await kinds()).toContain("invalid-id");
    const after = await repaired(odd.replaceAll('"id":"fc_0"', '"id" : "fc_0"'), { only: "invalid-id" });
    expect(idsOf(after)).toEqual(["msg_p", "rs_1", undefined, undefined, undefined]);
    expect(after.slice(2, 4)).toEqual([patch, patch]);
    expect(await kinds()).not.toContain("invalid-id");
  });

  it("goes from what a summary keeps", async () => {
    const kept = [
      prompt["payload"],
      { ...patch, id: "fc_0" },
      { id: "x_1", type: "reasoning" },
    ] as JsonObject[];
    const text = rollout({ type: "compacted", payload: { message: "so far", replacement_history: kept } });
    const [after] = await repaired(text);
    const { id: _id, ...bare } = kept[2]!;
    expect(after).toEqual({ message: "so far", replacement_history: [kept[0], patch, bare] });
    expect(await kinds()).toEqual([]);
  });

  it("stays where another provider may take it, unless that has refused it, or it is named", async () => {
    const other = (...rows: JsonObject[]): string =>
      rollout(item({ ...patch, id: "fc_0" }), patched, ...rows).replace('"openai"', '"azure"');
    const refusal = "Invalid 'input[0].id': 'fc_0'. Expected an ID that begins with 'ctc'.";
    expect((await repaired(other()))[0]).toMatchObject({ id: "fc_0" });
    expect((await repaired(other(failed(refusal))))[0]).toEqual(patch);
    expect((await repaired(other(), { only: "invalid-id" }))[0]).toEqual(patch);
    const twice = "Duplicate item found with id fc_0. Remove duplicate items from your input and try again.";
    expect((await repaired(other(failed(twice))))[0]).toEqual(patch);
  });
});

describe("an item whose id depends on reasoning", () => {
  const dependent =
    "Item 'msg_1' of type 'message' was provided without its required 'reasoning' item: 'rs_1'.";
  const rows = [prompt, reasoning(1), call(1), output(1), reasoning(2), answer(2)];

  it("that was refused for it goes without: the ids of all that the model said and called, and of nothing else", async () => {
    const payloads = await repaired(rollout(...rows, failed(dependent)));
    expect(idsOf(payloads).slice(0, -1)).toEqual(["msg_p", "rs_1", undefined, "fco_1", "rs_2", undefined]);
    expect(payloads[2]).toMatchObject({ type: "function_call", call_id: "call_1", arguments: "{}" });
    expect(await kinds()).toEqual([]);
  });

  it("goes without in a session of more than is read at once, also where that ends in the midst of it", async () => {
    const filling = (bytes: number): JsonObject => ({
      type: "event_msg",
      payload: { type: "agent_reasoning", text: "x".repeat(bytes) },
    });
    const before = [
      prompt,
      reasoning(1),
      call(0),
      output(0),
      ...Array.from({ length: 40 }, () => filling(800_000)),
    ];
    const chunk = 2 ** 25;
    const missing = chunk - 100 - rollout(...before, filling(0)).length;
    const text = rollout(...before, filling(missing), call(1), output(1), answer(1), failed(dependent));
    expect(text.slice(chunk, chunk + 30)).toMatch(/^ion_call","id":"fc_1"/u);
    const own = (await repaired(text)).filter(
      (payload) => payload?.["type"] === "function_call" || payload?.["role"] === "assistant",
    );
    expect(idsOf(own)).toEqual([undefined, undefined, undefined]);
  });

  it("keeps its id where only what came behind the refusal has one: it was mended before", async () => {
    const text = rollout(prompt, failed(dependent), ...rows);
    write(text);
    expect(await kinds()).not.toContain("dependent-id");
  });

  it("goes without where the reasoning before it is taken out, and keeps its id where that stays", async () => {
    const seals = { which: "named", id: "rs_1" } as const;
    const payloads = await repaired(rollout(...rows), { seals });
    expect(idsOf(payloads)).toEqual(["msg_p", undefined, undefined, "fco_1", "rs_2", "msg_2"]);
    expect(payloads[1]).toBeUndefined();
    expect(payloads[2]).toMatchObject({ type: "function_call", call_id: "call_1" });
  });
});

describe("an item before which a line can't be read", () => {
  const counted: JsonObject = { type: "event_msg", payload: { type: "token_count", info: null } };
  const calls = [call(2), counted, call(3), output(2), output(3)];
  const rows = [prompt, reasoning(1), call(1), output(1), reasoning(2), ...calls, reasoning(3), answer(3)];
  const ids = idsOf(rows.map(({ payload }) => payload as JsonObject));

  it.each<[string, number[], number[]]>([
    ["goes without its id where that may have been its reasoning, as its whole response does", [4], [5, 7]],
    ["goes without it where the output before the reasoning can't be read either", [9, 10], [11]],
    ["keeps it where the reasoning stands there", [0], []],
    ["keeps it within its response", [6], []],
  ])("%s", async (_, lost, bare) => {
    const lines = rollout(...rows).split("\n");
    write(lines.map((line, at) => (lost.includes(at - 1) ? "#".repeat(line.length) : line)).join("\n"));
    expect((await kinds()).includes("dependent-id")).toBe(bare.length > 0);
    const left = ids.map((own, at) => (lost.includes(at) || bare.includes(at) ? undefined : own));
    expect(idsOf(await repaired(readFileSync(path, "utf8")))).toEqual(left);
    expect(await kinds()).toEqual([]);
  });

  it("goes without its id where it can't be read itself, for half a record before it on its line", async () => {
    const lines = rollout(...rows).split("\n");
    const damaged = lines.with(5, "#".repeat(300)).with(6, lines[6]!.slice(0, 60) + lines[6]!);
    const left = ids.map((own, at) => ([4, 5, 7].includes(at) ? undefined : own));
    expect(idsOf(await repaired(damaged.join("\n")))).toEqual(left);
    expect(await kinds()).toEqual([]);
  });

  it.each<[string, number[], string[]]>([
    ["goes without its id where its reasoning is gone", [4], ["fc_2", "fc_3"]],
    ["goes without it where the output before the reasoning is gone, too", [8, 9, 10], ["msg_3"]],
    ["goes without it where all is gone since the reasoning before", [2, 3, 4], ["fc_2", "fc_3"]],
    ["keeps it where the reasoning stands there", [0], []],
    ["keeps it where something is gone within its response", [6], []],
  ])("%s, as ordinals tell", async (_, gone, bare) => {
    const numbered = rows.map((row, at) => ({ ordinal: at + 1, ...row }));
    write(rollout(...numbered.filter((_row, at) => !gone.includes(at))));
    const lines = readFileSync(path, "utf8").split("\n");
    const { items } = (await examine(path)).reasoning.unreasoned;
    expect(
      items.map(({ index }) => (JSON.parse(lines[index]!) as { payload: JsonObject }).payload["id"]),
    ).toEqual(bare);
    await repairRollout(path, { home: root, now, seals: { which: "none" } });
    expect(await kinds()).toEqual([]);
    for (const own of bare) expect(readFileSync(path, "utf8")).not.toContain(`"${own}"`);
  });

  it("goes without its id where all reasoning was filtered out, and only its event tells that there was any", async () => {
    const told = {
      type: "event_msg",
      payload: { type: "item_completed", item: { type: "Reasoning", id: "rs_1" } },
    };
    const all = [prompt, told, reasoning(1), call(1), output(1), reasoning(2), answer(2)];
    const numbered = all.map((row, at) => ({ ordinal: at + 1, ...row }));
    const text = rollout(...numbered.filter((_row, at) => at !== 2 && at !== 5));
    expect(idsOf(await repaired(text))).toEqual(["msg_p", undefined, undefined, "fco_1", undefined]);
  });

  it("keeps its id in a session without reasoning", async () => {
    const text = rollout(prompt, call(1), output(1), answer(1)).replace(/.*"msg_p".*/u, (line) =>
      "#".repeat(line.length),
    );
    expect(idsOf(await repaired(text))).toEqual([undefined, "fc_1", "fco_1", "msg_1"]);
  });
});

describe("sealed reasoning", () => {
  const refused =
    "unexpected status 400 Bad Request: The encrypted content for item rs_1 could not be verified. Reason: Encrypted content could not be decrypted or parsed.";
  const rows = [prompt, reasoning(1), call(1), output(1), reasoning(2), answer(2)];

  it("that was refused goes, with all that was sealed, and the words and the work stay", async () => {
    const payloads = await repaired(rollout(...rows, failed(refused)));
    expect(payloads.map((payload) => payload?.["type"])).toEqual([
      "message",
      undefined,
      "function_call",
      "function_call_output",
      undefined,
      "message",
      "task_complete",
    ]);
    expect(await kinds()).toEqual([]);
  });

  it("stays where the last turn ended in another way, or a later one was answered", async () => {
    const other = await repaired(rollout(...rows, failed("The server is overloaded.")));
    expect(idsOf(other)).toEqual([...idsOf(rows.map(({ payload }) => payload as JsonObject)), undefined]);
    const done: JsonObject = {
      type: "event_msg",
      payload: { type: "task_complete", turn_id: "u", last_agent_message: "Done." },
    };
    const text = rollout(...rows, failed(refused), prompt, answer(3), done);
    expect((await repaired(text))[1]).toMatchObject({ type: "reasoning" });
  });
});

describe("reasoning alone", () => {
  const alone = "Item 'rs_1' of type 'reasoning' was provided without its required following item.";

  it("that a cut turn left goes once it was refused, and stays until then", async () => {
    const rows = [prompt, reasoning(1), prompt, reasoning(2), answer(2)];
    const text = rollout(...rows, failed("The server is overloaded."));
    expect((await repaired(text))[1]).toMatchObject({ type: "reasoning" });
    expect((await repaired(text, { only: "lone-reasoning" }))[1], "where it is named").toBeUndefined();
    const payloads = await repaired(rollout(...rows, failed(alone)));
    expect(payloads.map((payload) => payload?.["type"])).toEqual([
      "message",
      undefined,
      "message",
      "reasoning",
      "message",
      "task_complete",
    ]);
    expect(await kinds()).toEqual([]);
  });
});
