import { fc } from "../kit/property.ts";
import { expect, it } from "vitest";
import { isJsonObject } from "../../src/lib/json.ts";
import { requestBody } from "../../src/provider/chat/body.ts";
import { dialectOf } from "../../src/provider/chat/dialect.ts";
import { contractNamed } from "../../src/replay/contracts.ts";
import { project } from "../../src/replay/project.ts";
import { requestInput } from "../../src/replay/request-input.ts";
import { parseChatRequest } from "../../src/simulator/chat/request.ts";
import { validateMessages } from "../../src/simulator/chat/validate.ts";
import { isRefusal } from "../../src/simulator/refusal.ts";
import { commands, issuers, writeLog } from "./arbitrary-log.ts";
import { textOf } from "./written-log.ts";

const issuer = issuers[0];

it("what is sent of any log over chat is what the wire takes, DeepSeek's rule included, and always the same bytes", async () => {
  await fc.assert(
    fc.asyncProperty(
      commands,
      fc.constantFrom("chat", "deepseek"),
      fc.boolean(),
      async (told, contract, short) => {
        const log = writeLog(told);
        const send = async (): Promise<string> => {
          const { items, quarantines } = log.history;
          const projection = project(contractNamed(contract), { issuer, quarantines }, items);
          const dialect = { ...dialectOf("http://127.0.0.1", contract), shortCallIds: short };
          const body = await requestBody(
            {
              model: "m",
              instructions: "Be brief.",
              tools: [],
              input: await requestInput(projection, log.bodies()),
              sealed: false,
              cacheKey: "s",
            },
            dialect,
          );
          const text = await textOf(body.chunks());
          expect(Buffer.byteLength(text)).toBe(body.bytes);
          return text;
        };
        const text = await send();
        const request = parseChatRequest(text);
        if (isRefusal(request)) throw new Error(JSON.stringify(request.body));
        expect(validateMessages(request.messages, contract === "deepseek")?.body).toBeUndefined();
        if (short) {
          const ids = request.messages.flatMap(({ tool_calls: calls, tool_call_id: id }) => [
            ...(Array.isArray(calls) ? calls.filter(isJsonObject).map((call) => call["id"]) : []),
            ...(id === undefined ? [] : [id]),
          ]);
          for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9]{9}$/u);
        }
        expect(await send()).toBe(text);
      },
    ),
    { numRuns: 1_000 },
  );
});
