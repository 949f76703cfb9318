// A tool of your own, and what can be done with a session afterwards: read, named, forked, gone back in. Run it: node examples/own-tool.ts
// It needs no key: the provider is the built-in simulator, which calls the tool.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  archive,
  contractNamed,
  createSession,
  type Equipment,
  folderStore,
  forkSession,
  historyOf,
  isFailureOf,
  messageItem,
  note,
  openCatalog,
  responsesProvider,
  resumeSession,
  rewindTo,
  type Runtime,
  systemClock,
  type Tool,
  transcriptEntry,
  uuidv7,
} from "throughline";
import { call, startSimulator, step, turn } from "throughline/simulator";

/** Adds a line to a file, once: what a call has done stands in its spool, so that it isn't done again after a crash. */
const remember: Tool = {
  definition: {
    type: "function",
    name: "remember",
    description: "Remembers a line.",
    parameters: { type: "object", properties: { line: { type: "string" } }, required: ["line"] },
  },
  replay: "never",
  approval: ({ input }) => ({ title: "Remember a line", detail: input }),
  inspect: async ({ spool }) =>
    existsSync(join(spool, "done"))
      ? { state: "finished" }
      : existsSync(join(spool, "begun"))
        ? { state: "unknown", why: "it was begun, and nothing tells how it ended" }
        : { state: "not-started" },
  async run({ input }, { spool, workspace }) {
    const { state } = await this.inspect({ spool });
    const done = join(spool, "done");
    if (state === "finished") return { output: readFileSync(done, "utf8"), status: "ok", durationMs: 0 };
    if (state === "unknown")
      return { output: "outcome unknown; verify before repeating", status: "unknown", durationMs: 0 };
    const { line } = JSON.parse(input) as { line?: unknown };
    if (typeof line !== "string") return { output: "line is a text", status: "failed", durationMs: 0 };
    const began = performance.now();
    writeFileSync(join(spool, "begun"), "");
    await appendFile(join(workspace, "lines.txt"), `${line}\n`);
    writeFileSync(done, "remembered");
    return { output: "remembered", status: "ok", durationMs: performance.now() - began };
  },
};

const workspace = await mkdtemp(join(tmpdir(), "throughline-example-"));
const home = join(workspace, "home");
const simulator = await startSimulator({
  scenario: { turn: [turn(undefined, step(call("remember", { line: "milk" })), step("I remember it."))] },
});
const store = folderStore(home, { version: "example 1.0", listing: openCatalog(home) });
const observe = (): void => undefined;
const runtime: Runtime = { store, clock: systemClock, random: Math.random, observe, wait: false };
const equipment: Equipment = {
  provider: responsesProvider({ name: "simulator", baseUrl: simulator.url, contract: "openai" }),
  contract: contractNamed("openai"),
  instructions: "You are a careful agent.",
  settings: { provider: "simulator", model: "gpt-5.5", instructionsHash: "", approval: "all" },
  environment: {
    tools: [remember],
    workspace,
    env: {},
    approve: () => Promise.resolve({ allowed: true }),
  },
};

const id = uuidv7(Date.now());
const start = { id, workspace: { path: workspace } };
const context = messageItem("developer", `workspace: ${workspace}`);
const session = await createSession(runtime, { ...start, context }, equipment);
await session.run("milk, please", AbortSignal.timeout(60_000));

// One writer at a time; every failure has a class, and its data with it.
const refused = await resumeSession(runtime, id, { force: false }, async () => equipment).catch(
  (error: unknown) => error,
);
if (isFailureOf(refused, "lease-held"))
  console.log(`held by this process: ${refused.data.owner?.pid === process.pid}`);
await session.close();

// Reading never needs the lease: a session that another process works in is read in the same way.
for (const record of (await historyOf(store, id)).items) {
  const entry = transcriptEntry(record, await store.body(id, record.body));
  if (entry && entry.who !== "developer") console.log(`${entry.who}: ${entry.text}`);
}

await note(store, id, "naming it", () => [{ type: "session-renamed", name: "shopping" }]);
const fork = await forkSession(runtime, id, { fromStep: 1, name: "another way" });
for (const { name, status, turns } of await store.list())
  console.log(`listed: ${name} (${status}, ${turns})`);
await archive(store, fork.id, true);

// Back to the end of the first step: the second stays in the log, and the turn is gone on with.
const { event, later } = await rewindTo(store, id, 1);
const again = await resumeSession(runtime, id, { force: false }, async () => ({
  ...equipment,
  changes: [event],
}));
const { kind } = await again.run(undefined, AbortSignal.timeout(60_000));
console.log(`went back by ${later} step; then ${kind}`);
await again.close();

console.log(`lines: ${readFileSync(join(workspace, "lines.txt"), "utf8").trim()}`);
await store.close();
await simulator.close();
await rm(workspace, { recursive: true });
