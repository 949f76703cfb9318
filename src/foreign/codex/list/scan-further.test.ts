import { expect, test } from "vitest";
import { longerHeads, withLastTurn } from "./scan-further.ts";
import { endsOf, inMemory, type Opened } from "./scan-parts.ts";

const line = (type: string, payload: object): string =>
  `${JSON.stringify({ timestamp: "2026-11-20T21:04:39.000Z", type, payload })}\n`;
const word = 'A line that says "done" of what was built.\n';
const output = (bytes: number): string =>
  line("response_item", { type: "function_call_output", output: word.repeat(bytes / word.length) });
const outputs = (bytes: number): string => output(4_000).repeat(bytes / 4_000);

/** A rollout in memory that counts the bytes that are read of it. */
function counted(text: string): { rollout: Opened; read: () => number } {
  const whole = inMemory(Buffer.from(text));
  let read = 0;
  const reading = (at: number, room: Buffer): number => {
    const bytes = whole.read(at, room);
    read += bytes;
    return bytes;
  };
  return { rollout: { ...whole, read: reading }, read: () => read };
}

test("of a first prompt with images the words are kept, before them and behind, and no more than a little of the images", () => {
  const image = { type: "input_image", image_url: `data:image/png;base64,${"iVBORw0KGgo".repeat(200_000)}` };
  const text = (words: string): object => ({ type: "input_text", text: words });
  const content = [text("before"), image, text("between"), image, text("behind")];
  const asked = line("response_item", { type: "message", role: "user", content });
  const { rollout } = counted(`${line("session_meta", { id: "x" })}${asked}${outputs(3_000_000)}`);
  const [longer] = longerHeads(rollout, endsOf(rollout));
  const lines = longer!.head.toString("utf8").split("\n");
  const prompt = JSON.parse(lines[1]!) as { payload: { content: { text?: string }[] } };
  expect(prompt.payload.content.map((part) => part.text)).toEqual([
    "before",
    undefined,
    "between",
    undefined,
    "behind",
  ]);
  expect(longer!.head.length).toBeLessThan(1_000_000);
  expect(lines.at(-1)).toBe("");
  expect(longer!.headEnd + longer!.between + longer!.tail!.length).toBe(rollout.size);
});

test("a text is kept whole, however long it is, where it has line ends or other letters than ASCII's", () => {
  for (const words of ["without a quote\n", "Ünïcödé "]) {
    const said = line("event_msg", { type: "user_message", message: words.repeat(20_000) });
    const { rollout } = counted(`${said}${outputs(3_000_000)}`);
    const heads = [...longerHeads(rollout, endsOf(rollout))];
    expect(heads.at(-1)!.head.includes(said)).toBe(true);
  }
});

test("a rollout without a title is read no further than sixteen megabytes of its lines, by longer and longer heads", () => {
  const { rollout, read } = counted(outputs(21_000_000));
  const ends = endsOf(rollout);
  const before = read();
  let longest = 0;
  for (const { head, between } of longerHeads(rollout, ends)) {
    expect(head.length).toBeGreaterThan(1.9 * longest);
    expect(between).toBeGreaterThan(0);
    longest = head.length;
  }
  expect(longest).toBeGreaterThan(2 ** 24 - 10_000);
  expect(read() - before).toBeLessThanOrEqual(2 ** 24);
});

test("a title that is near costs no more than what is before it", () => {
  const asked = line("event_msg", { type: "user_message", message: "Why?" });
  const { rollout, read } = counted(`${outputs(300_000)}${asked}${outputs(12_000_000)}`);
  const ends = endsOf(rollout);
  const before = read();
  const [longer] = longerHeads(rollout, ends);
  expect(longer!.head.includes(asked)).toBe(true);
  expect(read() - before).toBeLessThanOrEqual(2 ** 19);
});

test("back from the tail no more is read than up to where the last turn began", () => {
  const begun =
    line("event_msg", { type: "task_started", turn_id: "t" }) +
    line("turn_context", { turn_id: "t", model: "m-2" });
  const message = line("response_item", { type: "message", role: "assistant", content: [] });
  const { rollout, read } = counted(`${outputs(6_000_000)}${begun}${message}${outputs(2_000_000)}`);
  const ends = endsOf(rollout);
  const before = read();
  const found = withLastTurn(rollout, ends, { settings: true, edge: true, isRewritten: false });
  expect(found.begun).toEqual({ lines: Buffer.from(begun), messages: 1 });
  expect(read() - before).toBeLessThan(2_700_000);
  expect(found.between).toBeLessThan(ends.between - 1_500_000);
});
