// The gateway's own key is no client's to know, whatever an upstream says of it.
import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { failureHeader } from "../../src/gateway/answer/answer.ts";
import { bodyOf, serve } from "../wire/upstream.ts";
import { ask, closeAll, gatewayTo, type Tried } from "./kit.ts";

afterEach(closeAll);

const key = "own-key-of-the-gateway";
const stars = "*".repeat(key.length);

/** A gateway with a key of its own for an upstream that answers like this. */
async function keyed(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  own = key,
): Promise<Tried> {
  const url = await serve(async (request, response) => {
    await bodyOf(request);
    answer(request, response);
  });
  return gatewayTo("", { upstreams: [{ url, key: own }] });
}

it("the gateway's own key is no client's to know, also where its upstream quotes it", async () => {
  const gateway = await keyed((request, response) => {
    const { authorization = "" } = request.headers;
    response.writeHead(403, { "content-type": "application/json", "x-refused": authorization });
    const said = JSON.stringify({ error: { message: `${authorization} may not, ${authorization}` } });
    response.end(/gzip/u.test(String(request.headers["accept-encoding"])) ? gzipSync(said) : said);
  });
  for (const answer of [await ask(gateway), await fetch(`${gateway.url}/models`)]) {
    expect(answer.status).toBe(403);
    expect(answer.headers.get("x-refused")).toBe(`Bearer ${stars}`);
    const message = `Bearer ${stars} may not, Bearer ${stars}`;
    expect(await answer.json()).toEqual({ error: { message } });
  }
});

it.each([
  ["gzip", gzipSync],
  ["br", brotliCompressSync],
  ["zstd", zstdCompressSync],
])(
  "the gateway's own key isn't in a refusal either that comes in %s, though it was asked for plain",
  async (encoding, pack) => {
    const gateway = await keyed((_request, response) => {
      response.writeHead(403, { "content-type": "text/plain", "content-encoding": encoding });
      response.end(pack(`${key} may not`));
    });
    for (const answer of [await ask(gateway), await fetch(`${gateway.url}/models`)]) {
      expect([answer.status, answer.headers.get("content-encoding")]).toEqual([403, null]);
      expect(await answer.text()).toBe(`${stars} may not`);
    }
  },
);

describe("a refusal whose bytes can't be read goes without them, since the gateway's own key may stand in them", () => {
  const words = Buffer.from(
    JSON.stringify({ error: { message: `${key} may not`, pad: randomBytes(99).toString("hex") } }),
  );
  for (const [name, encoding, bytes] of [
    ["cut short", "gzip", gzipSync(words).subarray(0, -9)],
    ["packed twice", "gzip", gzipSync(gzipSync(words))],
    ["packed by two", "gzip, br", brotliCompressSync(gzipSync(words))],
    ["in an unknown encoding", "x-own", gzipSync(words)],
    [
      "longer than what is held",
      "gzip",
      gzipSync(Buffer.concat([words, Buffer.alloc(17 * 1024 * 1024, "x")])),
    ],
    ["packed, and longer than what is held", "gzip", gzipSync(randomBytes(17 * 1024 * 1024))],
  ] as const)
    it(name, async () => {
      const gateway = await keyed((_request, response) => {
        const headers = { "content-type": "application/json", "content-encoding": encoding };
        response.writeHead(403, { ...headers, "x-told": "1" }).end(bytes);
      });
      const answer = await ask(gateway);
      expect([answer.status, answer.headers.get("x-told")]).toEqual([403, "1"]);
      expect(answer.headers.get("content-encoding")).toBeNull();
      expect(answer.headers.get(failureHeader)).toBe("auth-denied");
      const said = await answer.text();
      // Neither the key nor anything that it could be packed in.
      for (const secret of [key, "\0", "\uFFFD"]) expect(said).not.toContain(secret);
      if (name === "packed by two") expect(said).toContain(`${stars} may not`);
      else expect(said).toContain("answered with the status 403, and with bytes that can't be read");
      const passed = await fetch(`${gateway.url}/models`);
      expect(passed.status).toBe(403);
      expect(passed.headers.get("content-encoding")).toBeNull();
      const rest = await passed.text();
      for (const secret of [key, "\0", "\uFFFD"]) expect(rest.includes(secret)).toBe(false);
    });
});

it("a refusal that isn't in the encoding that it names ends, and holds nobody up", async () => {
  const gateway = await keyed((_request, response) => {
    response.writeHead(403, { "content-type": "text/plain", "content-encoding": "gzip" });
    response.end("no gzip");
  });
  const answer = await fetch(`${gateway.url}/models`);
  expect([answer.status, await answer.text()]).toEqual([403, ""]);
});

it("the gateway's own words hold no key either, where an upstream tells its refusal with a good status", async () => {
  const gateway = await keyed((request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ code: 401, msg: `Invalid token ${request.headers.authorization}` }));
  });
  const answer = await ask(gateway);
  expect(answer.status).toBe(502);
  const said = await answer.text();
  expect(said).toContain("Invalid token");
  expect(said).not.toContain(key);
});

it("the gateway's own key is starred where it is parted in what the upstream sends, and a word that stands in for one is told as it is", async () => {
  for (const [own, seen] of [
    [key, stars],
    ["lm-studio", "lm-studio"],
  ] as const) {
    let sendRest = (): void => undefined;
    const gateway = await keyed((_request, response) => {
      response.writeHead(403, { "content-type": "text/plain" });
      response.write(`no: ${own.slice(0, 5)}`);
      sendRest = () => response.end(`${own.slice(5)} may not`);
    }, own);
    const reader = (await fetch(`${gateway.url}/models`)).body!.getReader();
    const pieces: Uint8Array[] = [];
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      if (pieces.push(read.value) === 1) sendRest();
    }
    expect(Buffer.concat(pieces).toString()).toBe(`no: ${seen} may not`);
  }
});

it("the gateway's own key is starred in a refusal that is longer than what is held of one", async () => {
  const long = "x".repeat(17 * 1024 * 1024);
  const gateway = await keyed((_request, response) => {
    response.writeHead(403, { "content-type": "text/plain", "x-refused": key }).end(`${key} ${long} ${key}`);
  });
  const answer = await ask(gateway);
  const text = await answer.text();
  expect([answer.status, answer.headers.get("x-refused")]).toEqual([403, stars]);
  expect(text === `${stars} ${long} ${stars}`).toBe(true);
});
