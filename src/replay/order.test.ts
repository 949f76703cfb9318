import { describe, expect, it } from "vitest";
import { fc } from "../../test/kit/property.ts";
import { textOf, WrittenLog } from "../../test/property/written-log.ts";
import type { ItemRecord } from "../session/event.ts";
import { OpenCalls } from "../session/open-calls.ts";
import { openai } from "./contracts/openai.ts";
import { ElementOrder } from "./order.ts";
import { project } from "./project.ts";
import { requestInput } from "./request-input.ts";

const here = "https://here #1";
const basis = { issuer: here, quarantines: [] };
const made = { turn: 1, step: 1, issuer: here };
const tool = { turn: 1, step: 1, origin: "tool" } as const;
const call = (id: number): object => ({
  type: "function_call",
  call_id: `c${id}`,
  name: "shell",
  arguments: "{}",
});
const output = (id: number): object => ({ type: "function_call_output", call_id: `c${id}`, output: "done" });
const numbers = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

/** How often the window's items were looked at to project them. */
function looks(log: WrittenLog): number {
  let count = 0;
  const items = new Proxy([...log.history.items], {
    get(target, key, receiver): unknown {
      if (typeof key === "string" && /^\d+$/u.test(key)) count++;
      return Reflect.get(target, key, receiver) as unknown;
    },
  }) as readonly ItemRecord[];
  expect(project(openai, basis, items).count).toBeGreaterThan(0);
  return count;
}

describe("the work of a projection grows no faster than the window", () => {
  const shapes: Readonly<Record<string, (log: WrittenLog, size: number) => void>> = {
    "outputs behind all calls of one step": (log, size) => {
      for (const id of numbers(size)) log.addItem(call(id), made);
      for (const id of numbers(size)) log.addItem(output(id), tool);
    },
    "outputs that come in reverse": (log, size) => {
      for (const id of numbers(size)) log.addItem(call(id), made);
      for (const id of numbers(size).toReversed()) log.addItem(output(id), tool);
    },
    "outputs that come while the step still streams": (log, size) => {
      for (const id of numbers(size)) {
        log.addItem(call(id), made);
        log.addItem(output(id), tool);
      }
    },
    "outputs that come behind all later steps": (log, size) => {
      for (const id of numbers(size)) log.addItem(call(id), { ...made, step: id + 1 });
      for (const id of numbers(size)) log.addItem(output(id), { ...tool, step: id + 1 });
    },
  };

  it.each(Object.entries(shapes))("with %s", (_name, fill) => {
    const [few, many] = [100, 400].map((size) => {
      const log = new WrittenLog();
      fill(log, size);
      return looks(log);
    });
    expect(many! / few!).toBeLessThan(5);
  });

  it("with calls that all have one id, as some gateways give them", () => {
    const open = new OpenCalls<number>();
    const count = 200_000;
    for (const at of numbers(count)) open.add({ kind: "function_call", call: "c", turn: 1, step: 1 }, at);
    const taken = numbers(count).map(() => open.take({ kind: "function_call_output", call: "c" }));
    expect(taken).toEqual(numbers(count));
  });
});

describe("an order that was given", () => {
  it("stays as it is when an output comes to an older call", async () => {
    const log = new WrittenLog();
    log.addItem(call(1), made);
    log.addItem({ type: "message", role: "user", content: "go on" }, { turn: 2, step: 2, origin: "input" });
    const before = project(openai, basis, log.history.items);
    const input = await requestInput(before, log.bodies());
    const sent = await textOf(input.chunks());
    log.addItem(output(1), tool);
    const after = await requestInput(project(openai, basis, log.history.items, before), log.bodies());
    expect(await textOf(input.chunks())).toBe(sent);
    const types = (JSON.parse(`[${await textOf(after.chunks())}]`) as { type: string }[]).map(
      ({ type }) => type,
    );
    expect(types).toEqual(["function_call", "function_call_output", "message"]);
  });
});

it("is the log's, with each run's own items first, then outputs, then outputs told in words, whenever each came", () => {
  const step = fc.record({
    do: fc.constantFrom("begin", "join", "answer", "tell", "list"),
    run: fc.nat(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300, size: "max" }), (steps) => {
      const order = new ElementOrder();
      const runs: [own: number[], outputs: number[], told: number[]][] = [];
      const listed = (): number[] => runs.flat(2);
      let next = 0;
      for (const { do: what, run } of steps) {
        if (what === "list") expect([...order.list()]).toEqual(listed());
        else if (what === "begin" || runs.length === 0) {
          order.begin(next);
          runs.push([[next++], [], []]);
        } else if (what === "join") {
          order.join(next);
          runs.at(-1)![0].push(next++);
        } else {
          const [own, outputs, told] = runs[run % runs.length]!;
          order.answer(next, own.at(-1)!, what === "tell");
          (what === "tell" ? told : outputs).push(next++);
        }
      }
      expect([...order.list()]).toEqual(listed());
      expect(order.lastRun).toBe(runs.at(-1)?.[0][0] ?? -1);
    }),
  );
});
