// A process that works on a session through the library: `node session-child.ts <home> <url> rotate|send <session> [sender] [count]`.
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../../src/lib/clock.ts";
import { risingIds } from "../../src/lib/ids.ts";
import { isFailureOf } from "../../src/failure.ts";
import { responsesProvider } from "../../src/provider/responses/provider.ts";
import { contractNamed } from "../../src/replay/contracts.ts";
import { resumeSession } from "../../src/runtime.ts";
import type { Runtime } from "../../src/runtime/equipment.ts";
import { openCatalog } from "../../src/store/catalog/catalog.ts";
import { folderStore } from "../../src/store/folder/folder-store.ts";

const [home, url, task, id, sender = "", count = "0"] = process.argv.slice(2) as [
  string,
  string,
  "rotate" | "send",
  string,
  string?,
  string?,
];
const store = folderStore(home, { version: "test", listing: openCatalog(home) });
const runtime: Runtime = {
  store,
  clock: systemClock,
  random: Math.random,
  observe: () => undefined,
  wait: false,
};

/** Goes on in a successor, between two turns. */
async function rotate(): Promise<void> {
  const session = await resumeSession(runtime, id, { force: false }, async (history) => ({
    provider: responsesProvider({ name: "openai", baseUrl: url, contract: "openai", apiKey: "rig" }),
    contract: contractNamed("openai"),
    instructions: "You are a test.",
    settings: history.settings,
    environment: {
      tools: [],
      workspace: history.workspace.path,
      env: {},
      approve: () => Promise.resolve({ allowed: true }),
    },
  }));
  await session.rotate("rotated by hand");
  await session.close();
}

/** Queues so many follow-ups, one after the other, and prints each that was accepted. */
async function send(): Promise<void> {
  const nextId = risingIds(() => systemClock.now());
  for (let at = 0; at < Number(count); at++) {
    const text = `${sender}-${at}`;
    await store.queue(id, { id: nextId(), at: systemClock.now(), text, mode: "followup" });
    process.stdout.write(`${text}\n`);
    await sleep(Math.random() * 120);
  }
}

try {
  await { rotate, send }[task]();
} catch (error) {
  // Whoever works in the session now was killed, or will be.
  if (!isFailureOf(error, "lease-held", "lease-lost")) throw error;
  process.exitCode = 3;
} finally {
  await store.close();
}
