// Sessions in this process: what each test of a file gets anew for them, and what they run with.
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import { toolbox } from "../../src/agent/toolbox.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { uuidv7 } from "../../src/lib/ids.ts";
import type { Provider } from "../../src/provider.ts";
import { contractNamed } from "../../src/replay/contracts.ts";
import type { Equipment, Runtime, SessionStart } from "../../src/runtime/equipment.ts";
import type { LogRecord, Settings } from "../../src/session/event.ts";
import { messageItem } from "../../src/session/item.ts";
import { memoryStore } from "../../src/store/memory/memory-store.ts";
import type { SessionStore } from "../../src/store.ts";
import { toolEnvironment } from "../../src/tool/environment.ts";
import type { SessionUpdate } from "../../src/turn/update.ts";

/** A signal that nobody aborts. */
export const never = new AbortController().signal;

/** A store in memory, a workspace and what the sessions have told, new for each test. */
export class TestSessions {
  #store: SessionStore | undefined;
  #workspace = "";
  #updates: SessionUpdate[] = [];

  get store(): SessionStore {
    return this.#store!;
  }

  get workspace(): string {
    return this.#workspace;
  }

  get updates(): readonly SessionUpdate[] {
    return this.#updates;
  }

  async begin(): Promise<void> {
    this.#store = memoryStore({ version: "test" });
    this.#workspace = await mkdtemp(join(tmpdir(), "throughline-sessions-"));
    this.#updates = [];
  }

  async end(): Promise<void> {
    await this.store.close();
    await rm(this.#workspace, { recursive: true, force: true });
  }

  readonly observe = (update: SessionUpdate): void => void this.#updates.push(update);

  runtime(): Runtime {
    return { store: this.store, clock: systemClock, random: () => 0.5, observe: this.observe, wait: false };
  }

  start(): SessionStart {
    return {
      id: uuidv7(Date.now()),
      workspace: { path: this.#workspace },
      context: messageItem("developer", "The context."),
    };
  }

  /** What a session runs with on this provider: the tools of a coding agent, and nobody who is asked. */
  equipment(provider: Provider, chosen: Pick<Settings, "model" | "effort">): Equipment {
    return {
      provider,
      contract: contractNamed(provider.contract),
      instructions: "You are a test.",
      settings: { provider: provider.name, ...chosen, instructionsHash: "0", approval: "all" },
      environment: {
        tools: toolbox(() => this.store.list()),
        workspace: this.#workspace,
        env: toolEnvironment(process.env),
        approve: () => Promise.resolve({ allowed: true }),
      },
    };
  }

  /** All that counts in a session's log. */
  async records(id: string): Promise<LogRecord[]> {
    const found: LogRecord[] = [];
    await this.store.read(id, { record: (record) => found.push(record) });
    return found;
  }

  /** How often a command has appended a line to the file `ran` of the workspace. */
  ran(): number {
    const file = join(this.#workspace, "ran");
    return existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean).length : 0;
  }
}

/** Declares for the tests of a file that each gets these anew, and that what it leaves is removed. */
export function testSessions(): TestSessions {
  const sessions = new TestSessions();
  beforeEach(() => sessions.begin());
  afterEach(() => sessions.end());
  return sessions;
}
