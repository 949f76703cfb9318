import { describe, expect, it } from "vitest";
import { call } from "../../test/kit/items.ts";
import { here, projected, rulesOf, type Sent, sent, setAside } from "../../test/kit/projected.ts";
import { WrittenLog } from "../../test/property/written-log.ts";
import type { ReplayContract } from "./contract.ts";
import { anthropic } from "./contracts/anthropic.ts";
import { chat } from "./contracts/chat.ts";
import { deepseek } from "./contracts/deepseek.ts";
import { openai } from "./contracts/openai.ts";
import { project } from "./project.ts";

const place = { turn: 1, step: 1, issuer: here };
const tool = { turn: 1, step: 1, origin: "tool" } as const;
const input = { turn: 1, step: 1, origin: "input" } as const;
const image = (bytes = 40): object => ({ type: "input_image", image_url: "i".repeat(bytes) });

describe("images and files", () => {
  function withImages(...sizes: number[]): WrittenLog {
    const log = new WrittenLog();
    for (const size of sizes)
      log.addItem(
        { type: "message", role: "user", content: [{ type: "input_text", text: "see" }, image(size)] },
        input,
      );
    return log;
  }
  const shown = (elements: readonly Sent[]): boolean[] =>
    elements.map((element) => JSON.stringify(element).includes("input_image"));

  it("are named in words where the wire takes none, or none there", async () => {
    const log = withImages(40);
    log.addItem(call("a"), place);
    log.addItem({ type: "function_call_output", call_id: "a", output: [image()] }, tool);
    expect(shown(await sent(log, openai))).toEqual([true, false, true]);
    expect(shown(await sent(log, chat))).toEqual([true, false, false]);
    expect(shown(await sent(log, deepseek))).toEqual([false, false, false]);
    expect(JSON.stringify(await sent(log, deepseek))).toContain("An image of");
    expect(rulesOf(projected(log, chat))).toEqual([[2, "media-unsupported"]]);
  });

  it("that are too large, too many or too much are named in words, the oldest first", async () => {
    const limited = (media: object): ReplayContract => ({
      ...openai,
      media: { where: "anywhere", ...media },
    });
    const log = withImages(400, 100, 200);
    expect(shown(await sent(log, limited({ maxPartBytes: 300 })))).toEqual([false, true, true]);
    expect(rulesOf(projected(log, limited({ maxPartBytes: 300 })))).toEqual([[0, "media-too-large"]]);
    expect(shown(await sent(log, limited({ maxParts: 2 })))).toEqual([false, true, true]);
    expect(shown(await sent(log, limited({ maxTotalBytes: 300 })))).toEqual([false, false, true]);
    expect(rulesOf(projected(log, limited({ maxParts: 1 })))).toEqual([
      [0, "media-too-many"],
      [1, "media-too-many"],
    ]);
  });

  it("that are too many give way a quarter at a time: each change costs the provider's cache all that follows it", () => {
    const log = withImages(...Array.from({ length: 160 }, () => 40));
    const gone = Array.from({ length: 60 }, (_, more) => {
      const items = log.history.items.slice(0, 101 + more);
      const projection = project(anthropic, { issuer: here, quarantines: [] }, items);
      const left = rulesOf(projection).filter(([, rule]) => rule === "media-too-many").length;
      expect(items.length - left).toBeLessThanOrEqual(100);
      return left;
    });
    expect([...new Set(gone)]).toEqual([26, 52, 78]);
  });

  it("are named in words after a refusal, those of one item or all", async () => {
    const log = withImages(40, 40);
    expect(shown(await sent(log, openai, [setAside({ kind: "media", through: 1, seqs: [0] })]))).toEqual([
      false,
      true,
    ]);
    expect(shown(await sent(log, openai, [setAside({ kind: "media", through: 1 })]))).toEqual([false, false]);
  });

  it("say by how much a history is too large for the wire", () => {
    const log = withImages(400);
    const { bytes } = projected(log, openai);
    expect(projected(log, { ...openai, maxBytes: bytes - 10 }).excess).toBe(10);
    expect(projected(log, openai).excess).toBe(0);
  });
});
