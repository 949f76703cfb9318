import { createHash, randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { completed, created, delta, serveRaw, sse } from "../wire/upstream.ts";
import { ask, closeAll, gatewayTo } from "./kit.ts";

afterEach(closeAll);

const answer = [created, sse("response.output_item.added", { item: {} }), delta("a"), completed].join("");
const whole = `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: ${answer.length}\r\n\r\n${answer}`;
const sha = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** An upstream that pauses before each read, and keeps the hash of every body that it got. */
async function reading(pauseMs: number): Promise<{ url: string; got: string[] }> {
  const got: string[] = [];
  const serve = async (socket: Socket): Promise<void> => {
    let head = Buffer.alloc(0);
    let left = 0;
    let hash = createHash("sha256");
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      let body = chunk;
      if (left === 0) {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf("\r\n\r\n");
        if (end < 0) continue;
        left = Number(/content-length: (\d+)/iu.exec(head.toString("latin1", 0, end))?.[1]);
        body = head.subarray(end + 4);
        head = Buffer.alloc(0);
        hash = createHash("sha256");
      }
      hash.update(body);
      left -= body.length;
      if (left === 0) {
        got.push(hash.digest("hex"));
        socket.write(whole);
      }
      await sleep(pauseMs);
    }
  };
  const url = await serveRaw((socket) => void serve(socket).catch(() => socket.destroy()));
  return { url, got };
}

const sizes = [10, 30_000, 64_000, 65_536, 65_537, 200_000, 8_000_000];

describe("the memory of bodies, which is used again", () => {
  it.each([0, 3])("never shows in another body (%d ms between reads)", async (pauseMs) => {
    const { url, got } = await reading(pauseMs);
    const gateway = await gatewayTo(url);
    const sent: string[] = [];
    const client = async (_: unknown, at: number): Promise<void> => {
      for (let request = 0; request < 7; request++) {
        const body = randomBytes(sizes[(request + at) % sizes.length]!);
        sent.push(sha(body));
        expect(await (await ask(gateway, body)).text()).toBe(answer);
      }
    };
    await Promise.all(Array.from({ length: 8 }, client));
    expect(got.toSorted()).toEqual(sent.toSorted());
  });
});
