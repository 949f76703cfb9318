import { fc } from "../../../../test/kit/property.ts";
import { expect, test } from "vitest";
import { OpenCalls } from "./open-calls.ts";
import type { Unpaired } from "./unpaired.ts";
import { TextSet } from "./text-set.ts";

/** What a `Map` says. */
class Model {
  readonly calls = new Map<string, Unpaired>();

  closeFrom(line: number): void {
    for (const [call, { index }] of this.calls) if (index >= line) this.calls.delete(call);
  }
}

const id = fc.constantFrom("a", "b", "call_1", "文", "ÿ", "call_2", "c", "d");
const step = fc.oneof(
  fc.tuple(fc.constant("open" as const), id, fc.option(fc.constantFrom("shell", "ſ", ""))),
  fc.tuple(fc.constant("close" as const), id, fc.constant(null)),
  fc.tuple(fc.constant("tell" as const), id, fc.constant(null)),
  fc.tuple(fc.constant("from" as const), fc.nat(60), fc.constant(null)),
);

test("calls are open from their record to their output, in their order, with what was told of them", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const ids = new TextSet(100);
      const [open, model] = [new OpenCalls(ids), new Model()];
      for (const [index, [does, what, name]] of steps.entries()) {
        if (does === "from") {
          open.closeFrom(what);
          model.closeFrom(what);
          continue;
        }
        const span = { index, at: index * 1e9, bytes: index + 1 };
        const known = model.calls.get(what);
        if (does === "open") {
          open.open(index, span.at, span.bytes, ids.numberOf(what), "function_call", name ?? undefined);
          model.calls.set(what, {
            ...span,
            call: what,
            kind: "function_call",
            ...(name !== null && { name }),
          });
        } else if (does === "close") expect(open.close(ids.numberOf(what))).toBe(model.calls.delete(what));
        else {
          expect(open.tell(ids.numberOf(what), span)).toBe(known !== undefined);
          if (known) known.event = span;
        }
      }
      expect([...open]).toEqual([...model.calls.values()]);
      expect(open.count).toBe(model.calls.size);
    }),
    { numRuns: 500 },
  );
});

test("tens of thousands of calls are followed through their outputs, those between that never came stay", () => {
  const ids = new TextSet(100_000);
  const open = new OpenCalls(ids);
  const number = (at: number): number => ids.numberOf(`call_${at}`);
  for (let at = 0; at < 30_000; at++) open.open(at, at, 1, number(at), "function_call", "shell");
  for (let at = 0; at < 30_000; at++) if (at % 100 !== 7) expect(open.close(number(at))).toBe(true);
  expect([...open].map(({ call }) => call)).toEqual(
    Array.from({ length: 300 }, (_, nth) => `call_${nth * 100 + 7}`),
  );
  open.closeFrom(0);
  expect([[...open], open.count]).toEqual([[], 0]);
});

test("of a call whose id can't be noted nothing is said, so that its output isn't taken for a lone one", () => {
  const ids = new TextSet(1);
  const open = new OpenCalls(ids);
  const [a, b] = [ids.numberOf("a"), ids.numberOf("b")];
  open.open(0, 0, 1, a, "function_call", undefined);
  open.open(1, 1, 1, b, "function_call", undefined);
  expect([open.close(b), open.close(a), open.close(a)]).toEqual(["unknown", true, false]);
});
