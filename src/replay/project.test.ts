import { describe, expect, it } from "vitest";
import { answer, call, output, prompt, reasoning } from "../../test/kit/items.ts";
import { here, projected, rulesOf, sent, setAside, types } from "../../test/kit/projected.ts";
import { sealedBlob, WrittenLog } from "../../test/property/written-log.ts";
import type { Quarantine } from "../session/event.ts";
import { azure } from "./contracts/azure.ts";
import { copilot } from "./contracts/copilot.ts";
import { openai } from "./contracts/openai.ts";
import { proxy } from "./contracts/proxy.ts";
import { project } from "./project.ts";

const model = { turn: 1, step: 1, issuer: here };
const tool = { turn: 1, step: 1, origin: "tool" } as const;

describe("messages without text", () => {
  it("are left out, and the reasoning that led to nothing else with them", async () => {
    const log = new WrittenLog();
    const text = (words: string): object => ({ type: "output_text", text: words });
    log.addItem(reasoning("rs_1"), model);
    log.addItem({ ...answer("msg_1"), content: [text(""), text("")] }, model);
    log.addItem({ ...prompt(), content: "" }, { ...tool, origin: "input" });
    log.addItem({ ...answer("msg_2"), content: [text(""), text("said")] }, { ...model, step: 2 });
    expect(await sent(log)).toMatchObject([{ content: [{ text: "" }, { text: "said" }] }]);
    expect(rulesOf(projected(log))).toEqual([
      [0, "reasoning-unfollowed"],
      [1, "empty"],
      [2, "empty"],
    ]);
  });
});

describe("reasoning", () => {
  it("is sent with its blob when the item that it led to follows", async () => {
    const log = new WrittenLog();
    log.addItem(reasoning("rs_1"), model);
    expect(rulesOf(projected(log))).toEqual([[0, "reasoning-unfollowed"]]);
    log.addItem(answer("msg_1"), model);
    expect(await sent(log)).toMatchObject([
      { encrypted_content: sealedBlob(100, "rs_1") },
      { type: "message" },
    ]);
  });

  it("of an attempt that was cut off is not sent in front of another response", async () => {
    const log = new WrittenLog();
    log.addItem(reasoning("rs_1"), model);
    log.addItem(reasoning("rs_2"), { ...model, step: 2 });
    log.addItem(answer("msg_1"), { ...model, step: 2 });
    expect(await sent(log)).toHaveLength(2);
    expect(rulesOf(projected(log))).toEqual([[0, "reasoning-unfollowed"]]);
  });

  it("that was left out once is not what a later copy repeats", async () => {
    const log = new WrittenLog();
    log.addItem(reasoning("rs_1"), model);
    log.addItem(reasoning("rs_1"), { ...model, step: 2 });
    log.addItem(answer("msg_1"), { ...model, step: 2 });
    expect(types(await sent(log))).toEqual(["reasoning", "message"]);
  });

  it("without its blob, or with one that was cut, is never sent", () => {
    const log = new WrittenLog();
    log.addItem({ type: "reasoning", id: "rs_1", summary: [] }, model);
    log.addItem({ type: "reasoning", id: "rs_2", summary: [], encrypted_content: "gAAAAAB…" }, model);
    log.addItem({ type: "reasoning", id: "rs_3", summary: [], encrypted_content: { a: 1 } }, model);
    log.addItem(answer("msg_1"), model);
    expect(rulesOf(projected(log))).toEqual([
      [0, "not-sealed"],
      [1, "seal-malformed"],
      [2, "seal-malformed"],
    ]);
  });

  it("that another issuer sealed is left out before it can fail", () => {
    const log = new WrittenLog();
    log.addItem(reasoning("rs_1"), { ...model, issuer: "https://elsewhere" });
    log.addItem(reasoning("rs_2"), model);
    log.addItem(answer("msg_1"), model);
    expect(rulesOf(projected(log))).toEqual([[0, "sealed-elsewhere"]]);
    expect(projected(log).sealedSent()).toEqual(new Map([[here, 1]]));
  });

  it("goes as the contract says: never, or for the last turns only", () => {
    const log = new WrittenLog();
    for (const turn of [1, 2]) {
      log.addItem(reasoning(`rs_${turn}`), { ...model, turn, step: turn });
      log.addItem(answer(`msg_${turn}`), { ...model, turn, step: turn });
    }
    expect(rulesOf(projected(log, copilot))).toEqual([
      [0, "sealed-dropped"],
      [2, "sealed-dropped"],
    ]);
    expect(rulesOf(projected(log, proxy))).toEqual([[0, "sealed-too-old"]]);
  });

  it("takes the ids that depend on it with it where ids are kept", async () => {
    const log = new WrittenLog();
    log.addItem(answer("msg_0"), { ...model, step: 0 });
    log.addItem(reasoning("rs_1"), { ...model, issuer: "https://elsewhere" });
    log.addItem(answer("msg_1"), model);
    log.addItem(answer("msg_2"), { ...model, step: 2 });
    expect((await sent(log, azure)).map((element) => "id" in element)).toEqual([true, false, true]);
  });
});

