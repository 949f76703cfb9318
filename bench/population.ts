import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type * as IdsModule from "../src/lib/ids.ts";
import type { NewEvent, Settings } from "../src/session/event.ts";
import type * as CheckpointModule from "../src/session/checkpoint.ts";
import type * as ItemModule from "../src/session/item.ts";
import type * as StoreModule from "../src/store/folder/folder-store.ts";
import { LogLines } from "./log-lines.ts";
import { shipped } from "./shipped.ts";

const { uuidv7 } = await shipped<typeof IdsModule>("lib/ids");
const { checkpointOf } = await shipped<typeof CheckpointModule>("session/checkpoint");
const { describeItem } = await shipped<typeof ItemModule>("session/item");
const { folderStore } = await shipped<typeof StoreModule>("store/folder/folder-store");

const settings: Settings = {
  provider: "bench",
  model: "gpt-5.5",
  effort: "high",
  instructionsHash: "0".repeat(64),
  approval: "all",
};

export const workspaceCount = 20;

/**
 * A home of many short sessions, spread evenly over its workspaces, and one of these: the store makes one session, and the others are
 * folders of the same make with the lines that the store would write, without a wait for the disk after each.
 */
export async function populatedHome(
  scratch: string,
  count: number,
): Promise<{ home: string; workspace: string }> {
  const home = join(scratch, "populated");
  const workspaces = Array.from({ length: workspaceCount }, (_, at) => join(scratch, `populated-${at}`));
  for (const path of [home, ...workspaces]) mkdirSync(path, { recursive: true, mode: 0o700 });
  const began = Date.now() - count * 60_000;
  const store = folderStore(home, { version: "bench" });
  const firstId = uuidv7(began);
  const first = await store.create(firstId, { event: created(firstId, workspaces[0]!) }, "bench");
  const template = join(first.spool(0), "..", "..");
  await first.release();
  await store.close();
  for (let made = 0; made < count; made++) {
    const at = began + made * 60_000;
    const id = uuidv7(at);
    const folder = join(home, "sessions", new Date(at).toISOString().slice(0, 7), id);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(template))
      if (name !== "log.jsonl") cpSync(join(template, name), join(folder, name), { recursive: true });
    writeFileSync(join(folder, "log.jsonl"), log(id, workspaces[made % workspaces.length]!, made, at), {
      mode: 0o600,
    });
  }
  rmSync(template, { recursive: true });
  return { home, workspace: workspaces[0]! };
}

/** One turn with a prompt and an answer. */
function log(id: string, workspace: string, number: number, at: number): Buffer {
  const lines = new LogLines();
  const written: Buffer[] = [];
  const add = (event: NewEvent, item?: Uint8Array): void => void written.push(lines.add(event, at, item));
  const say = (role: "user" | "assistant", text: string): void => {
    const type = role === "user" ? "input_text" : "output_text";
    const item = Buffer.from(JSON.stringify({ type: "message", role, content: [{ type, text }] }));
    const origin = role === "user" ? "input" : "model";
    add({ type: "item-added", turn: 1, step: 1, ...describeItem(item)!, origin }, item);
  };
  const usage = { inputTokens: 9_000, cachedInputTokens: 8_500, outputTokens: 400, reasoningTokens: 200 };
  add(created(id, workspace));
  add({ type: "turn-started", turn: 1, source: "prompt", preview: `Make part ${number} of the parser pass` });
  say("user", `Make part ${number} of the parser pass its tests`);
  say("assistant", "The tests pass now; a comma was missing. ".repeat(20));
  add({ type: "step-ended", turn: 1, step: 1, usage });
  add({
    type: "turn-ended",
    turn: 1,
    outcome: { kind: "completed" },
    checkpoint: checkpointOf(lines.history),
  });
  return Buffer.concat(written);
}

function created(id: string, path: string): NewEvent {
  const workspace = { path, gitRoot: path, gitBranch: "main" };
  return { type: "session-created", id, schema: 1, version: "bench", workspace, settings };
}
