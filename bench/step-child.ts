import type * as ContractModule from "../src/replay/contracts/openai.ts";
import type { Provider, ProviderEvent } from "../src/provider.ts";
import type { Runtime } from "../src/runtime/equipment.ts";
import type * as RuntimeModule from "../src/runtime.ts";
import type * as ClockModule from "../src/lib/clock.ts";
import type * as ItemModule from "../src/session/item.ts";
import type { Tool } from "../src/tool.ts";
import type * as StoreModule from "../src/store/folder/folder-store.ts";
import { median } from "./numbers.ts";
import { shipped } from "./shipped.ts";

// Runs a turn of many steps in a session: the real runtime, log and projection, with a model that answers at once and is not sent the body.

export interface StepTimes {
  /** Milliseconds from one request to the next, the median. */
  wall: number;
  /** From the last event of a step to the next request: the projection and its snapshot. */
  projecting: number;
}

const { resumeSession } = await shipped<typeof RuntimeModule>("runtime");
const { openai } = await shipped<typeof ContractModule>("replay/contracts/openai");
const { systemClock } = await shipped<typeof ClockModule>("lib/clock");
const { describeItem } = await shipped<typeof ItemModule>("session/item");
const { folderStore } = await shipped<typeof StoreModule>("store/folder/folder-store");

const [home, id] = process.argv.slice(2) as [string, string];
const steps = Number(process.argv[4]);
const warmUp = Math.ceil(steps / 4);
const asked: number[] = [];
const projecting: number[] = [];
let stepEnded = 0;

async function* answer(): AsyncGenerator<ProviderEvent> {
  const at = performance.now();
  asked.push(at);
  projecting.push(at - stepEnded);
  const number = asked.length;
  const item = (value: object): ProviderEvent => {
    const bytes = Buffer.from(JSON.stringify(value));
    return { type: "item", item: bytes, facts: describeItem(bytes)!, model: "gpt-5.5" };
  };
  const call_id = `call_${process.pid}_${number}`;
  const sealed = Buffer.from(`sealed ${number} `.repeat(60)).toString("base64url");
  yield item({ type: "reasoning", id: `rs_${call_id}`, summary: [], encrypted_content: sealed });
  if (number <= steps + warmUp)
    yield item({ type: "function_call", id: `fc_${call_id}`, call_id, name: "look", arguments: "{}" });
  else
    yield item({
      type: "message",
      id: `msg_${call_id}`,
      role: "assistant",
      content: [{ type: "output_text", text: "Done." }],
    });
  const usage = { inputTokens: 1, cachedInputTokens: 0, outputTokens: 1, reasoningTokens: 0 };
  yield { type: "completed", response: `resp_${number}`, model: "gpt-5.5", usage };
}

const provider: Provider = { name: "bench", contract: "openai", issuer: "bench", stream: answer };
const look: Tool = {
  definition: {
    type: "function",
    name: "look",
    description: "Looks.",
    parameters: { type: "object", properties: {} },
  },
  replay: "safe",
  approval: () => undefined,
  inspect: () => Promise.resolve({ state: "not-started" }),
  run: () => Promise.resolve({ output: "Seen.", status: "ok", durationMs: 0 }),
};

const store = folderStore(home, { version: "bench" });
const runtime: Runtime = {
  store,
  clock: systemClock,
  random: Math.random,
  // The next attempt is told of before its input is projected.
  observe: ({ type }) => {
    if (type === "attempt-started") stepEnded = performance.now();
  },
  wait: false,
};
const session = await resumeSession(runtime, id, { force: false }, async (history) => ({
  provider,
  contract: openai,
  instructions: "",
  settings: history.settings,
  environment: {
    tools: [look],
    workspace: history.workspace.path,
    env: {},
    approve: () => Promise.resolve({ allowed: true }),
  },
}));
const outcome = await session.run("go on", new AbortController().signal);
if (outcome.kind !== "completed") throw new Error(`the turn ended as ${outcome.kind}`);
await session.close();
await store.close();

const between = asked.slice(1).map((at, index) => at - asked[index]!);
const times: StepTimes = {
  wall: median(between.slice(warmUp, -1)),
  projecting: median(projecting.slice(warmUp)),
};
process.stdout.write(JSON.stringify(times));
