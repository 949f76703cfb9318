import { fc } from "../kit/property.ts";
import { describe, expect, it } from "vitest";
import { chainOf, continued } from "../../src/replay/chain.ts";
import { contracts } from "../../src/replay/contracts.ts";
import { project, type Projection } from "../../src/replay/project.ts";
import { requestInput } from "../../src/replay/request-input.ts";
import { flag } from "../../src/replay/flag.ts";
import { commands, issuers, writeLog } from "./arbitrary-log.ts";
import { textOf } from "./written-log.ts";

const issuer = issuers[0];
const model = "m";
const contract = contracts["openai-stored"]!;

/** How the elements go, as far as the provider sees it. */
const seen = (projection: Projection): string[] =>
  Array.from(
    projection.elements(),
    ({ kind, record, flags }) => `${kind} ${record.event.seq} ${flags & ~flag.answered}`,
  );

describe("a request that names an earlier response", () => {
  it("makes the same conversation as the whole input, for 1,000 logs, or sends the whole input", async () => {
    let named = 0;
    await fc.assert(
      fc.asyncProperty(commands, fc.nat(), fc.nat(3), async (told, at, asked) => {
        const log = writeLog(told);
        const { items, quarantines } = log.history;
        if (items.length === 0) return;
        // The provider's state: what was sent when so many items were there, the last few of which came while it answered.
        const then = items.slice(0, (at % items.length) + 1);
        const through = then.at(-1 - asked)?.event.seq ?? -1;
        const before = project(contract, { issuer, model, quarantines }, then);
        const chain = chainOf(before, through);
        if (!chain) return;
        const last = then.at(-1)!.event.seq;
        const own = new Set(
          then.flatMap(({ event: { seq, ...event } }) =>
            seq > through && "origin" in event && event.origin === "model" ? [seq] : [],
          ),
        );
        const isKept = (element: string): boolean => {
          const [kind, seq] = element.split(" ");
          return Number(seq) <= through || (kind === "item" && own.has(Number(seq)));
        };
        const kept = seen(before).filter(isKept);

        const now = project(contract, { issuer, model, quarantines }, items);
        const found = continued(now, { ...chain, response: "resp_1", seq: last + 0.5 });
        const whole = seen(now);
        if (!found) {
          // Only for a reason: something goes otherwise, or there is nothing to add.
          const isWhole =
            whole.filter(isKept).join() === kept.join() && whole.slice(0, kept.length).every(isKept);
          expect(isWhole && whole.length > kept.length && now.chainLost < last).toBe(false);
          return;
        }
        named++;
        expect([...kept, ...whole.slice(found.elements)]).toEqual(whole);
        const text = await textOf((await requestInput(now, log.bodies())).chunks());
        const rest = await requestInput(now, log.bodies(), found.elements);
        const tail = await textOf(rest.chunks());
        expect(Buffer.byteLength(tail)).toBe(rest.bytes);
        expect(JSON.parse(`[${tail}]`)).toEqual((JSON.parse(`[${text}]`) as unknown[]).slice(found.elements));
        expect(rest.items).toBe(whole.length - found.elements);
      }),
      { numRuns: 1_000 },
    );
    expect(named).toBeGreaterThan(100);
  });
});
