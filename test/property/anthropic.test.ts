import { fc } from "../kit/property.ts";
import { expect, it } from "vitest";
import type { JsonObject } from "../../src/lib/json.ts";
import { requestBody } from "../../src/provider/anthropic/body.ts";
import type { RequestInput } from "../../src/provider.ts";
import { contractNamed } from "../../src/replay/contracts.ts";
import { project } from "../../src/replay/project.ts";
import { requestInput } from "../../src/replay/request-input.ts";
import { parseMessages } from "../../src/simulator/anthropic/request.ts";
import { digestOf, signatureOf } from "../../src/simulator/anthropic/signature.ts";
import { validateMessages } from "../../src/simulator/anthropic/validate.ts";
import { isRefusal } from "../../src/simulator/refusal.ts";
import { commands, issuers, writeLog } from "./arbitrary-log.ts";
import { textOf } from "./written-log.ts";

const issuer = issuers[0];
/** Stands for a seal whose key is at hand: the blob is what it holds. */
const open = (seal: string): string => Buffer.from(seal, "base64url").toString();

/** The input with its sealed reasoning as this wire's: signed thinking, or redacted where it has no words. */
async function signed(input: RequestInput): Promise<RequestInput> {
  const items = JSON.parse(`[${await textOf(input.chunks())}]`) as JsonObject[];
  for (const item of items) {
    if (item["type"] !== "reasoning" || item["encrypted_content"] === undefined) continue;
    const parts = item["content"] as { text: string }[] | undefined;
    const words = parts?.map(({ text }) => text).join("") ?? "";
    item["format"] = parts === undefined ? "anthropic-redacted-v1" : "anthropic-thinking-v1";
    item["encrypted_content"] = signatureOf(Buffer.from(digestOf(words)).toString("base64url"));
  }
  const bytes = Buffer.from(items.map((item) => JSON.stringify(item)).join(","));
  return {
    bytes: bytes.length,
    items: items.length,
    async *chunks() {
      yield bytes;
    },
  };
}

it("what is sent of any log over the Messages wire is what it takes, thinking included, and always the same bytes", async () => {
  let thinking = 0;
  await fc.assert(
    fc.asyncProperty(
      commands,
      fc.constantFrom("claude-sonnet-4-5", "claude-opus-4-7"),
      fc.constantFrom("none", "high", "high", "high"),
      fc.boolean(),
      async (told, model, effort, hasTools) => {
        const log = writeLog(told);
        const { items, quarantines } = log.history;
        const projection = project(contractNamed("anthropic"), { issuer, quarantines }, items);
        const input = await signed(await requestInput(projection, log.bodies()));
        const tools = [{ type: "custom" as const, name: "apply_patch", description: "patches" }];
        const asked = { model, effort, instructions: "Be brief.", sealed: projection.sealed, cacheKey: "s" };
        const send = async (): Promise<string> => {
          const body = await requestBody({ ...asked, tools: hasTools ? tools : [], input });
          const text = await textOf(body.chunks());
          expect(Buffer.byteLength(text)).toBe(body.bytes);
          return text;
        };
        const text = await send();
        const request = parseMessages(text);
        if (isRefusal(request)) throw new Error(JSON.stringify(request.body));
        expect(validateMessages(request, { open })?.body).toBeUndefined();
        expect(await send()).toBe(text);
        if (/"signature"|"redacted_thinking"/u.test(text)) thinking++;
      },
    ),
    { numRuns: 1_000 },
  );
  // The logs have to hold what the property is about.
  expect(thinking).toBeGreaterThan(10);
});
