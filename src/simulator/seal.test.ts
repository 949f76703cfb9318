import { describe, expect, it } from "vitest";
import { accountOf, fernetKey, fernetOpen, fernetSeal, SealKeys } from "./seal.ts";

// https://github.com/fernet/spec: generate.json and verify.json
const key = fernetKey("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=");
const token =
  "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";

describe("Fernet", () => {
  it("makes the token of the specification's vector", () => {
    const iv = Uint8Array.from({ length: 16 }, (_, at) => at);
    expect(fernetSeal(key, "hello", Date.parse("1985-10-26T01:20:00-07:00"), iv)).toBe(token);
  });

  it("opens the token of the specification's vector", () => {
    expect(fernetOpen(key, token)).toBe("hello");
  });

  it("opens nothing that was changed, cut, or is no token", () => {
    const bytes = Buffer.from(token, "base64url");
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      expect(fernetOpen(key, changed.toString("base64url"))).toBeUndefined();
    }
    for (const wrong of ["", "gAAA", "gAAA...c90=", token.slice(0, -4), `${token.slice(0, 40)}…`]) {
      expect(fernetOpen(key, wrong)).toBeUndefined();
    }
  });

  it("keeps text of any length and script", () => {
    for (const text of ["", "x".repeat(15), "x".repeat(16), "Überlegung ✓ 🧠".repeat(999)]) {
      expect(fernetOpen(key, fernetSeal(key, text, 0))).toBe(text);
    }
  });
});

describe("seal keys", () => {
  it("open what another process with the same seed sealed", () => {
    const blob = new SealKeys("seed").seal("a", "thought", 0);
    expect(new SealKeys("seed").open("a", blob)).toBe("thought");
    expect(new SealKeys("other").open("a", blob)).toBeUndefined();
  });

  it("end without padding, so that their last four letters are one of millions, whatever the text's length", () => {
    const keys = new SealKeys("seed");
    const texts = Array.from({ length: 100 }, (_, length) => "✓".repeat(length));
    const blobs = texts.map((text) => keys.seal("a", text, 0));
    expect(blobs.map((blob) => keys.open("a", blob))).toEqual(texts);
    expect(blobs.filter((blob) => blob.endsWith("="))).toEqual([]);
  });

  it("do not open what was sealed for another account", () => {
    const keys = new SealKeys("seed");
    expect(keys.open(accountOf("key-2"), keys.seal(accountOf("key-1"), "thought", 0))).toBeUndefined();
  });

  it("do not open what was sealed before a rotation, unless earlier keys are accepted", () => {
    const strict = new SealKeys("seed");
    const blob = strict.seal("a", "thought", 0);
    strict.rotate();
    expect(strict.open("a", blob)).toBeUndefined();
    const lenient = new SealKeys("seed", { generation: 1, accepted: 1 });
    expect(lenient.open("a", blob)).toBe("thought");
    lenient.rotate();
    expect(lenient.open("a", blob)).toBeUndefined();
  });
});
