import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { ChunkedBody } from "./chunked.ts";
import { BodyMemory } from "./held-body.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** The port of a server that answers with these pieces. */
async function serving(pieces: readonly Buffer[], headers: Record<string, string> = {}): Promise<number> {
  const server = createServer((_request, response) => {
    response.writeHead(200, headers);
    const body = new ChunkedBody(response, new BodyMemory());
    for (const piece of pieces) {
      body.write(piece);
      body.flush();
    }
    body.end(Buffer.from("end"));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

async function bytesOf(port: number): Promise<Buffer> {
  const asked = request({ port, agent: false }).end();
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    let got = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    socket.on("data", (chunk: Buffer) => (got += chunk.toString("latin1")));
    socket.on("close", () => resolve(got));
  });
}

describe("a body in chunks", () => {
  it("arrives byte for byte, whatever the sizes of its pieces", async () => {
    const pieces = [1, 15, 16, 255, 256, 4_095, 70_000, 1_000_000].map((size) => randomBytes(size));
    const port = await serving(pieces);
    expect(await bytesOf(port)).toEqual(Buffer.concat([...pieces, Buffer.from("end")]));
  });

  it("is what was written, though its pieces are written over at once and the client reads later", async () => {
    const sizes = Array.from({ length: 400 }, (_, at) => 1 + ((at * 7_919) % 90_000));
    const server = createServer(async (_request, response) => {
      response.writeHead(200);
      const body = new ChunkedBody(response, new BodyMemory());
      for (const [at, size] of sizes.entries()) {
        const piece = Buffer.alloc(size, at);
        body.write(piece);
        piece.fill("x");
        if (at % 3 === 0 && !body.flush()) await new Promise<void>((resolve) => body.drained(resolve));
      }
      body.end();
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const asked = request({ port: (server.address() as AddressInfo).port, agent: false }).end();
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    await sleep(50);
    const chunks: Buffer[] = [];
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(Buffer.concat(sizes.map((size, at) => Buffer.alloc(size, at))))).toBe(
      true,
    );
  });

  it("ends where its last chunk says, so that the connection serves the next request", async () => {
    const port = await serving([Buffer.from("one")]);
    const ask = "GET / HTTP/1.1\r\nhost: x\r\n";
    const got = await raw(port, `${ask}\r\n${ask}connection: close\r\n\r\n`);
    expect(got.match(/\r\n\r\n3\r\none\r\n3\r\nend\r\n0\r\n\r\n/gu)).toHaveLength(2);
  });

  it("isn't chunked for a client that knows no chunks, nor under a declared length", async () => {
    const old = await raw(await serving([Buffer.from("one")]), "GET / HTTP/1.0\r\nhost: x\r\n\r\n");
    expect(old).toMatch(/\r\n\r\noneend$/u);
    expect(old).not.toMatch(/transfer-encoding/iu);
    const port = await serving([Buffer.from("one")], { "content-length": "6" });
    expect(await raw(port, "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")).toMatch(
      /\r\n\r\noneend$/u,
    );
  });
});
