import { crc32 } from "node:zlib";
import { fc } from "../../test/kit/property.ts";
import { describe, expect, it } from "vitest";
import { isFailureOf } from "../failure.ts";
import type { SessionEvent } from "../session/event.ts";
import { created, itemAdded, renamed, turnEnded } from "./conformance/events.ts";
import { encodeLine } from "../../test/kit/log-line.ts";
import { head, id, kinds, leaseTaken, line, type Read, read, sourceOf } from "../../test/kit/read-log.ts";
import { readLog } from "./scan.ts";

describe("a log is read", () => {
  it("past garbage in the middle, which is named with its line and bytes", async () => {
    const garbage = Buffer.from("some\x07garbage\n");
    const found = await read(Buffer.concat([head, line(1, 1), garbage, line(2, 1)]));
    const from = head.length + line(1, 1).length;
    expect(found.seqs).toEqual([0, 1, 2]);
    expect(found.damage).toMatchObject([
      { kind: "unreadable", line: 3, from, to: from + garbage.length - 1 },
    ]);
  });

  it("past garbage at the head", async () => {
    const found = await read(Buffer.concat([Buffer.from("garbage\nmore garbage\n"), line(5, 2), line(6, 2)]));
    expect(found.seqs).toEqual([5, 6]);
    expect(found.damage).toMatchObject([{ kind: "unreadable", line: 1, from: 0 }]);
  });

  it("with a word about a head that is missing without a trace", async () => {
    expect(kinds(await read(line(5, 2)))).toEqual(["unreadable"]);
  });

  it("up to a torn last line", async () => {
    const found = await read(Buffer.concat([head, line(1, 1), line(2, 1).subarray(0, 50)]));
    expect(found.seqs).toEqual([0, 1]);
    expect(found.whole).toBe(head.length + line(1, 1).length);
    expect(found.damage).toMatchObject([{ kind: "torn-tail", line: 3 }]);
  });

  it("with a last line that lacks nothing but its newline", async () => {
    const found = await read(Buffer.concat([head, line(1, 1).subarray(0, -1)]));
    expect([found.seqs, found.damage]).toEqual([[0, 1], []]);
  });

  it("behind a block of NULs, as a power failure leaves it", async () => {
    const found = await read(
      Buffer.concat([head, line(1, 1).subarray(0, 40), Buffer.alloc(4096), line(2, 1), line(3, 1)]),
    );
    expect(found.seqs).toEqual([0, 2, 3]);
    expect(kinds(found)).toEqual(["unreadable", "nul-block"]);
    expect(found.damage[1]).toMatchObject({ from: head.length + 40, to: head.length + 40 + 4096 });
  });

  it("with both lines when the newline between them was damaged", async () => {
    const first = Buffer.from(line(1, 1));
    first[first.length - 1] = 0x58;
    const found = await read(Buffer.concat([head, first, line(2, 1)]));
    expect([found.seqs, found.damage.length]).toEqual([[0, 1, 2], 1]);
  });

  it("as foreign when no line of it is an event", async () => {
    const found = await read(Buffer.from('{"some":"json"}\nand text\n'));
    expect(found.damage).toMatchObject([{ kind: "foreign", from: 0, to: 25 }]);
    expect(kinds(await read(Buffer.alloc(70_000, "a\0")))).toEqual(["foreign"]);
  });

  it("with lines edited by hand taken as they are, and named", async () => {
    const edited = Buffer.from(line(1, 1).toString().replace('"n1"', '"other"'));
    const bare = Buffer.from(
      line(2, 1)
        .toString()
        .replace(/"crc":"[0-9a-f]{8}",/u, ""),
    );
    const found = await read(Buffer.concat([head, edited, bare, line(3, 1)]));
    expect(found.seqs).toEqual([0, 1, 2, 3]);
    expect(found.damage).toMatchObject([
      { kind: "altered", line: 2 },
      { kind: "altered", line: 3 },
    ]);
    expect(found.records[1]?.event).toMatchObject({ name: "other" });
  });

  it("with lines edited by hand at its end taken as far as their numbers can be true", async () => {
    const edited = (seq: number): Buffer => Buffer.from(line(seq, 1).toString().replace(/"n\d/u, '"m'));
    const garbage = Buffer.from("garbage\n");
    for (const [pieces, seqs] of [
      [
        [edited(2), edited(3)],
        [0, 1, 2, 3],
      ],
      [[edited(3)], [0, 1]],
      [
        [garbage, edited(3)],
        [0, 1, 3],
      ],
      [
        [garbage, edited(4)],
        [0, 1],
      ],
      [
        [garbage, garbage, line(2, 1), edited(4)],
        [0, 1, 2],
      ],
    ] as const) {
      const found = await read(Buffer.concat([head, line(1, 1), ...pieces]));
      expect(found.seqs).toEqual(seqs);
      const taken = found.records.filter(({ altered }) => altered).length;
      expect(kinds(found).filter((kind) => kind === "altered")).toHaveLength(taken);
      expect(found.damage.at(-1)?.to, "what is not taken is named").toBe(found.bytes - 1);
    }
  });

  it("without an edited copy of a line before it, or one of a lease that was over", async () => {
    const edited = (seq: number): Buffer => Buffer.from(line(seq, 1).toString().replace(/"n\d/u, '"m'));
    const found = await read(
      Buffer.concat([head, line(1, 1), line(2, 1), edited(1), line(3, 2), edited(4), line(5, 2), edited(3)]),
    );
    expect(found.seqs).toEqual([0, 1, 2, 3, 5]);
    expect(found.records.filter(({ altered }) => altered)).toEqual([]);
    expect(kinds(found)).toEqual(["unreadable", "unreadable", "unreadable"]);
  });

  it("without the item of an edited line moving", async () => {
    const added = line(1, 1, itemAdded(Buffer.from('{"type":"message","text":"a"}')));
    const found = await read(
      Buffer.concat([head, Buffer.from(added.toString().replace('"a"', '"edited"')), line(2, 1)]),
    );
    const { body } = found.records[1]!;
    expect(body?.length).toBe('{"type":"message","text":"edited"}'.length);
  });

  it("with what is said of an edited item read anew, and the line marked", async () => {
    const item = '{"type":"message","role":"user","id":"m1","content":"a"}';
    const edited = line(1, 1, itemAdded(Buffer.from(item)))
      .toString()
      .replace('"id":"m1","content":"a"', '"content":""');
    const found = await read(Buffer.concat([head, Buffer.from(edited), line(2, 1)]));
    expect(found.records[1]).toMatchObject({ altered: true, event: { kind: "message", empty: true } });
    expect(found.records[1]?.event).not.toHaveProperty("cut");
    expect(found.records[2]).not.toHaveProperty("altered");
  });

  it("without a damaged number throwing out the lines that follow it", async () => {
    const wild = Buffer.from(line(1, 1).toString().replace('"seq":1', '"seq":9'));
    const high = Buffer.from(line(2, 1).toString().replace('"fence":1', '"fence":9'));
    const found = await read(Buffer.concat([head, wild, high, line(3, 1), line(4, 1)]));
    expect(found.seqs).toEqual([0, 3, 4]);
    expect(found.damage.every(({ kind }) => kind === "unreadable")).toBe(true);
  });

  it("without what an older lease wrote after a newer one had been taken", async () => {
    const found = await read(
      Buffer.concat([head, line(1, 1), line(2, 2), line(2, 1), line(3, 1), line(3, 2)]),
    );
    expect(found.records.map(({ event }) => [event.seq, event.fence])).toEqual([
      [0, 1],
      [1, 1],
      [2, 2],
      [3, 2],
    ]);
    expect(kinds(found)).toEqual(["stale-fence", "stale-fence"]);
  });

  it("with a repeated number ignored", async () => {
    const found = await read(Buffer.concat([head, line(1, 1), line(1, 1), line(2, 1)]));
    expect([found.seqs, kinds(found)]).toEqual([[0, 1, 2], ["repeated"]]);
  });

  it("with the numbers named that are missing, unless lines that can't be read have had them", async () => {
    const garbage = Buffer.from("garbage\n");
    const found = await read(
      Buffer.concat([head, line(3, 1), line(5, 1), garbage, line(7, 1), line(7, 1), line(9, 2)]),
    );
    expect(found.seqs).toEqual([0, 3, 5, 7, 9]);
    expect(found.damage.map(({ kind, line: at, why }) => [kind, at, why])).toEqual([
      ["missing", 2, expect.stringContaining("events 1 to 2 are missing")],
      ["missing", 3, expect.stringContaining("event 4 is missing")],
      ["unreadable", 4, expect.anything()],
      ["repeated", 6, expect.anything()],
      ["missing", 7, expect.stringContaining("event 8 is missing")],
    ]);
    const [first] = found.damage;
    expect([first?.from, first?.to]).toEqual([head.length, head.length]);
  });

  it("as its first copy has it where two were put together that had gone on apart", async () => {
    const own = [line(1, 1), line(2, 2, leaseTaken(1)), line(3, 2), line(4, 2)];
    const at = (each: Buffer, by: number): Buffer => {
      const { crc: _crc, ...event } = JSON.parse(each.toString()) as { crc: string } & SessionEvent;
      return encodeLine({ ...event, at: event.at + by }).bytes;
    };
    const other = own.slice(1).map((each) => at(each, 5));
    const found = await read(Buffer.concat([head, ...own, ...other, line(5, 2), line(4, 2), line(5, 2)]));
    expect(found.seqs).toEqual([0, 1, 2, 3, 4, 5]);
    expect(found.damage.map(({ kind, line: number }) => [kind, number])).toEqual([
      ["repeated", 6],
      ["parted", 7],
      ["repeated", 10],
    ]);
  });

  it("as its first copy has it where that one had been resumed more often", async () => {
    const own = [line(1, 2, leaseTaken(1)), line(2, 2), line(3, 3, leaseTaken(1)), line(4, 3)];
    const other = [line(1, 2, leaseTaken(1)), line(2, 2), line(3, 2)];
    const found = await read(Buffer.concat([head, ...own, ...other, line(5, 3)]));
    expect(found.seqs).toEqual([0, 1, 2, 3, 4, 5]);
    expect(found.damage.map(({ kind, line: number }) => [kind, number])).toEqual([
      ["stale-fence", 6],
      ["parted", 7],
    ]);
  });

  it("whole when a tool has made its line ends CRLF", async () => {
    const item = itemAdded(Buffer.from('{"type":"message","role":"user","content":"a"}'));
    const lines = [head, line(1, 1, item), line(2, 1, turnEnded(id, 1, head.length)), line(3, 1)];
    const bytes = Buffer.concat(lines.map((each) => Buffer.from(each.toString().replace("\n", "\r\n"))));
    for (const from of ["start", "window"] as const) {
      const found = await read(bytes, from);
      expect([found.seqs, found.damage], from).toEqual([[0, 1, 2, 3], []]);
      const { offset, length } = found.records[1]!.body!;
      expect(bytes.toString("utf8", offset, offset + length)).toBe(Buffer.from(item.item!).toString());
    }
  });

  it("with events of unknown types, and unknown members, as they are", async () => {
    const unknown = line(1, 1, { event: { type: "session-blessed", by: "x" } as never });
    const found = await read(Buffer.concat([head, unknown, line(2, 1)]));
    expect(found.records[1]?.event).toMatchObject({ type: "session-blessed", by: "x" });
    expect(found.damage).toEqual([]);
  });

  it.each([
    ["session-created", Buffer.concat([line(0, 1, { event: { ...created(id).event, schema: 2 } as never })])],
    ["lease-taken", Buffer.concat([head, line(1, 2, leaseTaken(2) as never)])],
    [
      "a header without checksum",
      Buffer.from(
        `{"seq":0,"fence":1,"at":0,${JSON.stringify({ ...created(id).event, schema: 3 }).slice(1)}\n`,
      ),
    ],
  ])("not at all when %s is of a newer schema", async (_, bytes) => {
    await expect(read(bytes)).rejects.toSatisfy((error) => isFailureOf(error, "schema-newer"));
  });
});

describe("a log of several megabytes", () => {
  it("has every event, item and damage where it stands", async () => {
    const item = Buffer.from(JSON.stringify({ type: "message", text: "x".repeat(300_000) }));
    const stale = line(7, 1);
    const pieces: [what: number | string, bytes: Buffer][] = [
      [0, head],
      ...[1, 2, 3, 4].map((seq): [number, Buffer] => [seq, line(seq, 2, itemAdded(item))]),
      ["unreadable", Buffer.from("garbage\n")],
      [5, line(5, 2, itemAdded(item))],
      ["nul-block", Buffer.alloc(5_000)],
      [6, line(6, 2, itemAdded(item))],
      ["stale-fence", stale],
      ["repeated", line(5, 2)],
      [7, line(7, 2, itemAdded(item))],
      ["altered", Buffer.from(line(8, 2).toString().replace("n8", "m8"))],
      [9, line(9, 2)],
      ["torn-tail", line(10, 2).subarray(0, 40)],
    ];
    const bytes = Buffer.concat(pieces.map(([, piece]) => piece));
    const found = await read(bytes);
    const at = pieces.map((_, nth) => pieces.slice(0, nth).reduce((sum, [, piece]) => sum + piece.length, 0));
    const placed = pieces.map(([what, piece], nth) => {
      const end = at[nth]! + piece.length;
      return { what, from: at[nth]!, to: piece.at(-1) === 0x0a ? end - 1 : end };
    });
    const damaged = placed.filter(({ what }) => typeof what === "string");
    expect(found.damage).toMatchObject(damaged.map(({ what, from, to }) => ({ kind: what, from, to })));
    const whole = placed.filter(({ what }) => typeof what === "number" || what === "altered");
    expect(found.records.map(({ offset }) => offset)).toEqual(whole.map(({ from }) => from));
    for (const { event, body } of found.records) {
      if (event.type !== "item-added") continue;
      expect(bytes.subarray(body!.offset, body!.offset + body!.length).equals(item), `${event.seq}`).toBe(
        true,
      );
    }
    expect([found.nextSeq, found.whole]).toEqual([10, damaged.at(-1)!.from]);
  });
});

describe("a checksummed log under arbitrary damage", () => {
  const appends = fc.array(
    fc.oneof(
      fc.string().map((name) => renamed(name)),
      fc
        .record({ text: fc.string({ unit: "binary" }), item: fc.jsonValue() })
        .map((more) => itemAdded(Buffer.from(JSON.stringify({ type: "message", ...more })))),
    ),
    { minLength: 1, maxLength: 12 },
  );
  const damage = fc.array(fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }) }), {
    maxLength: 6,
  });

  it("gives every line that wasn't touched, names what was, and never throws but for a newer schema", async () => {
    await fc.assert(
      fc.asyncProperty(appends, damage, fc.option(fc.nat()), async (events, edits, cut) => {
        const lines = [head, ...events.map((event, index) => line(index + 1, 1, event))];
        const log = Buffer.concat(lines);
        for (const { at, byte } of edits) log[at % log.length] = byte;
        const kept = log.subarray(0, cut === null ? log.length : cut % (log.length + 1));
        let found: Read;
        try {
          found = await read(Buffer.from(kept));
        } catch (error) {
          expect(isFailureOf(error, "schema-newer")).toBe(true);
          return;
        }
        let offset = 0;
        for (const [seq, each] of lines.entries()) {
          const end = offset + each.length;
          if (end <= kept.length) {
            if (kept.subarray(offset, end).equals(each)) expect(found.seqs).toContain(seq);
            else expect(found.damage).not.toEqual([]);
          }
          offset = end;
        }
        expect([...found.seqs].sort((a, b) => a - b)).toEqual(found.seqs);
        expect(new Set(found.seqs).size).toBe(found.seqs.length);
      }),
      { numRuns: 300 },
    );
  });

  it("is read the same through a source that gives a few bytes at a time", async () => {
    const log = Buffer.concat([head, ...Array.from({ length: 40 }, (_, index) => line(index + 1, 1))]);
    const seqs: number[] = [];
    await readLog(sourceOf(log, 7), { record: ({ event }) => seqs.push(event.seq) });
    expect(seqs).toEqual(Array.from({ length: 41 }, (_, index) => index));
  });
});

describe("a line", () => {
  it("has a CRC-32 of everything behind it, so that other programs can check it", () => {
    const text = line(7, 3).toString();
    expect(text.slice(0, 8)).toBe('{"crc":"');
    expect(Number.parseInt(text.slice(8, 16), 16)).toBe(crc32(text.slice(18, -1)));
    expect(text.endsWith("}\n")).toBe(true);
    expect(JSON.parse(text)).toMatchObject({ seq: 7, fence: 3, type: "session-renamed", name: "n7" });
  });
});
