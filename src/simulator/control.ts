import type { IncomingMessage, ServerResponse } from "node:http";
import { isFailure } from "../failure.ts";
import { readBody } from "./body.ts";
import type { Conversation } from "./conversation.ts";
import { parseScenario } from "./scenario-file.ts";

const bodyLimit = 1024 * 1024;

/**
 * Drives a simulator from another process: `GET /simulator` (state), `GET /simulator/requests`, `POST /simulator/rotate-key`,
 * `POST /simulator/forget-responses`, `POST /simulator/reset` (body: nothing, or the text of another scenario).
 */
export async function control(
  request: IncomingMessage,
  response: ServerResponse,
  conversation: Conversation,
): Promise<void> {
  const answer = (status: number, body: unknown): void => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };
  const { pathname } = new URL(request.url ?? "/", "http://loopback");
  const { text } = await readBody(request, bodyLimit);
  switch (`${request.method} ${pathname}`) {
    case "GET /simulator":
      return answer(200, state(conversation));
    case "GET /simulator/requests":
      return answer(200, { requests: conversation.requests });
    case "POST /simulator/rotate-key":
      conversation.rotateKey();
      return answer(200, state(conversation));
    case "POST /simulator/forget-responses":
      conversation.forgetResponses();
      return answer(200, state(conversation));
    case "POST /simulator/reset":
      if (text === undefined) return answer(413, { error: `a scenario is at most ${bodyLimit} bytes` });
      try {
        conversation.reset(text.trim() === "" ? undefined : parseScenario(text, "scenario"));
      } catch (error) {
        if (!isFailure(error)) throw error;
        return answer(400, { error: error.message });
      }
      return answer(200, state(conversation));
    default:
      return answer(404, { error: `no ${request.method} ${pathname}; see docs/simulator.md` });
  }
}

function state(conversation: Conversation): object {
  return {
    scenario: conversation.scenario.name,
    requests: conversation.requests.length,
    keyGeneration: conversation.keyGeneration,
  };
}
