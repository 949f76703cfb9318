import { fc } from "../kit/property.ts";
import { describe, expect, it } from "vitest";
import type { ItemRecord } from "../../src/session/event.ts";
import type { ReplayContract } from "../../src/replay/contract.ts";
import { contracts } from "../../src/replay/contracts.ts";
import { project } from "../../src/replay/project.ts";
import { requestInput } from "../../src/replay/request-input.ts";
import { commands, issuers, writeLog } from "./arbitrary-log.ts";
import { type Element, isOutput, objections, type WireRules, wireRules } from "./wire-rules.ts";
import { textOf, type WrittenLog } from "./written-log.ts";

const issuer = issuers[0];
const contract = fc.constantFrom<ReplayContract>(
  ...Object.values(contracts),
  { ...contracts["openai"]!, name: "anyone", sealed: "replay", itemIds: "keep", callIdLimit: 20 },
  { ...contracts["openai"]!, name: "window", sealed: { window: 2 }, itemIds: "keep" },
);

async function send(log: WrittenLog, to: ReplayContract, part?: number): Promise<string> {
  const { items, quarantines } = log.history;
  const input = await requestInput(project(to, { issuer, quarantines }, items), log.bodies(part));
  const text = await textOf(input.chunks());
  expect(Buffer.byteLength(text)).toBe(input.bytes);
  expect(JSON.parse(`[${text}]`)).toHaveLength(input.items);
  return text;
}

describe("what is sent", () => {
  it("satisfies R25, the wire's own rules and the contract, for any log, cut anywhere", async () => {
    await fc.assert(
      fc.asyncProperty(commands, contract, async (told, to) => {
        const log = writeLog(told);
        const elements = JSON.parse(`[${await send(log, to)}]`) as Element[];
        const rules = rulesOf(to, log);
        expect(objections(elements, rules)).toEqual([]);
        checkReasoning(elements, rules, copiesIn(log));
        checkSignatures(elements, rules);
        checkIds(elements, to);
        checkSeals(elements, to, log, copiesIn(log));
        checkNothingLost(elements, log);
      }),
      { numRuns: 600 },
    );
  });

  it("satisfies the rules of every wire, each for 400 logs", async () => {
    await fc.assert(
      fc.asyncProperty(commands, async (told) => {
        const log = writeLog(told);
        for (const to of Object.values(contracts)) {
          const elements = JSON.parse(`[${await send(log, to)}]`) as Element[];
          expect(objections(elements, rulesOf(to, log)), to.name).toEqual([]);
        }
      }),
      { numRuns: 400 },
    );
  });

  it("has the same bytes for the same log and contract", async () => {
    await fc.assert(
      fc.asyncProperty(commands, contract, async (told, to) => {
        expect(await send(writeLog(told), to)).toBe(await send(writeLog(told), to, 7));
      }),
      { numRuns: 200 },
    );
  });

  it("is the same whether it is projected at once or step by step, and however the store hands out the bytes", async () => {
    await fc.assert(
      fc.asyncProperty(commands, contract, fc.integer({ min: 1, max: 50 }), async (told, to, part) => {
        const log = writeLog(told);
        const { items, quarantines } = log.history;
        let continued = project(to, { issuer, quarantines }, []);
        for (let count = 0; count <= items.length; count++) {
          continued = project(to, { issuer, quarantines }, items.slice(0, count), continued);
          if (count % 7 === 0) await requestInput(continued, log.bodies());
        }
        const input = await requestInput(continued, log.bodies(part));
        const afresh = project(to, { issuer, quarantines }, items);
        expect(await textOf(input.chunks())).toBe(await send(log, to));
        expect([...continued.report()]).toEqual([...afresh.report()]);
        expect(Array.from(continued.elements(), ({ index, kind }) => [index, kind])).toEqual(
          Array.from(afresh.elements(), ({ index, kind }) => [index, kind]),
        );
      }),
      { numRuns: 300 },
    );
  });

  it("names the log's item for every index of the input", async () => {
    await fc.assert(
      fc.asyncProperty(commands, contract, async (told, to) => {
        const log = writeLog(told);
        const { items, quarantines } = log.history;
        const elements = JSON.parse(`[${await send(log, to)}]`) as Element[];
        for (const { index, record, kind } of project(to, { issuer, quarantines }, items).elements()) {
          const element = elements[index]!;
          if (kind === "answer") expect(element["output"]).toContain("outcome unknown");
          else if (element["seq"] !== undefined) expect(element).toMatchObject(marksOf(log, record));
        }
      }),
    );
  });
});

function marksOf(log: WrittenLog, record: ItemRecord): Element {
  const { seq, at } = JSON.parse(new TextDecoder().decode(log.bytesOf(record.body))) as Element;
  return { seq, at };
}

/** The wire's rules, as the quarantines of this log have changed the contract. */
function rulesOf(to: ReplayContract, { history: { quarantines } }: WrittenLog): WireRules {
  const given = wireRules[to.name] ?? {
    ...wireRules["azure"]!,
    callId: new RegExp(`^.{0,${to.callIdLimit}}$`, "su"),
  };
  const kinds = quarantines.flatMap(({ refusedBy, scope }) => (refusedBy === issuer ? [scope.kind] : []));
  return {
    ...given,
    thoughtSignatures: given.thoughtSignatures || kinds.includes("thought-signatures"),
    ...(kinds.includes("call-ids") && { callId: /^[\w-]{1,40}$/u }),
    ...(kinds.includes("reasoning-text") && given.reasoning !== "signed" && { reasoning: "plain" }),
  };
}

