import type * as FoldModule from "../src/store/fold.ts";
import type * as StoreModule from "../src/store/folder/folder-store.ts";
import { shipped } from "./shipped.ts";

// Opens a session's last window as its new owner.

export interface WindowTimes {
  opened: number;
  /** Since the process started. */
  whole: number;
  items: number;
}

const [home, id] = process.argv.slice(2) as [string, string];
const { folderStore } = await shipped<typeof StoreModule>("store/folder/folder-store");
const { folding } = await shipped<typeof FoldModule>("store/fold");

const began = performance.now();
const store = folderStore(home, { version: "bench" });
const fold = folding();
const log = await store.acquire(id, fold.visitor, { from: "window", doing: "bench" });
const { items } = fold.history();
const whole = performance.now();
await log.release();
await store.close();
const times: WindowTimes = { opened: whole - began, whole, items: items.length };
process.stdout.write(JSON.stringify(times));
