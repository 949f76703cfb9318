import { expect, it } from "vitest";
import { isSecret } from "./secret.ts";

it.each(["sk-1234", "sk-proj-4f9a", "hunter2hunter2", "own-key-of-the-gateway"])("%s is a secret", (key) => {
  expect(isSecret(key)).toBe(true);
});

it.each([undefined, "", "x", "none", "EMPTY", "ollama", "LM-Studio", "not-needed", "sk-no-key-required"])(
  "%s stands in for a key",
  (key) => {
    expect(isSecret(key)).toBe(false);
  },
);
