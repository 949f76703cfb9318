import { describe, expect, it } from "vitest";
import { Failure } from "../failure.ts";
import type { Quarantine } from "../session/event.ts";
import {
  keptNotice,
  type NoticeFacts,
  noticeOf,
  pairInWordsNotice,
  pairsNotice,
  repairNotice,
  rotationNotice,
  trialNotice,
} from "./notice.ts";
import { durationWords } from "../lib/words.ts";

const day = 86_400_000;
const now = 1_000 * day;
const facts: NoticeFacts = { now, items: 3, outputs: 2, clockTime: () => "14:05" };
const message = "The encrypted content gAAA...c90= could not be verified.";
const refused = new Failure(
  "sealed-reasoning-rejected",
  "m",
  {},
  {
    signal: { source: "http", status: 400, code: "invalid_encrypted_content", message },
  },
);

function quarantine(given: Partial<Quarantine> = {}): Quarantine {
  const scope = { kind: "issuer", issuer: "i", through: 9 } as const;
  return {
    rung: 1,
    why: "sealed-reasoning-rejected",
    refusedBy: "i",
    scope,
    count: 34,
    oldestSealedAt: (now - 24 * day) / 1_000,
    ...given,
  };
}

describe("what the person is told", () => {
  it("of a repair: what happened, what was set aside, what was kept, and the cause", () => {
    expect(repairNotice(refused, quarantine(), now)).toBe(
      "reasoning sealed 24 days ago could not be decrypted; 34 items set aside; all messages and tool results kept " +
        `(it isn't said which were refused, as when the key, account or deployment that sealed them has changed; 400 invalid_encrypted_content)`,
    );
    const naming = new Failure("sealed-reasoning-rejected", "refused", { tail: "c90=" });
    expect(repairNotice(naming, quarantine(), now)).toContain("(one of them was refused, as when the key");
  });

  it("of a repair of one blob, of blobs without a time, and of none", () => {
    const one = repairNotice(refused, quarantine({ scope: { kind: "items", seqs: [4] }, count: 1 }), now);
    expect(one).toContain("1 item set aside");
    expect(one).toContain("no other was refused; it alone may be damaged");
    const { oldestSealedAt: _none, ...undated } = quarantine();
    expect(repairNotice(refused, undated, now)).toContain("reasoning sealed earlier could not");
    expect(
      repairNotice(refused, quarantine({ scope: { kind: "sealed", through: 9 }, count: 0 }), now),
    ).toContain("not asked for any more");
    expect(repairNotice(refused, quarantine({ scope: { kind: "item-ids", through: 9 } }), now)).toContain(
      "nothing was left out",
    );
  });

  it("of repairs that leave nothing out: what changes, and that nothing is lost", () => {
    const said = (scope: Quarantine["scope"], count = 2): string =>
      repairNotice(refused, quarantine({ scope, count }), now);
    expect(said({ kind: "media", through: 9 })).toContain("the log keeps them");
    expect(said({ kind: "transcript", through: 9 })).toContain("as a plain transcript; the log keeps all");
    expect(said({ kind: "item-type", itemType: "web_search_call" })).toContain(
      "2 items of type web_search_call",
    );
    expect(said({ kind: "content", seqs: [1, 2] })).toContain("2 items sent without them");
    expect(said({ kind: "parameter", parameter: "reasoning.effort" }, 0)).toContain(
      "the parameter reasoning.effort was refused; left out to this model from now on",
    );
    expect(said({ kind: "parameter", parameter: "thinking", turn: 3 }, 0)).toContain("until this turn ends");
    expect(said({ kind: "parameter", parameter: "include" })).toContain("this model seals no reasoning");
    for (const kind of ["reasoning-text", "thought-signatures"] as const)
      expect(said({ kind }, 0)).toContain("nothing was left out");
  });

  it.each([
    ["tools[web_search]", "the tools web_search were refused"],
    ["tools[!function]", "the tools of other kinds than function were refused"],
    ["tools[parameters!=object]", "the tools whose parameters are no object were refused"],
    ["tools[name=exec].description", "the description of the tool exec was refused; its name is sent"],
    ["tools[].strict", "the member strict of tools was refused"],
  ])("of tools that are refused: %s", (parameter, words) => {
    const quarantined = quarantine({ scope: { kind: "parameter", parameter }, count: 0 });
    expect(repairNotice(refused, quarantined, now)).toContain(words);
  });

  it("of items that are set aside for another reason than their seal", () => {
    const duplicate = new Failure("duplicate-item", "m", { item: "msg_1" });
    const { oldestSealedAt: _none, ...undated } = quarantine({
      scope: { kind: "items", seqs: [4] },
      count: 1,
    });
    expect(repairNotice(duplicate, undated, now)).toContain(
      "refused because it was there twice; 1 item set aside",
    );
  });

  it("of a compaction that can't be opened, and of a model that seals nothing", () => {
    const compaction = new Failure("sealed-compaction-rejected", "m", {});
    expect(repairNotice(compaction, quarantine({ count: 1 }), now)).toContain(
      "a compaction sealed 24 days ago could not be decrypted; 1 item set aside",
    );
    const include = { kind: "parameter", parameter: "include" } as const;
    const said = (count: number): string => repairNotice(refused, quarantine({ scope: include, count }), now);
    expect(said(2)).toContain("it is not asked for any more; 2 items set aside; all messages");
    expect(said(0)).toContain("it is not asked for any more; all messages");
  });

  it("of a pair: which half was missed, and that nothing ran again", () => {
    const missed = (what: "call-without-output" | "output-without-call"): Failure =>
      new Failure(what, "m", {});
    expect(pairsNotice(missed("call-without-output"), "c\u001b[31m1")).toBe(
      "the provider found no output for tool call c1; it was added to the log; nothing was run again",
    );
    expect(pairInWordsNotice(missed("output-without-call"), "c1")).toBe(
      "the provider found no call for tool call c1, although it was sent; both are sent in words from now on; nothing was run again",
    );
  });

  it("of a trial: that the words aren't known, what it goes without now, and what was set aside once it is taken", () => {
    const odd = new Failure(
      "unknown-provider-failure",
      "m",
      {},
      { signal: { source: "http", status: 400, message: "Vorgang 4711" } },
    );
    expect(trialNotice(odd, quarantine(), 0)).toBe(
      'the request was refused in words that are not known (the provider said 400: "Vorgang 4711"); trying it without 34 items of sealed reasoning',
    );
    const ids = quarantine({ scope: { kind: "item-ids", through: 9 }, count: 2 });
    expect(trialNotice(odd, ids, 1)).toBe("still refused; trying it without item ids");
    expect(keptNotice(odd, quarantine(), now)).toBe(
      'the request is taken without reasoning sealed 24 days ago; 34 items set aside; all messages and tool results kept (the provider said 400: "Vorgang 4711")',
    );
    const { oldestSealedAt: _none, ...undated } = quarantine({ scope: { kind: "sealed", through: 9 } });
    expect(keptNotice(odd, undated, now)).toContain("is taken without reasoning; 34 items");
    expect(keptNotice(odd, ids, now)).toContain("2 items sent without them from now on");
  });

  it("of a rotation: that nothing is deleted", () => {
    const full = rotationNotice(new Failure("context-overflow", "m", {}));
    expect(full).toContain("the context is full");
    expect(full).toContain("nothing was deleted");
    const action = { do: "rotate", notice: rotationNotice(refused) } as const;
    expect(noticeOf(refused, action, facts)).toContain(
      "goes on in a successor with everything that was said",
    );
  });

  it("of a retry: what was kept, and when it is tried again", () => {
    const cut = new Failure("transport-interrupted", "m", { reason: "cut" });
    expect(noticeOf(cut, { do: "retry", delayMs: 400 }, facts)).toBe(
      "stream cut after 3 items; 2 tool outputs kept; trying again in 0.4 s",
    );
    const early = { ...facts, items: 0, outputs: 0 };
    expect(noticeOf(cut, { do: "retry", delayMs: 400 }, early)).toBe(
      "stream cut before any item; trying again in 0.4 s",
    );
    // Nobody was reached: of items nothing is said.
    for (const [reason, words] of [
      ["refused", "connection refused"],
      ["unresolved", "host name not found"],
    ] as const) {
      const away = new Failure("transport-interrupted", "m", { reason });
      expect(noticeOf(away, { do: "retry", delayMs: 400 }, early)).toBe(`${words}; trying again in 0.4 s`);
    }
  });

  it("of a limit: when it resets, and how long that is", () => {
    const limit = new Failure("usage-limit", "m", {});
    const until = now + 2 * 3_600_000 + 600_000;
    expect(noticeOf(limit, { do: "wait", until }, facts)).toBe(
      "usage limit reached; resets at 14:05 (in 2 h 10 m); waiting for it",
    );
    expect(noticeOf(limit, { do: "park", until }, facts)).toBe(
      "usage limit reached; resets at 14:05 (in 2 h 10 m); the session is whole",
    );
    expect(noticeOf(limit, { do: "park" }, facts)).toContain("doesn't say until when");
  });

  it("is one line without control sequences, whatever the provider says", () => {
    const signal = { source: "http", status: 400, message: "bad\n\u001b[31mred" } as const;
    const nasty = new Failure("sealed-reasoning-rejected", "m", {}, { signal });
    expect(repairNotice(nasty, quarantine(), now)).toContain('"bad red"');
  });
});

describe("a duration", () => {
  it.each([
    [400, "0 s"],
    [12_000, "12 s"],
    [60_000, "1 m"],
    [3_600_000, "1 h"],
    [7_800_000, "2 h 10 m"],
    [day - 1, "1 day"],
    [24 * day, "24 days"],
  ])("of %i ms is %s", (ms, words) => expect(durationWords(ms)).toBe(words));
});
