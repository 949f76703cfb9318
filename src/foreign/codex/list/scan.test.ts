import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { codexHomeWith, codexRollouts } from "../../../../test/kit/codex-home.ts";
import { fc } from "../../../../test/kit/property.ts";
import { listRollouts, type RolloutFile } from "../home/places.ts";
import { scanBefore, scanRollout } from "./scan.ts";

test("what is wrong at the ends of a file is seen", () => {
  const home = codexHomeWith("0.169.0");
  const [rollout] = listRollouts(home);
  const path = rollout!.path;
  const content = readFileSync(path);
  const flawsOf = (bytes: Buffer | string): readonly string[] => {
    writeFileSync(path, bytes);
    return scanRollout({ ...rollout!, bytes: bytes.length }).flaws;
  };
  expect(flawsOf(content)).toEqual([]);
  expect(flawsOf("")).toEqual(["empty"]);
  expect(flawsOf("version https://git-lfs.github.com/spec/v1\noid sha256:1\n")).toEqual(["git-lfs"]);
  expect(flawsOf(content.subarray(content.indexOf("\n") + 1))).toEqual(["no-header"]);
  expect(flawsOf(Buffer.concat([Buffer.from("{}\n"), content]))).toEqual(["no-header"]);
  expect(flawsOf(Buffer.concat([Buffer.from("\n  \r\n"), content])), "Codex passes over blank lines").toEqual(
    [],
  );
  expect(flawsOf(Buffer.concat([Buffer.from("\uFEFF"), content]))).toEqual(["bom"]);
  expect(flawsOf(Buffer.concat([content, Buffer.alloc(4096)]))).toEqual(["nul-tail"]);
  expect(flawsOf(content.subarray(0, content.length - 20))).toContain("torn-tail");
  expect(flawsOf(content.subarray(0, content.length - 1))).toEqual([]);
  const bare =
    '{"timestamp":"2026-11-20T21:00:00.000Z","type":"event_msg","payload":{"type":"token_count"}}\n';
  expect(flawsOf(Buffer.concat([content, Buffer.from(bare)]))).toEqual(["no-ordinal"]);
  const two = content.toString("utf8").split("\n", 2);
  expect(flawsOf(["", ...two, bare].join("\n"))).toContain("no-ordinal");
  expect(flawsOf(content.subarray(0, content.lastIndexOf("\n", content.length - 2) + 1))).toEqual([
    "open-turn",
  ]);
});

test("of a large file the ends are read, and its messages are reckoned", () => {
  const home = codexHomeWith("0.130.0");
  const rollout = listRollouts(home).find(({ thread }) => thread.startsWith("01a1fac6-9157"))!;
  const all = readFileSync(rollout.path);
  const body = all.subarray(all.indexOf("\n") + 1);
  const times = 400;
  writeFileSync(rollout.path, Buffer.concat([all, ...Array.from({ length: times }, () => body)]));
  const small = scanRollout({
    ...rollout,
    path: codexRollouts("0.130.0").find(({ thread }) => thread === rollout.thread)!.path,
  });
  const large = scanRollout(rollout);
  const exact = small.messages * (times + 1);
  expect(large).toMatchObject({
    title: small.title,
    model: small.model,
    estimated: true,
    updated: small.updated,
  });
  expect(Math.abs(large.messages - exact) / exact).toBeLessThan(0.1);
});

test("an image that is larger than all else is not taken for thousands of messages", () => {
  const home = codexHomeWith("0.130.0");
  const rollout = listRollouts(home).find(({ thread }) => thread.startsWith("01a1fac6-9157"))!;
  const lines = readFileSync(rollout.path, "utf8").trimEnd().split("\n");
  const { messages } = scanRollout(rollout);
  const content = [{ type: "input_image", image_url: `data:image/png;base64,${"A".repeat(6_000_000)}` }];
  const payload = { type: "message", role: "user", content };
  const image = JSON.stringify({ timestamp: "2026-11-20T21:04:39.000Z", type: "response_item", payload });
  lines.splice(lines.length / 2, 0, image);
  writeFileSync(rollout.path, lines.map((line) => `${line}\n`).join(""));
  const found = scanRollout(rollout);
  expect(found.estimated).toBe(true);
  expect(Math.abs(found.messages - messages)).toBeLessThanOrEqual(1);
});

