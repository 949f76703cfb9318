import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent } from "undici";
import { afterEach, describe, expect, it } from "vitest";
import { dispatchOver, Sending } from "./sending.ts";

const agent = new Agent();
let server: Server;
let socket: Socket | undefined;

/** A server that reads nothing until it is told, and answers nothing. */
function listening(): Promise<string> {
  server = createServer({ pauseOnConnect: true }, (connection) => {
    socket = connection.on("error", () => undefined);
  });
  return new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    ),
  );
}

function post(origin: string, body: Buffer | null, sending: Sending): void {
  const headers = { "content-length": String(body?.length ?? 0) };
  dispatchOver(
    sending,
    agent,
    { origin, path: "/", method: "POST", headers, body },
    {
      onRequestStart: () => undefined,
      onResponseStart: () => undefined,
      onResponseData: () => undefined,
      onResponseEnd: () => undefined,
      onResponseError: () => undefined,
    },
  );
}

afterEach(async () => {
  await agent.destroy();
  socket?.destroy();
  server.close();
});

describe("what was sent has left", () => {
  it("when the socket has passed all of it on, and not while some of it waits there", async () => {
    const sending = new Sending();
    post(await listening(), Buffer.alloc(32_000_000), sending);
    await expect.poll(() => socket).toBeDefined();
    await sleep(100);
    expect(sending.hasLeft).toBe(false);
    socket!.resume();
    await expect.poll(() => sending.hasLeft).toBe(true);
    socket!.destroy();
    await expect.poll(() => sending.hasLeft).toBe(false);
  });
});
