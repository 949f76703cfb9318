import { describe, expect, it } from "vitest";
import { endsAlike, sealAge } from "./seal.ts";

describe("a sealed blob", () => {
  it("is told by its tail, as far as the error quotes it", () => {
    expect(endsAlike("abcdefghijklmn==", "mn==")).toBe(true);
    expect(endsAlike("mn==", "abcdefghijklmn==")).toBe(true);
    expect(endsAlike("abcdefghijklmn==", "mm==")).toBe(false);
    expect(endsAlike("abc", "")).toBe(false);
  });

  it("is never sealed in the future", () => {
    expect(sealAge(10, 12_500)).toBe(2_500);
    expect(sealAge(10, 9_000)).toBe(0);
  });
});