/** Tool outputs that come to more than a list reads of a file's end. */
function outputs(bytes: number): object[] {
  const output = "x".repeat(50_000);
  return Array.from({ length: Math.ceil(bytes / 50_000) }, (_, nth) => ({
    type: "response_item",
    payload: { type: "function_call_output", call_id: `call_${nth}`, output },
  }));
}

const context = (model: string, effort: string, cwd: string): object => ({
  type: "turn_context",
  payload: { turn_id: model, cwd, model, effort },
});

/** A rollout of a synthetic home, with these lines in place of its own behind the header. */
function rewritten(records: readonly object[], inHeader: object = {}): RolloutFile {
  const [rollout] = listRollouts(codexHomeWith("0.130.0"));
  const header = JSON.parse(readFileSync(rollout!.path, "utf8").split("\n", 1)[0]!) as { payload: object };
  const timestamp = "2026-11-20T21:04:39.000Z";
  const all = [{ ...header, payload: { ...inHeader, ...header.payload } }, ...records];
  const lines = all.map((record) => JSON.stringify({ timestamp, ...record }));
  writeFileSync(rollout!.path, lines.map((line) => `${line}\n`).join(""));
  return rollout!;
}

test("a first prompt whose screenshots are larger than the head of a file is its title all the same", () => {
  const image_url = `data:image/png;base64,${"A".repeat(400_000)}`;
  const words = { type: "input_text", text: "Why is the button red?" };
  for (const images of [1, 3]) {
    const content = [words, ...Array.from({ length: images }, () => ({ type: "input_image", image_url }))];
    const asked = { type: "response_item", payload: { type: "message", role: "user", content } };
    const rollout = rewritten([context("gpt-5.5", "low", "/ws"), asked, ...outputs(1_500_000)]);
    expect(scanRollout(rollout)).toMatchObject({ title: words.text, messages: 1 });
    const base = { rollout: rollout.rollout, endOffset: 1_500_000 };
    expect(scanBefore(rollout, base), "of what another one goes on from").toMatchObject({
      title: words.text,
    });
  }
});

test("a first prompt is the title where megabytes of work go before it, and where it is megabytes long", () => {
  const image = { type: "input_image", image_url: "data:image/png;base64,AAAA" };
  const asked = (content: object): object => ({
    type: "response_item",
    payload: { type: "message", role: "user", content: [content] },
  });
  const pasted = 'It said "no".\n'.repeat(200_000);
  const [short, long] = ["Now make it green", `Why is this?\n${pasted}`].map((text) =>
    asked({ type: "input_text", text }),
  );
  const [work, little] = [outputs(3_000_000), outputs(100_000)];
  const titleOf = (records: readonly object[]): string | undefined => scanRollout(rewritten(records)).title;
  expect(titleOf([asked(image), ...work, short!, ...work]), "behind an image without words").toBe(
    "Now make it green",
  );
  expect(titleOf([asked(image), ...work, short!, ...little]), "in the file's end").toBe("Now make it green");
  expect(titleOf([long!, ...work]), "a file that was pasted").toMatch(/^Why is this\?/u);
});

test("a header is read whose tools are larger than the head of a file", () => {
  for (const bytes of [400_000, 3_000_000]) {
    const description = 'It says "d".\n'.repeat(bytes / 14);
    const dynamic_tools = [{ name: "look", description, input_schema: {} }];
    const { header, flaws } = scanRollout(rewritten(outputs(1_500_000), { dynamic_tools }));
    expect(header).toEqual(scanRollout(rewritten([])).header);
    expect(flaws).toEqual([]);
  }
});

