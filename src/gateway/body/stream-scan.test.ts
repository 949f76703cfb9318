import { describe, expect, it } from "vitest";
import { eventsIn, StreamScanner } from "./stream-scan.ts";

/** What comes out of a scanner that is fed pieces of `size` bytes. */
function scanned(text: string, size: number): { out: string; names: string[]; count: number; rest: string } {
  const scanner = new StreamScanner();
  const bytes = Buffer.from(text);
  const [out, names] = [[] as Buffer[], [] as string[]];
  for (let at = 0; at < bytes.length; at += size) {
    const chunk = Buffer.from(bytes.subarray(at, at + size));
    scanner.feed(chunk, (run, ofRun) => {
      out.push(Buffer.from(run));
      for (const name of ofRun) if (names.at(-1) !== name) names.push(name);
    });
    // Its memory is used for what comes next.
    chunk.fill("x");
  }
  return {
    out: Buffer.concat(out).toString(),
    names,
    count: scanner.count,
    rest: scanner.rest?.toString() ?? "",
  };
}

const event = (name: string, end: string): string =>
  `event: ${name}${end}data: {"type":"${name}","delta":"x"}${end}${end}`;
const names = ["response.created", "response.output_text.delta", "response.completed"];
const sizes = [1, 2, 3, 7, 64, 100_000];

describe("a stream of events", () => {
  for (const [what, end] of [
    ["LF", "\n"],
    ["CR LF", "\r\n"],
    ["CR", "\r"],
  ] as const)
    it(`whose lines end with ${what} is known event by event, wherever it is cut into pieces`, () => {
      const text = names.map((name) => event(name, end)).join("");
      for (const size of sizes) {
        const got = scanned(`${text}data: half`, size);
        expect(got).toEqual({
          out: text,
          names: ["response.created", "response.words", "response.completed"],
          count: 3,
          rest: "data: half",
        });
      }
    });

  it("in whose CR LF lines a proxy puts comments of its own is not held back", () => {
    const text = `: waiting\n\n${names.map((name) => `${event(name, "\r\n")}: waiting\n\n`).join("")}`;
    for (const size of sizes) expect(scanned(text, size)).toMatchObject({ out: text, count: 7, rest: "" });
  });

  it("gives each event as soon as its empty line is there", () => {
    for (const end of ["\n", "\r\n", "\r"]) {
      const scanner = new StreamScanner();
      const given: string[] = [];
      for (const name of [...names, ...names]) {
        scanner.feed(Buffer.from(event(name, end)), (run) => void given.push(run.toString()));
        expect(given.at(-1)).toBe(event(name, end));
      }
    }
  });

  it("comes in runs of words alone, which need no look into, and of all else", () => {
    const all = [
      "created",
      "output_text.delta",
      "reasoning_text.delta",
      "output_item.done",
      "output_text.delta",
    ];
    const text = ["response.in_progress", ...all.map((name) => `response.${name}`), "response.completed"].map(
      (name) => event(name, "\n"),
    );
    const runs: [string, readonly string[]][] = [];
    new StreamScanner().feed(
      Buffer.from(text.join("")),
      (run, ofRun) => void runs.push([run.toString(), ofRun]),
    );
    expect(runs).toEqual([
      [text.slice(0, 2).join(""), ["response.in_progress", "response.created"]],
      [text.slice(2, 4).join(""), ["response.words"]],
      [text[4], ["response.output_item.done"]],
      [text[5], ["response.words"]],
      [text[6], ["response.completed"]],
    ]);
  });

  it("tells an ending behind an event of 6 MB, though the empty line between them is cut in two", () => {
    for (const end of ["\n", "\r\n"]) {
      const large = `data: {"type":"response.output_text.delta","delta":"${"x".repeat(6_000_000)}"}${end}`;
      const scanner = new StreamScanner();
      const got: string[] = [];
      const bytes = Buffer.from(`${large}${end}${event("response.completed", end)}`);
      for (const [from, to] of [
        [0, large.length],
        [large.length, large.length + 1],
        [large.length + 1, bytes.length],
      ])
        scanner.feed(bytes.subarray(from, to), (_run, ofRun) => void got.push(...ofRun));
      expect(got).toEqual(["response.words", "response.completed"]);
      expect(scanner.isTorn).toBe(false);
    }
  });

  it("tells by its last bytes that an event of 6 MB was the last one", () => {
    for (const size of [65_536, 5_999_990, 7_000_000]) {
      const got = scanned(
        `data: {"response":"${"x".repeat(6_000_000)}","type":"response.completed"}\r\n\r\n`,
        size,
      );
      expect(got.names.at(-1)).toBe("response.completed");
    }
  });

  it("is told by the types in its data where its events have no names, and blank lines are no events", () => {
    const text = `\n\ndata: {"type":"response.created"}\n\n\ndata: {"type":"response.reasoning_text.delta"}\n\ndata: {"error":{}}\n\ndata: [DONE]\n\n`;
    for (const size of sizes)
      expect(scanned(text, size)).toMatchObject({
        out: text,
        names: ["response.created", "response.words", "error", "[DONE]"],
        count: 4,
      });
  });

  it("is told by its own type wherever that stands: behind other fields, behind a comment, at the end of its data", () => {
    const type = (name: string): string =>
      `{"response":{"output":[{"type":"message","text":"\\"type\\":\\"x\\""}]},"type":"response.${name}"}`;
    const shapes: ((name: string) => string)[] = [
      (name) => `retry: 3000\nid: 7\nevent: response.${name}\ndata: {}\n\n`,
      (name) => `: keep-alive\nevent: response.${name}\ndata: {}\n\n`,
      (name) => `data: ${type(name)}\n\n`,
      (name) => `:\r\ndata:${type(name)}\r\n\r\n`,
      (name) => `event: message\ndata: ${type(name)}\n\n`,
      (name) => `data: ${type(name)}\nevent: message\n\n`,
      (name) => `\uFEFFdata: ${type(name)}\n\n`,
      (name) => `data: {"response":{},\ndata:  "type": "response.${name}"}\n\n`,
    ];
    for (const shape of shapes)
      for (const size of sizes)
        expect(scanned(`${shape("created")}${shape("completed")}`, size).names).toEqual([
          "response.created",
          "response.completed",
        ]);
  });

  it("is read again event by event", () => {
    for (const end of ["\n", "\r\n", "\r"]) {
      const found = [...eventsIn(Buffer.from(names.map((name) => event(name, end)).join("")))];
      expect(found.map(({ name }) => name)).toEqual(names);
      expect(found.map(({ bytes }) => bytes.toString())).toEqual(names.map((name) => event(name, end)));
    }
  });
});
