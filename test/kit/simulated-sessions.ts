// Sessions in this process on a simulator of the Responses API.
import { afterEach, beforeEach } from "vitest";
import { isJsonObject, type JsonObject } from "../../src/lib/json.ts";
import { responsesProvider } from "../../src/provider/responses/provider.ts";
import { createSession, resumeSession, type Session } from "../../src/runtime.ts";
import type { Equipment, Runtime } from "../../src/runtime/equipment.ts";
import {
  type ScenarioInput,
  shell,
  type Simulator,
  startSimulator,
  step,
  turn,
} from "../../src/simulator/server.ts";
import type { SessionUpdate } from "../../src/turn/update.ts";
import { TestSessions } from "./sessions.ts";

const ignored = (): void => undefined;

/** What `TestSessions` are, with a simulator for each test. */
export class SimulatedSessions extends TestSessions {
  #simulator: Simulator | undefined;
  /** Is told each update behind `updates`. */
  onUpdate: (update: SessionUpdate) => void = ignored;

  get simulator(): Simulator {
    return this.#simulator!;
  }

  override async begin(): Promise<void> {
    await super.begin();
    this.onUpdate = ignored;
    this.#simulator = await startSimulator();
  }

  override async end(): Promise<void> {
    await this.simulator.close();
    await super.end();
  }

  override runtime(): Runtime {
    const observe = (update: SessionUpdate): void => {
      this.observe(update);
      this.onUpdate(update);
    };
    return { ...super.runtime(), observe };
  }

  /** What a session runs with on the simulator. */
  simulated(apiKey = "k"): Equipment {
    const named = { name: "simulator", baseUrl: this.simulator.url, contract: "openai", apiKey };
    return this.equipment(responsesProvider(named), { model: "gpt-5.5" });
  }

  /** A new session, once the simulator follows this scenario. */
  started(scenario: ScenarioInput, equipment = this.simulated()): Promise<Session> {
    this.simulator.reset(scenario);
    return createSession(this.runtime(), this.start(), equipment);
  }

  resumed(id: string, equipment = this.simulated(), force = false): Promise<Session> {
    return resumeSession(this.runtime(), id, { force }, () => Promise.resolve(equipment));
  }

  /** The items of a request, counted as `Array.at` does. */
  inputOf(request: number): JsonObject[] {
    const input = this.simulator.requests.at(request)?.body?.["input"];
    return Array.isArray(input) ? input.filter(isJsonObject) : [];
  }
}

/** Declares for the tests of a file that each gets these anew, and that what it leaves is removed. */
export function simulatedSessions(): SimulatedSessions {
  const sessions = new SimulatedSessions();
  beforeEach(() => sessions.begin());
  afterEach(() => sessions.end());
  return sessions;
}

/** Each turn runs one command, which appends a line to the file `ran`. */
export const runsOnce: ScenarioInput = {
  turn: [turn(undefined, step(shell("echo ran >> ran; cat ran"), { reason: "Look." }), step("Done."))],
};

export const ofType = (items: readonly JsonObject[], type: string): JsonObject[] =>
  items.filter((item) => item["type"] === type);
