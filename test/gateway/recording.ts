// An upstream that answers well, and keeps what it was sent.
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { completed, created, delta, itemDone, serve, sse } from "../wire/upstream.ts";

const item = '{"type":"message","id":"msg_1","role":"assistant","content":[]}';
export const added = sse("response.output_item.added", { item: {} });
export const answer = [created, added, delta("a"), itemDone(item), completed].join("");

/** Answers each request with `answer`. */
export async function recording(): Promise<{
  url: string;
  requests: { request: IncomingMessage; sha: string; bytes: number }[];
}> {
  const requests: { request: IncomingMessage; sha: string; bytes: number }[] = [];
  const url = await serve(async (request, response) => {
    const hash = createHash("sha256");
    let bytes = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      hash.update(chunk);
      bytes += chunk.length;
    }
    requests.push({ request, sha: hash.digest("hex"), bytes });
    response.writeHead(200, {
      "content-type": "text/event-stream",
      "x-kept": "yes",
      connection: "x-hop",
      "x-hop": "1",
    });
    response.end(answer);
  });
  return { url, requests };
}
