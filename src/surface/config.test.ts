import { expect, it } from "vitest";
import { isFailureOf } from "../failure.ts";
import { readConfig } from "./config.ts";

it.each(["OPENAI_BASE_URL", "ANTHROPIC_BASE_URL"])(
  "%s that is no URL is a mistake of the configuration",
  (variable) => {
    const read = (value: string) => () => readConfig({ home: "/nowhere" }, { [variable]: value }, "/");
    expect(read("https://example.com/v1")).not.toThrow();
    for (const wrong of ["api.example.com", "ftp://example.com", "http://"])
      expect(read(wrong)).toThrow(expect.toSatisfy((error) => isFailureOf(error, "configuration")));
  },
);
