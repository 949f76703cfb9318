import { describe, expect, it } from "vitest";
import { sealedBlob, WrittenLog } from "../../test/property/written-log.ts";
import { Failure } from "../failure.ts";
import { classify } from "../failure/classify.ts";
import { signalFromEvent, signalFromHttp } from "../failure/signal.ts";
import type { ReplayContract } from "../replay/contract.ts";
import { openai } from "../replay/contracts/openai.ts";
import { project, type Projection } from "../replay/project.ts";
import type { Quarantine } from "../session/event.ts";
import { isPast, isRefusal, nextTrial, wantsBack } from "./trial.ts";

const anyone: ReplayContract = { ...openai, name: "anyone", sealed: "replay" };
const unknown = (status: number): Failure =>
  classify(signalFromHttp(status, {}, '{"error":{"message":"Vorgang 4711"}}'), { now: 0 });

/** A step with reasoning, a call and its output, each sealed by an issuer of its own. */
function steps(...issuers: string[]): WrittenLog {
  const log = new WrittenLog();
  for (const [step, issuer] of issuers.entries()) {
    const place = { turn: 1, step, issuer };
    const call = `call_${step}`;
    log.addItem(
      { type: "reasoning", id: `rs_${step}`, summary: [], encrypted_content: sealedBlob(step, issuer) },
      place,
    );
    log.addItem(
      { type: "function_call", id: `fc_${step}`, call_id: call, name: "t", arguments: "{}" },
      place,
    );
    log.addItem({ type: "function_call_output", call_id: call, output: "done" }, place);
  }
  return log;
}

const projected = (log: WrittenLog): Projection =>
  project(anyone, { issuer: "here", quarantines: [] }, log.history.items);

function allTrials(log: WrittenLog, projection = projected(log), canShorten = false): Quarantine[] {
  const tried: Quarantine[] = [];
  const options = { upTo: log.history.lastSeq, tried, canShorten };
  for (let next = nextTrial(unknown(400), projection, options); next;) {
    tried.push(next);
    if (tried.length > 9) throw new Error("it never ends");
    next = nextTrial(unknown(400), projection, options);
  }
  return tried;
}
const kinds = (tried: readonly Quarantine[]): string[] => tried.map(({ scope }) => scope.kind);

describe("a trial", () => {
  it("takes each remedy alone, what loses least first, and a transcript at last", () => {
    const tried = allTrials(steps("here", "elsewhere"));
    expect(kinds(tried)).toEqual(["issuer", "sealed", "transcript"]);
    // Another issuer's are the likelier cause.
    expect(tried[0]).toMatchObject({ scope: { issuer: "elsewhere" }, count: 1 });
  });

  it("shortens long outputs after all others, where that may be done and the input is one that may fill a window", () => {
    const basis = { issuer: "here", model: "m", quarantines: [] };
    const trials = (bytes: number, canShorten: boolean): string[] => {
      const log = steps("here");
      const place = { turn: 9, step: 9 };
      log.addItem({ type: "function_call", id: "fc_9", call_id: "long", name: "t", arguments: "{}" }, place);
      log.addItem({ type: "function_call_output", call_id: "long", output: "x".repeat(bytes) }, place);
      return kinds(allTrials(log, project(anyone, basis, log.history.items), canShorten));
    };
    expect(trials(40_000, false)).toEqual(["issuer", "sealed", "transcript"]);
    expect(trials(40_000, true)).toEqual(["issuer", "sealed", "transcript", "outputs"]);
    expect(trials(25_000, true)).toEqual(["issuer", "sealed", "transcript"]);
  });

  it("is not made twice in two forms, and not where it would change nothing", () => {
    const log = new WrittenLog();
    log.addItem({ type: "message", role: "user", content: [] }, { turn: 1, step: 0 });
    expect(allTrials(log)).toEqual([]);
  });

  it.each([400, 409, 422])("is for refusals of the request itself: %i", (status) => {
    expect(isRefusal(unknown(status))).toBe(true);
  });

  it("is not for outages, wrong addresses, and events that don't say whose fault it is", () => {
    for (const status of [404, 405, 418, 451]) expect(isRefusal(unknown(status))).toBe(false);
    const event = (type: string, code?: string): Failure => {
      const data = { type: "error", error: { type, code, message: "Vorgang 4711" } };
      return classify(signalFromEvent("error", data, JSON.stringify(data)), { now: 0 });
    };
    expect(isRefusal(event("invalid_request_error"))).toBe(true);
    expect(isRefusal(event("INVALID_ARGUMENT"))).toBe(true);
    expect(isRefusal(event("odd_error", "Bad_Request"))).toBe(true);
    expect(isRefusal(event("odd_error"))).toBe(false);
  });

  it("helped when something else is refused now, and didn't when what was left out is missed", () => {
    const refused = (failure: Failure): [boolean, boolean] => [isPast(failure), wantsBack(failure)];
    expect(refused(new Failure("item-id-invalid", "", {}))).toEqual([true, false]);
    expect(refused(new Failure("context-overflow", "", {}))).toEqual([true, false]);
    expect(refused(new Failure("reasoning-required", "", {}))).toEqual([false, true]);
    expect(refused(unknown(400))).toEqual([false, false]);
    expect(refused(new Failure("overloaded", "", {}))).toEqual([false, false]);
  });
});