test("a last line that is larger than the tail of a file tells when it was written, and whether it was torn", () => {
  const timestamp = "2026-11-20T22:00:00.000Z";
  const image_url = `data:image/png;base64,${"A".repeat(1_500_000)}`;
  const payload = { type: "message", role: "user", content: [{ type: "input_image", image_url }] };
  const rollout = rewritten([...outputs(1_500_000), { timestamp, type: "response_item", payload }]);
  const whole = readFileSync(rollout.path);
  const found = (bytes: Buffer): object => {
    writeFileSync(rollout.path, bytes);
    const { updated, flaws } = scanRollout(rollout);
    return { updated, flaws };
  };
  const updated = Date.parse(timestamp);
  expect(found(whole)).toEqual({ updated, flaws: [] });
  expect(found(whole.subarray(0, -1)), "whole without its line end").toEqual({ updated, flaws: [] });
  expect(found(whole.subarray(0, -1_000_000))).toEqual({ updated, flaws: ["torn-tail"] });
  expect(found(Buffer.concat([whole, Buffer.alloc(300_000)]))).toEqual({ updated, flaws: ["nul-tail"] });
});

test("what the last turn was given counts, however long it was", () => {
  const turn = (kind: string): object => ({ type: "event_msg", payload: { type: kind, turn_id: "t" } });
  for (const bytes of [100_000, 600_000, 4_000_000]) {
    const lines = [
      context("gpt-5.5", "low", "/ws"),
      ...outputs(1_500_000),
      turn("task_started"),
      context("gpt-6-astra", "high", "/moved"),
      ...outputs(bytes),
    ];
    const last = { model: "gpt-6-astra", effort: "high", cwd: "/moved" };
    expect(scanRollout(rewritten(lines))).toMatchObject({ ...last, flaws: ["open-turn"] });
    expect(scanRollout(rewritten([...lines, turn("task_complete")]))).toMatchObject({ ...last, flaws: [] });
  }
});

test("what the last turn was given counts where what a sub-agent got of its parent's says no such thing", () => {
  const copied = Array.from({ length: 100 }, () => ({
    type: "response_item",
    payload: {
      type: "message",
      role: "user",
      content: [{ type: "input_text", text: "go on ".repeat(1_000) }],
    },
  }));
  const lines = [...copied, context("gpt-6-astra", "high", "/moved"), ...outputs(2_000_000)];
  expect(scanRollout(rewritten(lines))).toMatchObject({ model: "gpt-6-astra", cwd: "/moved" });
});

test("what the last turn was given counts where it is longer than anything a list keeps of it", () => {
  const said = (role: string, text: string): object => ({
    type: "response_item",
    payload: { type: "message", role, content: [{ type: "input_text", text }] },
  });
  const event = (type: string): object => ({ type: "event_msg", payload: { type, turn_id: "t" } });
  const turn = (model: string, bytes: number): object[] => {
    const output = 'It said "done"\n'.repeat(500);
    const payload = { type: "function_call_output", call_id: "call_1", output };
    const work = Array.from({ length: Math.ceil(bytes / 8_000) }, () => ({ type: "response_item", payload }));
    return [
      event("task_started"),
      context(model, "high", `/${model}`),
      said("user", "go on"),
      ...work,
      said("assistant", "done"),
    ];
  };
  const ended = event("task_complete");
  const before = Array.from({ length: 60 }, () => [...turn("m-1", 30_000), ended]).flat();
  const last = [...turn("m-2", 6_000_000), said("user", "and that"), said("assistant", "too")];
  const found = scanRollout(rewritten([...before, ...last]));
  expect(found).toMatchObject({ title: "go on", model: "m-2", cwd: "/m-2", estimated: true });
  expect(found.flaws).toEqual(["open-turn"]);
  expect(Math.abs(found.messages - 124)).toBeLessThan(10);
  expect(scanRollout(rewritten([...before, ...last, ended])).flaws).toEqual([]);
});

test("no bytes make a scan throw", () => {
  const home = codexHomeWith("0.58.0");
  const [rollout] = listRollouts(home);
  const content = readFileSync(rollout!.path);
  fc.assert(
    fc.property(
      fc.nat(content.length),
      fc.nat(content.length),
      fc.uint8Array({ maxLength: 40 }),
      (from, length, bytes) => {
        const mutated = Buffer.concat([
          content.subarray(0, from),
          bytes,
          content.subarray(from + (length % 500)),
        ]);
        writeFileSync(rollout!.path, mutated);
        expect(scanRollout(rollout!).messages).toBeGreaterThanOrEqual(0);
      },
    ),
    { numRuns: 300 },
  );
});
