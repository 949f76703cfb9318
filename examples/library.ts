// A durable session in a program of your own: a store, a provider, tools. Run it: node examples/library.ts
// It needs no key: the provider is the built-in simulator, which cuts the stream in mid-turn. Yours is any Responses endpoint.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  contractNamed,
  createSession,
  folderStore,
  messageItem,
  openCatalog,
  responsesProvider,
  type SessionUpdate,
  systemClock,
  toolbox,
  toolEnvironment,
  uuidv7,
} from "throughline";
import { startSimulator } from "throughline/simulator";

const workspace = await mkdtemp(join(tmpdir(), "throughline-example-"));
const simulator = await startSimulator({ scenario: { fault: [{ kind: "cut", after: "call", request: 1 }] } });
const home = join(workspace, "home");
// The catalogue is a cache: it makes lists of thousands of sessions quick.
const store = folderStore(home, { version: "example 1.0", listing: openCatalog(home) });
const observe = (update: SessionUpdate): void => {
  if (update.type === "attempt-failed") console.log(`! ${update.notice}`);
  if (update.type === "tool-ended") console.log(`$ ${update.name}: ${update.outcome.status}`);
};

const session = await createSession(
  { store, clock: systemClock, random: Math.random, observe, wait: false },
  {
    id: uuidv7(Date.now()),
    workspace: { path: workspace },
    context: messageItem("developer", `workspace: ${workspace}`),
  },
  {
    provider: responsesProvider({ name: "simulator", baseUrl: simulator.url, contract: "openai" }),
    contract: contractNamed("openai"),
    instructions: "You are a careful agent.",
    settings: { provider: "simulator", model: "gpt-5.5", instructionsHash: "", approval: "all" },
    environment: {
      tools: toolbox(() => store.list()),
      workspace,
      env: toolEnvironment(process.env),
      approve: () => Promise.resolve({ allowed: true }),
    },
  },
);
const outcome = await session.run("run: echo once >> ran.txt; wc -l < ran.txt", new AbortController().signal);
console.log(`The turn ${outcome.kind} after ${simulator.requests.length} requests; the tool ran once.`);

await session.close();
for (const { title, status } of await store.list()) console.log(`listed: ${title} (${status})`);
await store.close();
await simulator.close();
await rm(workspace, { recursive: true });
