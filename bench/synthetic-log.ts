import { closeSync, fstatSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { NewEvent, Settings } from "../src/session/event.ts";
import type { History } from "../src/session/history.ts";
import type * as CheckpointModule from "../src/session/checkpoint.ts";
import type * as ItemModule from "../src/session/item.ts";
import type * as IdsModule from "../src/lib/ids.ts";
import type * as StoreModule from "../src/store/folder/folder-store.ts";
import { LogLines } from "./log-lines.ts";
import { shipped } from "./shipped.ts";

const { checkpointOf } = await shipped<typeof CheckpointModule>("session/checkpoint");
const { describeItem } = await shipped<typeof ItemModule>("session/item");
const { uuidv7 } = await shipped<typeof IdsModule>("lib/ids");
const { folderStore } = await shipped<typeof StoreModule>("store/folder/folder-store");

const bufferBytes = 2 ** 22;
const stepsInTurn = 10;

export interface Sizes {
  /** Of a tool's output and of a sealed blob, bytes on average. */
  output: number;
  sealed: number;
}

export interface SyntheticOptions {
  home: string;
  workspace: string;
  /** Who sealed the reasoning: the provider that it will be sent to. */
  issuer: string;
  provider: string;
}

/**
 * A session written with the real codec: the store makes the folder and the first line, and the lines after it are those that the store
 * would write, without a wait for the disk after each.
 */
export class SyntheticLog {
  readonly id: string;
  readonly #issuer: string;
  readonly #fd: number;
  readonly #lines: LogLines;
  readonly #pending: Buffer[] = [];
  readonly #text = makeText(2 ** 20);
  #pendingBytes = 0;
  #random = 42;
  items = 0;

  private constructor(id: string, path: string, issuer: string) {
    this.id = id;
    this.#issuer = issuer;
    this.#fd = openSync(path, "a");
    this.#lines = new LogLines(fstatSync(this.#fd).size);
  }

  static async create({ home, workspace, issuer, provider }: SyntheticOptions): Promise<SyntheticLog> {
    const store = folderStore(home, { version: "bench" });
    const id = uuidv7(Date.now());
    const settings: Settings = {
      provider,
      model: "bench",
      instructionsHash: "0".repeat(64),
      approval: "all",
    };
    const place = { path: workspace };
    const created: NewEvent = {
      type: "session-created",
      id,
      schema: 1,
      version: "bench",
      workspace: place,
      settings,
    };
    const session = await store.create(id, { event: created }, "bench");
    const path = join(session.spool(0), "..", "..", "log.jsonl");
    await session.release();
    const log = new SyntheticLog(id, path, issuer);
    await store.read(id, { record: (record) => log.#lines.read(record) });
    await store.close();
    return log;
  }

  get history(): History {
    return this.#lines.history;
  }

  /** Bytes of the log. */
  get bytes(): number {
    return this.#lines.bytes;
  }

  /** Ten steps: nine with a call and its output, five of them with sealed reasoning, and a last one that answers; 25 items. */
  turn(sizes: Sizes): void {
    const turn = this.history.turn + 1;
    this.#add({ type: "turn-started", turn, source: "prompt", preview: `Go on with part ${turn}` });
    this.#message(turn, "user", 300);
    for (let at = 1; at < stepsInTurn; at++) {
      const step = this.history.step + 1;
      if (at % 2 === 1) this.#reasoning(turn, step, sizes.sealed);
      this.#call(turn, step, sizes.output);
      this.#stepEnd(turn, step);
    }
    this.#message(turn, "assistant", 900);
    this.#stepEnd(turn, this.history.step);
    this.#add({
      type: "turn-ended",
      turn,
      outcome: { kind: "completed" },
      checkpoint: checkpointOf(this.history),
    });
  }

  /** Everything before leaves the window; a summary takes its place. */
  compact(): void {
    const item = json({
      type: "message",
      role: "user",
      content: [{ type: "input_text", text: this.#words(8_000) }],
    });
    this.#add({ type: "history-compacted", ...describeItem(item)!, keepFrom: this.#lines.seq }, item);
  }

  close(): void {
    this.#flush();
    closeSync(this.#fd);
  }

  #message(turn: number, role: "user" | "assistant", length: number): void {
    const part = role === "user" ? "input_text" : "output_text";
    const id = role === "user" ? {} : { id: `msg_${this.#hex(32)}`, status: "completed" };
    const item = json({ type: "message", ...id, role, content: [{ type: part, text: this.#words(length) }] });
    this.#item(turn, this.history.step + 1, role === "user" ? "input" : "model", item);
  }

  #reasoning(turn: number, step: number, sealed: number): void {
    const token = Buffer.alloc(Math.round(sealed * 0.75));
    token.write(this.#words(token.length), 0);
    token[0] = 0x80;
    token.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 1_000)), 1);
    this.#item(
      turn,
      step,
      "model",
      json({
        type: "reasoning",
        id: `rs_${this.#hex(32)}`,
        summary: [],
        encrypted_content: token.toString("base64url"),
      }),
    );
  }

  #call(turn: number, step: number, output: number): void {
    const call = `call_${this.#hex(24)}`;
    const words = JSON.stringify({ command: this.#words(60), workdir: "." });
    const callSeq = this.#lines.seq;
    this.#item(
      turn,
      step,
      "model",
      json({
        type: "function_call",
        id: `fc_${this.#hex(32)}`,
        call_id: call,
        name: "shell_command",
        arguments: words,
        status: "completed",
      }),
    );
    this.#add({ type: "tool-started", turn, step, callSeq, call, name: "shell_command", replay: "never" });
    // Most outputs are short, some are long: a tenth of them has half of the bytes.
    const length = Math.round(this.#next() < 0.1 ? output * 5 : output * 0.55);
    this.#item(
      turn,
      step,
      "tool",
      json({ type: "function_call_output", call_id: call, output: this.#words(length) }),
    );
  }

  #stepEnd(turn: number, step: number): void {
    const usage = { inputTokens: 90_000, cachedInputTokens: 85_000, outputTokens: 400, reasoningTokens: 200 };
    this.#add({ type: "step-ended", turn, step, response: `resp_${this.#hex(32)}`, model: "gpt-5.5", usage });
  }

  #item(turn: number, step: number, origin: "input" | "model" | "tool", item: Uint8Array): void {
    const by = origin === "model" ? { issuer: this.#issuer, model: "gpt-5.5" } : {};
    this.#add({ type: "item-added", turn, step, ...describeItem(item)!, ...by, origin }, item);
    this.items++;
  }

  #add(event: NewEvent, item?: Uint8Array): void {
    const bytes = this.#lines.add(event, Date.now(), item);
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes >= bufferBytes) this.#flush();
  }

  #flush(): void {
    const bytes = Buffer.concat(this.#pending.splice(0));
    for (let written = 0; written < bytes.length;) written += writeSync(this.#fd, bytes, written);
    this.#pendingBytes = 0;
  }

  #words(length: number): string {
    let text = "";
    while (text.length < length) {
      const from = Math.floor(this.#next() * (this.#text.length - 1_000));
      text += this.#text.slice(from, from + Math.min(length - text.length, this.#text.length - from));
    }
    return text;
  }

  #hex(digits: number): string {
    let text = "";
    while (text.length < digits)
      text += Math.floor(this.#next() * 2 ** 32)
        .toString(16)
        .padStart(8, "0");
    return text.slice(0, digits);
  }

  /** Evenly distributed over [0, 1), the same in every run (mulberry32). */
  #next(): number {
    this.#random = (this.#random + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#random ^ (this.#random >>> 15), 1 | this.#random);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}

function json(value: object): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

/** Lines that look like what tools print: paths, numbers, quotes and some text outside of ASCII. */
function makeText(length: number): string {
  const lines = [
    'src/store/reader.ts:118: const checked = bytes.subarray(from + 18, to); // "checked"\n',
    "  ✓ a line whose checksum holds is delivered (12 ms)\n",
    "commit 3f9c2d1e8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d\n",
    "-rw-r--r--  1 user  staff  18231 Nov 20 10:12 package-lock.json\n",
    "\tat Module._compile (node:internal/modules/cjs/loader:1554:14)\n",
    "Error: expected 3 to equal 4 — see log\\output.txt\n",
  ];
  let text = "";
  for (let at = 0; text.length < length; at++) text += `${at} ${lines[at % lines.length]!}`;
  return text;
}
