import { describe, expect, it } from "vitest";
import type { Append } from "../store.ts";
import { head, id, kinds, line, read } from "../../test/kit/read-log.ts";
import { itemAdded, turnEnded } from "./conformance/events.ts";

describe("the last window of a log", () => {
  const lines = [head, line(1, 1), line(2, 1, itemAdded(Buffer.from('{"type":"message"}')))];
  const offset = head.length + line(1, 1).length;

  it("begins at the offset of the last checkpoint and is the same when lines behind it are damaged", async () => {
    const ended = line(3, 1, turnEnded(id, 1, offset));
    const whole = Buffer.concat([
      ...lines,
      ended,
      line(4, 1),
      Buffer.from("garbage\n"),
      line(5, 1),
      line(6, 1).subarray(0, 30),
    ]);
    const found = await read(whole, "window");
    expect([found.checkpoints, found.seqs]).toEqual([[3], [2, 3, 4, 5]]);
    expect(kinds(found)).toEqual(["unreadable", "torn-tail"]);
  });

  it("brings the start of a call that was open, and names the line of a replaced writer between what the checkpoint tells", async () => {
    const place = { turn: 1, step: 1 };
    const usage = { inputTokens: 1, cachedInputTokens: 0, outputTokens: 1, reasoningTokens: 0 };
    const ended = (seq: number, fence: number): Buffer =>
      line(seq, fence, { event: { type: "step-ended", ...place, usage } });
    const started = (seq: number, callSeq: number): Buffer =>
      line(seq, 2, {
        event: { type: "tool-started", ...place, callSeq, call: "c", name: "t", replay: "safe" },
      });
    const end = (openCalls: number[]): Append => {
      const { event } = turnEnded(id, 1, offset);
      if (event.type !== "turn-ended") throw new Error("not a turn's end");
      return { event: { ...event, checkpoint: { ...event.checkpoint, openCalls } } };
    };
    const before = [...lines, ended(3, 2), started(4, 2), ended(5, 1), started(5, 1), ended(6, 2)];
    for (const [open, seqs] of [
      [[2], [2, 4, 7]],
      [[], [2, 7]],
    ] as const) {
      const found = await read(Buffer.concat([...before, line(7, 2, end([...open]))]), "window");
      expect([found.checkpoints, found.seqs]).toEqual([[7], seqs]);
      expect(kinds(found)).toEqual(["stale-fence"]);
    }
  });

  it("passes over a checkpoint whose checksum doesn't hold", async () => {
    const broken = Buffer.from(
      line(4, 1, turnEnded(id, 2, 0))
        .toString()
        .replace('"turn":2', '"turn":3'),
    );
    const found = await read(
      Buffer.concat([...lines, line(3, 1, turnEnded(id, 1, offset)), broken, line(5, 1)]),
      "window",
    );
    expect(found.checkpoints).toEqual([3]);
  });

  it("is not taken from a checkpoint that a replaced writer wrote", async () => {
    const stale = line(4, 1, turnEnded(id, 1, offset));
    const found = await read(Buffer.concat([...lines, line(3, 2), stale, line(4, 2)]), "window");
    expect([found.checkpoints, found.seqs]).toEqual([[], [0, 1, 2, 3, 4]]);
    expect(kinds(found)).toEqual(["stale-fence"]);
  });

  it.each([
    ["with what the new one wrote behind it", [line(4, 2)]],
    ["at the end", []],
  ])(
    "is not taken from a replaced writer's checkpoint behind more lines than are asked, %s",
    async (_where, rest) => {
      const slipped = Array.from({ length: 80 }, (_, nth) => line(3 + nth, 1));
      const stale = [...slipped, line(83, 1, turnEnded(id, 1, offset))];
      const found = await read(Buffer.concat([...lines, line(3, 2), ...stale, ...rest]), "window");
      expect([found.checkpoints, found.seqs]).toEqual([[], [0, 1, 2, 3, ...rest.map(() => 4)]]);
      expect(kinds(found)).toEqual(stale.map(() => "stale-fence"));
    },
  );

  it.each([offset, 0])(
    "names a first line that is damaged, once, when it begins at byte %i",
    async (from) => {
      const rest = [...lines.slice(1), line(3, 1, turnEnded(id, 1, from)), line(4, 1)];
      expect((await read(Buffer.concat([head, ...rest]), "window")).damage).toEqual([]);
      const found = await read(
        Buffer.concat([Buffer.alloc(head.length - 1, "x"), Buffer.from("\n"), ...rest]),
        "window",
      );
      expect([found.checkpoints, found.seqs]).toEqual([[3], [2, 3, 4]]);
      expect(found.damage).toMatchObject([{ kind: "unreadable", from: 0, to: head.length - 1 }]);
    },
  );

  it("is not taken from a checkpoint whose offset is no line's", async () => {
    const found = await read(Buffer.concat([...lines, line(3, 1, turnEnded(id, 1, offset + 3))]), "window");
    expect([found.checkpoints, found.seqs.length]).toEqual([[], 4]);
  });

  it("is found wherever in it a block of the log begins", async () => {
    const ended = line(3, 1, turnEnded(id, 1, offset));
    const block = 2 ** 18;
    const short = line(4, 1, itemAdded(Buffer.from('{"t":""}'))).length;
    for (const cut of [-1, 0, 1, 100, ended.length - 1, ended.length]) {
      const text = "x".repeat(block - short - (ended.length - cut));
      const last = line(4, 1, itemAdded(Buffer.from(JSON.stringify({ t: text }))));
      const found = await read(Buffer.concat([...lines, ended, last]), "window");
      expect([cut, found.checkpoints, found.seqs]).toEqual([cut, [3], [2, 3, 4]]);
    }
  });

  it("is found behind a line longer than a block", async () => {
    const long = line(
      4,
      1,
      itemAdded(Buffer.from(JSON.stringify({ type: "message", text: "x".repeat(3_000_000) }))),
    );
    const found = await read(
      Buffer.concat([...lines, line(3, 1, turnEnded(id, 1, offset)), long, line(5, 1)]),
      "window",
    );
    expect([found.checkpoints, found.seqs]).toEqual([[3], [2, 3, 4, 5]]);
  });
});
