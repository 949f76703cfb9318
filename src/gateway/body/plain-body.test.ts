import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { plainBody } from "./plain-body.ts";

const text = "A body, 北京. ".repeat(20);
const limit = 1_000_000;
const plain = (bytes: Buffer, encoding: string, most = limit): string | undefined =>
  plainBody(bytes, encoding, most)?.toString();

describe("a body without its encoding", () => {
  it("is the same whatever deflate means, and of several encodings", () => {
    for (const bytes of [deflateSync(text), deflateRawSync(text)]) expect(plain(bytes, "deflate")).toBe(text);
    expect(plain(zstdCompressSync(gzipSync(text)), " gzip, ZSTD")).toBe(text);
  });

  it("is as it is where the encoding is none", () => {
    for (const encoding of ["", "identity", "none", "utf-8", " UTF8 , identity"])
      expect(plain(Buffer.from(text), encoding)).toBe(text);
    expect(plain(Buffer.from(text), "x-own")).toBeUndefined();
  });

  it("is all of its zstd frames, also behind one that says nothing", () => {
    const skipped = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 9]);
    const frames = [skipped, zstdCompressSync(text.slice(0, 9)), zstdCompressSync(text.slice(9))];
    expect(plain(Buffer.concat(frames), "zstd")).toBe(text);
    expect(plain(Buffer.concat([...frames, Buffer.from("no frame")]), "zstd")).toBeUndefined();
  });

  it("isn't decoded beyond the limit, in one frame or in many", () => {
    const frame = zstdCompressSync(Buffer.alloc(1_000));
    expect(plain(Buffer.concat([frame, frame]), "zstd", 2_000)).toHaveLength(2_000);
    expect(plain(Buffer.concat([frame, frame, frame]), "zstd", 2_000)).toBeUndefined();
  });
});
