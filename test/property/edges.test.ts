import { fc } from "../kit/property.ts";
import { describe, expect, it } from "vitest";
import { requestBody as messagesBody } from "../../src/provider/anthropic/body.ts";
import { requestBody as chatBody } from "../../src/provider/chat/body.ts";
import { dialectOf } from "../../src/provider/chat/dialect.ts";
import type { StreamedBody } from "../../src/provider/wire/body.ts";
import type { ModelRequest } from "../../src/provider.ts";
import { contractNamed } from "../../src/replay/contracts.ts";
import { project } from "../../src/replay/project.ts";
import { requestInput } from "../../src/replay/request-input.ts";
import { parseMessages } from "../../src/simulator/anthropic/request.ts";
import { validateMessages as validateAnthropic } from "../../src/simulator/anthropic/validate.ts";
import { validateMessages as validateChat } from "../../src/simulator/chat/validate.ts";
import { commands, issuers, writeLog } from "./arbitrary-log.ts";
import { textOf, type WrittenLog } from "./written-log.ts";

const issuer = issuers[0];

async function requestOf(log: WrittenLog, contract: string, model: string): Promise<ModelRequest> {
  const { items, quarantines } = log.history;
  const projection = project(contractNamed(contract), { issuer, quarantines }, items);
  const input = await requestInput(projection, log.bodies());
  const { sealed, without } = projection;
  return { model, effort: "high", instructions: "be", tools: [], input, sealed, without, cacheKey: "k" };
}

const bodyText = async (body: StreamedBody | Promise<StreamedBody>): Promise<string> =>
  textOf((await body).chunks());

describe("what a wire's edge makes of a projection", () => {
  it.each([
    ["chat", "https://api.openai.com/v1"],
    ["deepseek", "https://api.deepseek.com"],
    ["kimi", "https://api.moonshot.ai/v1"],
    ["gemini", "https://generativelanguage.googleapis.com/v1beta/openai"],
  ])("is taken by the simulator of that wire, for any log: %s", async (contract, url) => {
    await fc.assert(
      fc.asyncProperty(commands, async (told) => {
        const request = await requestOf(writeLog(told), contract, "m");
        if (request.input.items === 0) return;
        const body = JSON.parse(await bodyText(chatBody(request, dialectOf(url, contract)))) as {
          messages: { [key: string]: unknown }[];
        };
        expect(validateChat(body.messages, ["deepseek", "kimi"].includes(contract))).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });

  it("is taken by the simulator of that wire, for any log: anthropic", async () => {
    await fc.assert(
      fc.asyncProperty(commands, async (told) => {
        const request = await requestOf(writeLog(told), "anthropic", "claude-opus-4-6");
        if (request.input.items === 0) return;
        const parsed = parseMessages(await bodyText(messagesBody(request)));
        if ("kind" in parsed) throw new Error(JSON.stringify(parsed));
        // Signatures are made up here; whether they open is the simulator's own test.
        expect(validateAnthropic({ ...parsed, thinking: "off" }, { open: (seal) => seal })).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });
});
