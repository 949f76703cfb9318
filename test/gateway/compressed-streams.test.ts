// Streams that an upstream compresses though a plain one was asked for (epam/ai-dial-core#1643, praxis-proxy/ai#668, 2026), and how they end.
import {
  brotliCompressSync,
  createGzip,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { read } from "../kit/simulator-client.ts";
import { bodyOf, completed, created, delta, serve, sse } from "../wire/upstream.ts";
import { closeBoth, last } from "./client.ts";
import { ask, gatewayTo } from "./kit.ts";

afterEach(closeBoth);

const added = sse("response.output_item.added", { item: {} });
const whole = created + added + delta("Fine, 北京.") + completed;
const failed = sse("response.failed", {
  response: { error: { code: "server_is_overloaded", message: "x" } },
});

/** An upstream that answers its n-th request with the n-th of these, as a stream in an encoding. */
async function streaming(encoding: string, ...answers: Buffer[]): Promise<{ url: string; asked(): number }> {
  let asked = 0;
  const url = await serve(async (request, response) => {
    await bodyOf(request);
    response.writeHead(200, { "content-type": "text/event-stream", "content-encoding": encoding });
    response.end(answers[Math.min(asked++, answers.length - 1)]);
  });
  return { url, asked: () => asked };
}

describe.each([
  ["gzip", gzipSync],
  ["x-gzip", gzipSync],
  ["br", brotliCompressSync],
  ["zstd", zstdCompressSync],
  ["deflate", deflateSync],
  ["deflate", deflateRawSync],
  ["none", (text: string) => Buffer.from(text)],
] as const)("a stream that comes as %s", (encoding, compress) => {
  it("is judged like a plain one, and goes out as one", async () => {
    const { url, asked } = await streaming(encoding, compress(created + failed), compress(whole));
    const answer = await ask(await gatewayTo(url));
    expect(answer.headers.get("content-encoding")).toBeNull();
    expect(await answer.text()).toBe(whole);
    expect(asked()).toBe(2);
  });

  it("that is cut after output ends with response.failed", async () => {
    const { url, asked } = await streaming(encoding, compress(created + added + delta("a")));
    expect(last(await read(await ask(await gatewayTo(url))))).toBe("response.failed");
    expect(asked()).toBe(1);
  });
});

it.each(["utf-8", "UTF8", "identity, identity"])(
  "a stream that names what is no encoding (%s) is judged like a plain one",
  async (encoding) => {
    const { url, asked } = await streaming(encoding, Buffer.from(created + failed), Buffer.from(whole));
    expect(await (await ask(await gatewayTo(url))).text()).toBe(whole);
    expect(asked()).toBe(2);
  },
);

describe("a compressed stream", () => {
  it("goes out event by event, as its server flushes it", async () => {
    let go = (): void => undefined;
    const url = await serve(async (request, response) => {
      await bodyOf(request);
      response.writeHead(200, { "content-type": "text/event-stream", "content-encoding": "gzip" });
      const gzip = createGzip();
      gzip.pipe(response);
      gzip.write(created + added);
      gzip.flush();
      go = () => void gzip.end(completed);
    });
    const answer = await ask(await gatewayTo(url));
    const reader = answer.body!.getReader();
    expect(Buffer.from((await reader.read()).value!).toString()).toBe(created + added);
    go();
    let rest = "";
    for (let piece = await reader.read(); !piece.done; piece = await reader.read())
      rest += Buffer.from(piece.value).toString();
    expect(rest).toBe(completed);
  });

  it("of which each event is a frame of its own is one stream (RFC 8878, 3.1)", async () => {
    const skipped = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 9]);
    const frames = [created, added, delta("a"), completed].map((event) => zstdCompressSync(event));
    const sent = Buffer.concat([skipped, ...frames]);
    const cuts = [0, 4, 20, sent.length - 30, sent.length];
    const url = await serve(async (request, response) => {
      await bodyOf(request);
      response.writeHead(200, { "content-type": "text/event-stream", "content-encoding": "zstd" });
      for (let at = 1; at < cuts.length; at++) {
        response.write(sent.subarray(cuts[at - 1], cuts[at]));
        await new Promise<void>((done) => setImmediate(done));
      }
      response.end();
    });
    const together = await streaming("zstd", sent);
    for (const upstream of [url, together.url])
      expect(await (await ask(await gatewayTo(upstream))).text()).toBe(
        created + added + delta("a") + completed,
      );
  });

  it("whose encoding is told in two headers passes as it came", async () => {
    const sent = brotliCompressSync(gzipSync(whole));
    const url = await serve(async (request, response) => {
      await bodyOf(request);
      response.setHeader("content-encoding", ["gzip", "br"]);
      response.writeHead(200, { "content-type": "text/event-stream" }).end(sent);
    });
    expect(await (await ask(await gatewayTo(url))).text()).toBe(whole);
  });

  it("whose bytes are cut shows what came, and that it is cut", async () => {
    const packed = gzipSync(created + added + delta("x".repeat(5_000)) + completed);
    const { url } = await streaming("gzip", packed.subarray(0, packed.length - 24));
    expect(last(await read(await ask(await gatewayTo(url))))).toBe("response.failed");
  });

  it("that isn't compressed at all passes as it is", async () => {
    const { url } = await streaming("gzip", Buffer.from(whole));
    expect(await (await ask(await gatewayTo(url))).text()).toBe(whole);
  });

  it("of bytes that are no such encoding's is a failure of the upstream's, asked about again", async () => {
    const { url, asked } = await streaming("gzip", Buffer.from("\u0001\u0002 garbage"), gzipSync(whole));
    expect(await (await ask(await gatewayTo(url))).text()).toBe(whole);
    expect(asked()).toBe(2);
  });

  it("of which a little makes very much comes whole to a client that reads slowly", async () => {
    const large = created + added + delta("x".repeat(30_000_000)) + completed;
    const { url } = await streaming("gzip", gzipSync(large));
    const gateway = await gatewayTo(url);
    const reader = (await ask(gateway)).body!.getReader();
    await new Promise((done) => setTimeout(done, 100));
    let bytes = 0;
    for (let piece = await reader.read(); !piece.done; piece = await reader.read())
      bytes += piece.value.length;
    expect(bytes).toBe(large.length);
  });
});

describe("a stream that says [DONE] and was not completed", () => {
  it("before output is asked for again", async () => {
    const done = "data: [DONE]\n\n";
    const { url, asked } = await streaming("identity", Buffer.from(done), Buffer.from(whole + done));
    expect(await (await ask(await gatewayTo(url))).text()).toBe(whole + done);
    expect(asked()).toBe(2);
  });

  it("behind output ends with response.failed, and with nothing that a client may take for an end", async () => {
    const cut = Buffer.from(`${created}${added}${delta("a")}data: [DONE]\n\n`);
    const { url } = await streaming("identity", cut);
    const text = await (await ask(await gatewayTo(url))).text();
    expect(text.startsWith(created + added + delta("a"))).toBe(true);
    expect(text).toContain("event: response.failed");
    expect(text).not.toContain("[DONE]");
  });
});