/** The marks of items that were written to the log again: they say where the first copy stands, not this one. */
function copiesIn(log: WrittenLog): Set<unknown> {
  const seen = new Set<unknown>();
  const copies = new Set<unknown>();
  for (const record of log.history.items) {
    const { seq } = marksOf(log, record);
    if (seen.has(seq)) copies.add(seq);
    if (seq !== record.event.seq) copies.add(seq);
    seen.add(seq);
  }
  return copies;
}

function checkReasoning(
  elements: readonly Element[],
  { reasoning }: WireRules,
  copies: ReadonlySet<unknown>,
): void {
  for (const [at, element] of elements.entries()) {
    if (element["type"] !== "reasoning") continue;
    expect(reasoning, "reasoning where none is taken").not.toBe("none");
    const isSealed = element["encrypted_content"] !== undefined;
    if (reasoning !== "plain") expect(isSealed, "an empty shell").toBe(true);
    if (isSealed) expect(element["encrypted_content"], "a broken seal").toMatch(/^[\w=-]+$/u);
    else expect(JSON.stringify(element["content"])).toContain("reasoning_text");
    const next = elements[at + 1];
    expect(next, "trailing reasoning").toBeDefined();
    expect(isOutput(next!) || next!["role"] === "user", "reasoning without its item").toBe(false);
    if (copies.has(next!["seq"]) || copies.has(element["seq"]) || next!["seq"] === undefined) continue;
    expect(next!["at"], "reasoning before another step").toBe(element["at"]);
  }
}

/** A thought signature is sent only to whoever made it. */
function checkSignatures(elements: readonly Element[], { thoughtSignatures }: WireRules): void {
  for (const { thought_signature: signature } of elements) {
    if (signature === undefined) continue;
    expect(thoughtSignatures).toBe(true);
    expect(signature).toBe(`by ${issuer}`);
  }
}

function checkIds(elements: readonly Element[], { itemIds, callIdLimit }: ReplayContract): void {
  const ids = elements.flatMap(({ id }) => (id === undefined ? [] : [id]));
  expect(ids).toHaveLength(new Set(ids).size);
  if (itemIds === "detach") expect(ids).toEqual([]);
  for (const { call_id: call } of elements)
    if (call !== undefined) expect(String(call).length).toBeLessThanOrEqual(callIdLimit);
}

function checkSeals(
  elements: readonly Element[],
  { sealed }: ReplayContract,
  { history: { items, quarantines } }: WrittenLog,
  copies: ReadonlySet<unknown>,
): void {
  const turns = items.map(({ event }) => (event.type === "item-added" ? event.turn : 0));
  const aside = quarantines.filter(({ refusedBy }) => refusedBy === issuer).map(({ scope }) => scope);
  for (const element of elements) {
    if (element["encrypted_content"] === undefined) continue;
    expect(sealed).not.toBe("drop");
    if (sealed !== "replay") expect(element["by"]).toBe(issuer);
    if (copies.has(element["seq"])) continue;
    const turn = Number.parseInt(String(element["at"]), 10);
    if (typeof sealed === "object") expect(turn).toBeGreaterThan(Math.max(...turns) - sealed.window);
    const seq = Number(element["seq"]);
    for (const scope of aside) {
      if (scope.kind === "items") expect(scope.seqs).not.toContain(seq);
      if (scope.kind === "sealed") expect(seq).toBeGreaterThan(scope.through);
      if (scope.kind === "issuer" && scope.issuer === element["by"])
        expect(seq).toBeGreaterThan(scope.through);
    }
  }
}

/** Every message, call and output is sent, as itself or as a message, unless a quarantine names it. */
function checkNothingLost(elements: readonly Element[], log: WrittenLog): void {
  const { items, quarantines } = log.history;
  const named = quarantines.flatMap(({ refusedBy, scope }) =>
    refusedBy === issuer && scope.kind === "items" ? scope.seqs : [],
  );
  const sent = new Set(elements.map(({ seq }) => seq));
  const words = JSON.stringify(elements);
  for (const [at, record] of items.entries()) {
    if (items.slice(0, at).some((earlier) => looksLike(earlier, record))) continue;
    if (record.event.sealed || record.event.kind === "reasoning" || named.includes(record.event.seq))
      continue;
    const { seq, output } = JSON.parse(new TextDecoder().decode(log.bytesOf(record.body))) as Element;
    const hasWords = output !== undefined && JSON.stringify(output) !== "[]";
    const isNoted =
      isOutput({ type: record.event.kind }) && (!hasWords || words.includes(`o${String(seq)}.`));
    const isInWords =
      words.includes(`\\"seq\\":${String(seq)}`) ||
      ["a", "c", "s", "u"].some((letter) => words.includes(`${letter}${String(seq)}.`));
    expect(sent.has(seq) || isNoted || isInWords, `item ${record.event.seq} was lost`).toBe(true);
  }
}

/** Two items of one response with the same ids and length count as one: their headers don't tell them apart. */
function looksLike({ event: one, body }: ItemRecord, { event: other, body: otherBody }: ItemRecord): boolean {
  if (one.type !== "item-added" || other.type !== "item-added" || one.id === undefined) return false;
  const keys = ["id", "kind", "call", "turn", "step"] as const;
  return keys.every((key) => one[key] === other[key]) && body.length === otherBody.length;
}
