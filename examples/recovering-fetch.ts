// The healing of the gateway inside a program of your own: a `fetch` for the OpenAI SDK. Run it: node examples/recovering-fetch.ts
// It needs no key: the provider is the built-in simulator, which rotates its seal key between two turns.
import OpenAI from "openai";
import { openLedger, recovering } from "throughline/gateway";
import { startSimulator } from "throughline/simulator";

const simulator = await startSimulator();
const ledger = openLedger(); // openLedger("ledger.sqlite") remembers beyond this process
const client = new OpenAI({
  baseURL: simulator.url,
  apiKey: "none",
  maxRetries: 0,
  fetch: recovering(fetch, { ledger, log: (line) => console.log(`! ${line}`) }),
});

const input: OpenAI.Responses.ResponseInput = [];
async function say(text: string): Promise<void> {
  input.push({ role: "user", content: text });
  const response = await client.responses.create({
    model: "gpt-5.5",
    store: false,
    include: ["reasoning.encrypted_content"],
    input,
  });
  // Everything is replayed, sealed reasoning included.
  input.push(...(response.output as OpenAI.Responses.ResponseInputItem[]));
}

await say("What is a log?");
simulator.rotateKey();
await say("And a projection?");
await say("And a ledger?");
console.log(`3 turns, ${simulator.requests.length} requests.`);
ledger.close();
await simulator.close();