describe("an item id", () => {
  it("stays behind with the reasoning that something else came after: the rest of its response goes without", () => {
    for (const between of [prompt(), output("gone")]) {
      const log = new WrittenLog();
      log.addItem(reasoning("rs_1"), model);
      log.addItem(between, "role" in between ? { ...model, origin: "input" } : tool);
      log.addItem(call("a"), model);
      log.addItem(output("a"), tool);
      const projection = projected(log, azure);
      expect(rulesOf(projection)).toContainEqual([0, "reasoning-unfollowed"]);
      const withIds = [...projection.elements()].filter(({ withId }) => withId);
      expect(withIds).toEqual([]);
    }
  });

  it("stays in a response whose reasoning had led to something before the person spoke", () => {
    const log = new WrittenLog();
    log.addItem(reasoning("rs_1"), model);
    log.addItem(call("a"), model);
    log.addItem(prompt(), { ...model, origin: "input" });
    log.addItem(call("b"), model);
    for (const id of ["a", "b"]) log.addItem(output(id), tool);
    const withIds = [...projected(log, azure).elements()].filter(({ withId }) => withId);
    expect(withIds.map(({ record }) => record.event.seq)).toEqual([0, 1, 3]);
  });

  it("is sent once: the same item is left out, another one goes without it", async () => {
    const log = new WrittenLog();
    log.addItem(answer("msg_1"), model);
    log.addItem(answer("msg_1"), model);
    log.addItem(answer("msg_1"), { ...model, step: 2 });
    expect((await sent(log, azure)).map((element) => "id" in element)).toEqual([true, false]);
    expect(rulesOf(projected(log, azure))).toEqual([[1, "duplicate"]]);
  });
});

describe("reasoning of one id with another seal", () => {
  it("is no copy: gateways that count ids anew in every response lose none", () => {
    const log = new WrittenLog();
    for (const step of [1, 2]) {
      log.addItem(
        { ...reasoning("rs_0"), encrypted_content: sealedBlob(100, `${step}`) },
        { ...model, step },
      );
      log.addItem(call(`c${step}`), { ...model, step });
      log.addItem(output(`c${step}`), { ...tool, step });
    }
    expect(rulesOf(projected(log))).toEqual([]);
  });
});

describe("a quarantine", () => {
  const log = new WrittenLog();
  for (const step of [1, 2, 3]) {
    log.addItem(reasoning(`rs_${step}`), { ...model, step });
    log.addItem(answer(`msg_${step}`), { ...model, step });
  }
  const leftOut = (scope: Quarantine["scope"], by?: string): number[] =>
    rulesOf(projected(log, openai, [setAside(scope, by)])).map(([seq]) => seq);

  it("sets aside what it names, up to where it was made, and nothing that came later", () => {
    expect(leftOut({ kind: "items", seqs: [2] })).toEqual([2]);
    expect(leftOut({ kind: "issuer", issuer: here, through: 3 })).toEqual([0, 2]);
    expect(leftOut({ kind: "sealed", through: 3 })).toEqual([0, 2]);
  });

  it("of everything sealed also stops asking for more", () => {
    expect(projected(log, openai, [setAside({ kind: "sealed", through: 3 })]).sealed).toBe(false);
    expect(projected(log, openai, [setAside({ kind: "issuer", issuer: here, through: 3 })]).sealed).toBe(
      true,
    );
  });

  it("holds for the issuer that refused and for no other", () => {
    expect(leftOut({ kind: "issuer", issuer: here, through: 3 }, "https://elsewhere")).toEqual([]);
  });

  it("that makes a transcript leaves nothing but words of messages: no ids, no images", async () => {
    const shown = new WrittenLog();
    const image = { type: "input_image", image_url: "data:image/png;base64,AAAA" };
    shown.addItem({ ...prompt(), content: [image] }, { ...model, origin: "input" });
    shown.addItem(reasoning("rs_1"), model);
    shown.addItem(answer("msg_1"), model);
    shown.addItem(answer("msg_2"), { ...model, step: 2 });
    const text = JSON.stringify(await sent(shown, azure, [setAside({ kind: "transcript", through: 3 })]));
    expect(text).not.toMatch(/"id"|rs_|base64/u);
  });

  it("of item ids detaches them", async () => {
    const elements = await sent(log, azure, [setAside({ kind: "item-ids", through: 3 })]);
    expect(elements.map((element) => "id" in element)).toEqual([false, false, false, false, true, true]);
  });
});

describe("a projection", () => {
  it("is continued, not made anew, when only items were added", () => {
    const log = new WrittenLog();
    log.addItem(answer("msg_1"), model);
    const first = projected(log);
    log.addItem(answer("msg_2"), model);
    const next = project(openai, { issuer: here, quarantines: [] }, log.history.items, first);
    expect(next).toBe(first);
    expect(next.count).toBe(2);
    const unsealed = { issuer: here, quarantines: [], sealed: false };
    expect(project(openai, unsealed, log.history.items, next)).not.toBe(next);
    const fewer = project(openai, { issuer: here, quarantines: [] }, log.history.items.slice(0, 1), next);
    expect([fewer === next, fewer.count]).toEqual([false, 1]);
    const repaired = [setAside({ kind: "sealed", through: 9 })];
    expect(project(openai, { issuer: here, quarantines: repaired }, log.history.items, next)).not.toBe(next);
    log.add({ type: "history-cleared", scrubbed: false });
    log.addItem(answer("msg_3"), model);
    expect(project(openai, { issuer: here, quarantines: [] }, log.history.items, next)).not.toBe(next);
  });
});
