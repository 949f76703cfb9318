import { setFlagsFromString } from "node:v8";
import type * as ContractModule from "../src/replay/contracts/openai.ts";
import type * as FoldModule from "../src/store/fold.ts";
import type * as ProjectModule from "../src/replay/project.ts";
import type * as ProviderModule from "../src/provider/responses/provider.ts";
import type * as InputModule from "../src/replay/request-input.ts";
import type * as StoreModule from "../src/store/folder/folder-store.ts";
import { sharedNow } from "./numbers.ts";
import { shipped } from "./shipped.ts";

// Opens a session as its new owner and sends its request: what `exec resume` does, without the command line around it.

export interface OpenTimes {
  began: number;
  opened: number;
}

// As bin/throughline.mjs sets it; with V8's default young generation the peak is about 330 MB.
setFlagsFromString("--semi-space-growth-factor=1");

const [home, id, baseUrl, apiKey] = process.argv.slice(2) as [string, string, string, string];
const { folderStore } = await shipped<typeof StoreModule>("store/folder/folder-store");
const { folding } = await shipped<typeof FoldModule>("store/fold");
const { project } = await shipped<typeof ProjectModule>("replay/project");
const { requestInput } = await shipped<typeof InputModule>("replay/request-input");
const { openai } = await shipped<typeof ContractModule>("replay/contracts/openai");
const { responsesProvider } = await shipped<typeof ProviderModule>("provider/responses/provider");

const began = sharedNow();
const store = folderStore(home, { version: "bench" });
const fold = folding();
const log = await store.acquire(id, fold.visitor, { from: "window", doing: "bench" });
const history = fold.history();
const opened = sharedNow();
const provider = responsesProvider({ name: "bench", baseUrl, apiKey, contract: "openai" });
const projection = project(
  openai,
  { issuer: provider.issuer, quarantines: history.quarantines },
  history.items,
);
const input = await requestInput(projection, (refs) => log.bodies(refs));
const request = { model: "gpt-5.5", instructions: "", tools: [], input, sealed: true, cacheKey: id };
for await (const event of provider.stream(request, new AbortController().signal)) {
  if (event.type === "failed") throw event.failure;
}
await log.release();
await store.close();
const times: OpenTimes = { began, opened };
process.stdout.write(JSON.stringify(times));
