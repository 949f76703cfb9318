import type * as PathsModule from "../src/store/folder/paths.ts";
import type * as ScanModule from "../src/store/scan.ts";
import type * as SourceModule from "../src/store/folder/file-source.ts";
import type * as FoldModule from "../src/store/fold.ts";
import { shipped } from "./shipped.ts";

// Reads and folds the beginning of a session's log.

const [home, id, bytes] = process.argv.slice(2) as [string, string, string];
const { locate } = await shipped<typeof PathsModule>("store/folder/paths");
const { FileSource } = await shipped<typeof SourceModule>("store/folder/file-source");
const { readLog } = await shipped<typeof ScanModule>("store/scan");
const { folding } = await shipped<typeof FoldModule>("store/fold");

const source = new FileSource(locate(home, id, Date.now())!);
const began = performance.now();
await readLog({ ...source.now(), size: Number(bytes) }, folding().visitor, { from: "start" });
const ms = performance.now() - began;
await source.close();
process.stdout.write(JSON.stringify({ ms }));
