import { fc } from "../kit/property.ts";
import { describe, expect, it } from "vitest";
import { trimOutputs } from "../../src/recovery/room.ts";
import { contracts } from "../../src/replay/contracts.ts";
import { project } from "../../src/replay/project.ts";
import { requestInput } from "../../src/replay/request-input.ts";
import { cutWindow } from "../../src/session/cut.ts";
import type { EventOf, ItemRecord, LogRecord } from "../../src/session/event.ts";
import { advance, type History, resumeFrom } from "../../src/session/history.ts";
import { isCallKind, isOutputKind, outputItem } from "../../src/session/item.ts";
import { OpenCalls } from "../../src/session/open-calls.ts";
import { commands, issuers, writeLog } from "./arbitrary-log.ts";
import { textOf, WrittenLog } from "./written-log.ts";

const seqs = (items: readonly ItemRecord[]): number[] => items.map(({ event }) => event.seq);

/** Pairs of a call and its output, as indexes. */
function pairs(items: readonly ItemRecord[]): [number, number][] {
  const open = new OpenCalls<number>();
  const found: [number, number][] = [];
  for (const [index, { event }] of items.entries()) {
    if (isCallKind(event.kind)) open.add(event, index);
    const call = isOutputKind(event.kind) ? open.take(event) : undefined;
    if (call !== undefined) found.push([call, index]);
  }
  return found;
}

function compacted(log: WrittenLog, keepFrom: number): void {
  const summary = new TextEncoder().encode(
    JSON.stringify({ type: "message", role: "user", content: "summary" }),
  );
  log.add({ type: "history-compacted", kind: "message", role: "user", keepFrom }, summary);
}

function foldWindow(records: readonly LogRecord[]): History {
  const end = records.findLast(({ event }) => event.type === "turn-ended") as LogRecord<
    EventOf<"turn-ended">
  >;
  const { checkpoint } = end.event;
  const history = resumeFrom(end);
  const open = new Set(checkpoint.openCalls);
  for (const record of records) {
    const { event, offset, body } = record;
    const isTold =
      offset < end.offset && !body && !(event.type === "tool-started" && open.has(event.callSeq));
    if (offset >= checkpoint.offset && !isTold) advance(history, record);
  }
  return history;
}

describe("a compaction of any log", () => {
  it("splits no pair and no step, keeps every item of the end once, and leaves open calls open", () => {
    fc.assert(
      fc.property(commands, fc.nat({ max: 2_000 }), fc.boolean(), (told, keepBytes, twice) => {
        const log = writeLog(told);
        for (let times = twice ? 2 : 1; times > 0; times--) {
          const before = [...log.history.items];
          const open = [...log.history.openCalls.keys()];
          const cut = cutWindow(before, keepBytes);
          if (!cut) return;
          for (const [call, output] of pairs(before)) expect(call < cut.index).toBe(output < cut.index);
          const stepOf = ({ event }: ItemRecord): string =>
            event.type === "item-added" && event.origin !== "input" ? `${event.turn}.${event.step}` : "";
          const cutSteps = new Set(before.slice(0, cut.index).map(stepOf));
          for (const kept of before.slice(cut.index).map(stepOf))
            if (kept !== "") expect(cutSteps).not.toContain(kept);
          compacted(log, cut.keepFrom);
          const { items, summarySeq, openCalls } = log.history;
          expect(seqs(items)).toEqual([summarySeq, ...seqs(before.slice(cut.index))]);
          expect([...openCalls.keys()]).toEqual(open);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("is read back from its window as from the whole log, also when a part of it is rewound then", () => {
    fc.assert(
      fc.property(commands, fc.nat({ max: 40 }), fc.nat({ max: 2_000 }), (told, back, keepBytes) => {
        const log = writeLog(told);
        const cut = cutWindow(log.history.items, keepBytes);
        if (cut) compacted(log, cut.keepFrom);
        log.endTurn();
        expect(foldWindow(log.records)).toEqual(log.history);
        log.add({ type: "history-rewound", toStep: 1, fromSeq: Math.max(0, log.records.length - back) });
        expect(foldWindow(log.records)).toEqual(log.history);
        log.endTurn();
        expect(foldWindow(log.records)).toEqual(log.history);
      }),
      { numRuns: 300 },
    );
  });
});

describe("shortened outputs", () => {
  const output = fc.record({
    length: fc.nat({ max: 9_000 }),
    shape: fc.constantFrom("text", "quotes", "wide", "list"),
  });

  it("are whole JSON of the length that was told, on every wire, and each time shorter", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(output, { minLength: 1, maxLength: 8 }),
        fc.constantFrom(...Object.values(contracts)),
        async (outputs, contract) => {
          const log = new WrittenLog();
          for (const [step, { length, shape }] of outputs.entries()) {
            const text = `head${{ text: "a", quotes: '"\\', wide: "😀ü", list: "b" }[shape].repeat(length)}tail`;
            const place = { turn: 1, step };
            log.addItem({ type: "function_call", call_id: `c${step}`, name: "t", arguments: "{}" }, place);
            log.addItem(
              shape === "list"
                ? {
                    type: "function_call_output",
                    call_id: `c${step}`,
                    output: [{ type: "input_text", text }],
                  }
                : outputItem("function_call", `c${step}`, text),
              { ...place, origin: "tool" },
            );
          }
          let last = Number.POSITIVE_INFINITY;
          for (;;) {
            const { items, quarantines } = log.history;
            const input = await requestInput(
              project(contract, { issuer: issuers[0], model: "m", quarantines }, items),
              log.bodies(),
            );
            const sent = await textOf(input.chunks());
            expect(Buffer.byteLength(sent)).toBe(input.bytes);
            expect(JSON.parse(`[${sent}]`)).toHaveLength(input.items);
            expect(sent.split("head").length - 1).toBe(outputs.length);
            expect(sent.split("tail").length - 1).toBe(outputs.length);
            expect(input.bytes).toBeLessThan(last);
            last = input.bytes;
            const quarantine = trimOutputs(log.history, { issuer: issuers[0], model: "m" });
            if (!quarantine) break;
            log.add({ type: "items-quarantined", turn: 1, ...quarantine, notice: "n" });
          }
        },
      ),
      { numRuns: 200, examples: [[[{ length: 75, shape: "wide" }], contracts.openai]] },
    );
  });
});
