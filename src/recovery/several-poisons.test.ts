import { describe, expect, it } from "vitest";
import { call, output, prompt, reasoning, thoughts } from "../../test/kit/items.ts";
import { here, sent, type Sent } from "../../test/kit/projected.ts";
import { image, projected, twoTurns } from "../../test/kit/remedies.ts";
import { sealedBlob, WrittenLog } from "../../test/property/written-log.ts";
import { Failure } from "../failure.ts";
import type { FailureClass } from "../failure/catalogue.ts";
import { xai } from "../replay/contracts/xai.ts";
import type { Quarantine } from "../session/event.ts";
import { decide } from "./policy.ts";
import { Situation } from "./situation.ts";

/** What an upstream that checks one thing after the other says of a request. */
function refusalOf(elements: readonly Sent[], isDead: (blob: unknown) => boolean): Failure | undefined {
  const at = (isMeant: (element: Sent) => boolean): number => elements.findIndex(isMeant);
  const dead = at(({ encrypted_content: blob }) => isDead(blob));
  if (dead >= 0) return new Failure("sealed-reasoning-rejected", "m", { index: dead });
  const long = at(
    ({ type, content }) => type === "reasoning" && Array.isArray(content) && content.length > 0,
  );
  if (long >= 0) return new Failure("reasoning-content-too-long", "m", { index: long });
  const pictured = at((element) => JSON.stringify(element).includes("image/png"));
  if (pictured >= 0) return new Failure("media-invalid", "m", { index: pictured });
  const strange = elements.find(({ type }) => type === "web_search_call");
  if (strange) return new Failure("item-type-unsupported", "m", { kind: strange.type });
  const calls = elements.filter(({ type }) => type === "function_call").map(({ call_id: id }) => id);
  const outputs = elements.filter(({ type }) => type === "function_call_output").map(({ call_id: id }) => id);
  const open = calls.find((id) => !outputs.includes(id));
  return open === undefined ? undefined : new Failure("call-without-output", "m", { call: String(open) });
}

describe("several poisons at once", () => {
  it("heal in one turn, one behind the other, and the good blobs stay in use", async () => {
    const log = new WrittenLog();
    for (const step of [1, 2, 3, 4]) {
      const place = { turn: 1, step, issuer: here };
      log.addItem(reasoning(`rs_${step}`, step === 3 ? { content: thoughts } : {}), place);
      log.addItem(call(`c${step}`), place);
      if (step !== 4) log.addItem(output(`c${step}`), { ...place, origin: "tool" });
    }
    log.addItem({ type: "web_search_call", id: "ws_1" }, { turn: 1, step: 5 });
    log.addItem(prompt("go", image), { turn: 2, step: 6, origin: "input" });
    const isDead = (blob: unknown): boolean => blob === sealedBlob(100, "rs_2");

    const situation = new Situation();
    const quarantines: Quarantine[] = [];
    let requests = 0;
    for (;;) {
      requests++;
      const projection = projected(log, xai, quarantines);
      const refusal = refusalOf(await sent(log, xai, quarantines), isDead);
      if (!refusal) break;
      const action = decide(refusal, situation, {
        now: 0,
        random: 0,
        wait: false,
        projection,
        upTo: log.history.lastSeq,
      });
      if (action.do !== "repair") throw new Error(`${refusal.class}: ${action.do}`);
      quarantines.push(action.quarantine);
    }
    expect(requests).toBe(5);
    expect(quarantines.map(({ rung, scope }) => `${rung} ${scope.kind}`)).toEqual([
      "0 items",
      "0 content",
      "0 media",
      "0 item-type",
    ]);
    // Three of four blobs are still sent, and so is everything else; the next turn is one request.
    expect(projected(log, xai, quarantines).sealedSent()).toEqual(new Map([[here, 3]]));
    expect(situation.repairs).toBe(4);
  });

  it("that never end are stopped after six repairs", () => {
    const situation = new Situation();
    const quarantines: Quarantine[] = [];
    const log = twoTurns({ content: thoughts });
    log.addItem(prompt("go", image), { turn: 3, step: 3, origin: "input" });
    const classes: FailureClass[] = [
      "reasoning-content-too-long",
      "parameter-unsupported",
      "media-invalid",
      "sealed-reasoning-rejected",
      "sealed-reasoning-rejected",
      "sealed-reasoning-rejected",
      "sealed-reasoning-rejected",
    ];
    const done = classes.map((failureClass) => {
      const data = failureClass === "parameter-unsupported" ? { parameter: "store" } : {};
      const projection = projected(log, xai, quarantines);
      const given = { now: 0, random: 0, wait: false, projection, upTo: 20, canRotate: true };
      const action = decide(new Failure<FailureClass>(failureClass, "m", data as never), situation, given);
      if (action.do === "repair") quarantines.push(action.quarantine);
      return action.do;
    });
    expect(done).toEqual(["repair", "repair", "repair", "repair", "repair", "repair", "stop"]);
  });
});
