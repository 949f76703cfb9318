import { describe, expect, it } from "vitest";
import { isFailureOf } from "../../failure.ts";
import { wrapperPath } from "./wrapper-process.ts";

describe("where the wrapper is", () => {
  it("is beside the file that starts it", () => {
    expect(wrapperPath(new URL("wrapper-process.ts", import.meta.url).href)).toMatch(/wrapper\.ts$/u);
  });

  it.each([["file:///nowhere/bundle.js"], [undefined]])(
    "is told to whoever bundled the library away from it (%s), not to the model alone",
    (here) => {
      let thrown: unknown;
      try {
        wrapperPath(here);
      } catch (error) {
        thrown = error;
      }
      expect(isFailureOf(thrown, "configuration") && thrown.message).toContain("throughline was bundled");
    },
  );
});
