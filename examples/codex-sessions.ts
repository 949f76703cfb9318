// The sessions of the Codex CLI in a program of your own: listed, diagnosed, repaired, gone on with, and given back.
// Run it: node examples/codex-sessions.ts. It needs neither a key nor Codex: it makes a home with one damaged session.
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  contractNamed,
  folderStore,
  isFailureOf,
  openCatalog,
  responsesProvider,
  resumeSession,
  type Settings,
  systemClock,
} from "throughline";
import {
  catalogue,
  diagnose,
  exportThread,
  importThread,
  lastMessages,
  listRollouts,
  listThreads,
  needsRepair,
  previewRepair,
  repairRollout,
  threadAt,
  undoRepair,
  understand,
} from "throughline/codex";
import { startSimulator } from "throughline/simulator";

const folder = await mkdtemp(join(tmpdir(), "throughline-example-"));
const codex = join(folder, ".codex"); // yours: codexHome(process.env)
const home = join(folder, ".throughline"); // where copies of what is repaired are kept, and sessions
await makeDamagedSession();

// What there is, and what is wrong at the ends of the files. With a `cache`, the next list reads only what is new.
const { threads, troubles } = await listThreads(codex, { cache: join(home, "cache") });
for (const { title, messages, flaws } of threads)
  console.log(`listed: ${title} (${messages} message, ${flaws.join(", ")})`);
for (const trouble of troubles) console.error(trouble);
const { path } = threads[0]!;
for (const { who, text } of await lastMessages(path, 1)) console.log(`said last, by ${who}: ${text}`);

// All that is wrong, as `throughline doctor --json` has it.
const every = listRollouts(codex).map((file) => file.path);
for await (const { findings, holder } of diagnose(every, { home })) {
  if (holder) console.log(`in use: pid ${holder.pid}`);
  for (const { severity, title, places, mends } of findings.filter(needsRepair))
    console.log(`${severity}: ${title}, line ${places[0]?.line} → ${mends}`);
}

// What somebody has pasted: what it is, and what of it a repair mends.
const pasted = "stream error: No tool output found for function call call_1";
const { kinds, seals } = understand(pasted);
for (const each of kinds.slice(0, 1)) console.log(`that message comes of: ${catalogue[each].title}`);

// What mending just that would change.
const alone = await previewRepair(path, { home, only: kinds, seals: seals ?? { which: "none" } });
console.log(`for that message: ${Object.keys(alone.mended).join(", ")}`);

// All of it: first what would change, then the repair, and back again. Not a byte is lost.
const before = await readFile(path);
const { changes } = await previewRepair(path, { home });
for (const { line, says } of changes.first) console.log(`would change line ${line}: ${says}`);
try {
  const done = await repairRollout(path, { home });
  console.log(`repaired: ${Object.keys(done?.journal.mended ?? {}).join(", ")}`);
} catch (error) {
  // A Codex that is still running keeps its session: nothing was changed then.
  if (isFailureOf(error, "lease-held")) console.log(error.message);
  else throw error;
}
await undoRepair(path, { home });
console.log(`taken back, the same bytes: ${before.equals(await readFile(path))}`);

// Gone on with here, by whatever provider. The rollout is only read; the session has its id.
const simulator = await startSimulator();
const store = folderStore(home, { version: "example 1.0", listing: openCatalog(home) });
const settings = ({ model = "gpt-5.5" }: { model?: string }): Settings => ({
  provider: "simulator",
  model,
  instructionsHash: "",
  approval: "ask",
});
const taken = await importThread({ store, settings }, (await threadAt(path))!);
console.log(`${taken.did}: ${taken.items} items of ${taken.counts.prompts} prompt`);
const observe = (): void => undefined;
const runtime = { store, clock: systemClock, random: Math.random, observe, wait: false };
const session = await resumeSession(runtime, taken.id, { force: false }, async (history) => ({
  provider: responsesProvider({ name: "simulator", baseUrl: simulator.url, contract: "openai" }),
  contract: contractNamed("openai"),
  instructions: "You are a careful agent.",
  settings: history.settings,
  environment: {
    tools: [],
    workspace: history.workspace.path,
    env: {},
    approve: () => Promise.resolve({ allowed: false, why: "nobody is there to ask" }),
  },
}));
const { kind } = await session.run("Go on.", AbortSignal.timeout(60_000));
await session.close();

// And given back to Codex, as a session of a new id.
const { thread, left } = await exportThread(store, taken.id, { codexHome: codex });
const again = (await listThreads(codex)).threads.find(({ id }) => id === thread);
console.log(
  `${kind}, and written as another session: ${again?.title} (${again?.flaws.length} flaws, ${left} left)`,
);
await store.close();
await simulator.close();
await rm(folder, { recursive: true });

/** A session that lost its last lines when the machine went down: a call without its output, and half a line. */
async function makeDamagedSession(): Promise<void> {
  const id = "01a1fac2-6d4b-7000-8000-000000000001";
  const timestamp = "2026-11-20T20:58:19.000Z";
  const call = { type: "function_call", name: "shell", arguments: '{"command":["ls"]}', call_id: "call_1" };
  const content = [{ type: "input_text", text: "Fix the tests." }];
  const records = [
    {
      type: "session_meta",
      payload: { id, timestamp, cwd: folder, originator: "codex_cli_rs", cli_version: "0.130.0" },
    },
    { type: "response_item", payload: { type: "message", role: "user", content } },
    { type: "response_item", payload: call },
  ];
  const lines = records.map((record) => `${JSON.stringify({ timestamp, ...record })}\n`);
  const day = join(codex, "sessions", "2026", "11", "20");
  await mkdir(day, { recursive: true });
  await writeFile(
    join(day, `rollout-2026-11-20T20-58-19-${id}.jsonl`),
    `${lines.join("")}{"timestamp":"2026-11`,
  );
}
