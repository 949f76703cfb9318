import { describe, expect, it } from "vitest";
import { sealedBlob, textOf, WrittenLog } from "../../test/property/written-log.ts";
import type { ReplayContract } from "./contract.ts";
import { openai } from "./contracts/openai.ts";
import { project, type Projection } from "./project.ts";
import { type ProjectedInput, requestInput } from "./request-input.ts";

const basis = { issuer: "i", quarantines: [] };
const message = (text: string): object => ({ id: "m", type: "message", role: "assistant", content: text });

describe("the input of a request", () => {
  it("is cut into large chunks, whatever the sizes of the items and of the store's reads", async () => {
    const log = new WrittenLog();
    for (let at = 0; at < 3_000; at++) log.addItem(message("x".repeat(at % 500)), { turn: 1, step: at });
    log.addItem(message("y".repeat(600_000)), { turn: 1, step: 3_000 });
    const input = await requestInput(project(openai, basis, log.history.items), log.bodies(1_000));
    const sizes: number[] = [];
    for await (const chunk of input.chunks()) sizes.push(chunk.length);
    expect(sizes.slice(0, -1).every((size) => size === 1024 * 1024)).toBe(true);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(input.bytes);
  });

  it.each([
    ["a call is answered", { type: "function_call_output", call_id: "b", output: "o" }, "tool"],
    ["the response goes on", { type: "function_call", call_id: "c", name: "t", arguments: "{}" }, "model"],
  ] as const)(
    "gives the same bytes each time, also when %s in the meantime",
    async (_what, later, origin) => {
      const log = new WrittenLog();
      const place = { turn: 1, step: 1 };
      for (const id of ["a", "b"])
        log.addItem({ type: "function_call", call_id: id, name: "t", arguments: "{}" }, place);
      log.addItem({ type: "function_call_output", call_id: "a", output: "o" }, { ...place, origin: "tool" });
      const projection = project(openai, basis, log.history.items);
      const input = await requestInput(projection, log.bodies());
      const before = await textOf(input.chunks());
      log.addItem(later, { ...place, origin });
      expect(project(openai, basis, log.history.items, projection)).toBe(projection);
      expect(await textOf(input.chunks())).toBe(before);
    },
  );

  const blob = sealedBlob(1, "i");
  const images = (...sizes: number[]): object => ({
    type: "message",
    role: "user",
    content: sizes.map((size) => ({ type: "input_image", image_url: "i".repeat(size) })),
  });
  const call = { type: "function_call", call_id: "call_long", name: "t", arguments: "{}" };
  it.each<[string, ReplayContract, object[]]>([
    [
      "an image that was too large stood beside one that there is no room for any more",
      { ...openai, media: { where: "anywhere", maxPartBytes: 300, maxParts: 2 } },
      [images(400, 40), images(40), images(40)],
    ],
    [
      "a call that has another id was sealed in a turn that is too old now",
      { ...openai, sealed: { window: 1 }, callIdLimit: 5 },
      [{ ...call, encrypted_content: blob }, message("a"), message("b")],
    ],
  ])(
    "has an item that was changed for an earlier request as it is changed now: %s",
    async (_what, to, items) => {
      const log = new WrittenLog();
      const inputOf = (projection: Projection): Promise<ProjectedInput> =>
        requestInput(projection, log.bodies());
      let continued: Projection | undefined;
      const sent = new Set<string>();
      const inputs: { input: ProjectedInput; text: string }[] = [];
      for (const [at, item] of items.entries()) {
        log.addItem(item, { turn: at + 1, step: at + 1, issuer: "i" });
        continued = project(to, basis, log.history.items, continued);
        const input = await inputOf(continued);
        const text = await textOf(input.chunks());
        const afresh = await inputOf(project(to, basis, log.history.items));
        expect(text).toBe(await textOf(afresh.chunks()));
        sent.add(JSON.stringify((JSON.parse(`[${text}]`) as unknown[])[0]));
        inputs.push({ input, text });
      }
      expect(sent.size, "it was changed again").toBe(2);
      for (const { input, text } of inputs) expect(await textOf(input.chunks())).toBe(text);
    },
  );

  it("is empty for an empty window", async () => {
    const input = await requestInput(project(openai, basis, []), new WrittenLog().bodies());
    expect([input.bytes, input.items, await textOf(input.chunks())]).toEqual([0, 0, ""]);
  });

  it.each([0, 1, 2, 3])("without its first %d elements has as many bytes as it says", async (from) => {
    const log = new WrittenLog();
    for (const text of ["a", "bb", "ccc"]) log.addItem(message(text), { turn: 1, step: 1 });
    const input = await requestInput(project(openai, basis, log.history.items), log.bodies(), from);
    const texts = JSON.parse(`[${await textOf(input.chunks())}]`) as { content: string }[];
    expect(texts.map(({ content }) => content)).toEqual(["a", "bb", "ccc"].slice(from));
    expect([input.items, input.bytes]).toEqual([3 - from, (await textOf(input.chunks())).length]);
  });

  it("fails rather than send fewer bytes than it said", async () => {
    const log = new WrittenLog();
    log.addItem(message("a"), { turn: 1, step: 1 });
    const input = await requestInput(project(openai, basis, log.history.items), async function* short() {});
    await expect(textOf(input.chunks())).rejects.toThrow("0 bytes in 0 items");
  });
});
