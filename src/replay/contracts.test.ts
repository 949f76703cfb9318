import { describe, expect, it } from "vitest";
import { isFailureOf } from "../failure.ts";
import { contractFor, contractNamed, contracts } from "./contracts.ts";

describe("the contract of a backend", () => {
  it.each([
    ["https://api.openai.com/v1", "openai"],
    ["https://chatgpt.com/backend-api/codex", "codex"],
    ["https://mine.openai.azure.com/openai/v1", "azure"],
    ["https://mine.services.ai.azure.com/openai/v1", "azure"],
    ["https://api.x.ai/v1", "xai"],
    ["https://api.business.githubcopilot.com", "copilot"],
    ["http://127.0.0.1:8080/v1", "openai"],
    ["https://openai.azure.com.evil.example/v1", "openai"],
    ["https://notx.ai/v1", "openai"],
  ])("for %s is %s", (baseUrl, name) => {
    expect(contractFor({ baseUrl }).name).toBe(name);
  });

  it.each([
    ["chat", "https://api.openai.com/v1", "chat"],
    ["chat", "https://api.deepseek.com", "deepseek"],
    ["chat", "https://generativelanguage.googleapis.com/v1beta/openai", "gemini"],
    ["chat", "https://api.moonshot.ai/v1", "kimi"],
    ["chat", "https://api.x.ai/v1", "chat"],
    ["chat", "http://127.0.0.1:8080/v1", "chat"],
    ["anthropic", "https://api.anthropic.com", "anthropic"],
    ["anthropic", "https://api.deepseek.com/anthropic", "anthropic"],
    ["responses", "https://api.deepseek.com", "openai"],
  ] as const)("of a provider of kind %s for %s is %s", (kind, baseUrl, name) => {
    expect(contractFor({ kind, baseUrl }).name).toBe(name);
  });

  it("is the one that the configuration names, before all else", () => {
    expect(contractFor({ baseUrl: "https://api.openai.com/v1", contract: "proxy" }).name).toBe("proxy");
  });

  it("of a provider that is to keep the responses is OpenAI's own, and no other's", () => {
    const stored = { baseUrl: "https://api.openai.com/v1", store: true };
    expect(contractFor(stored).name).toBe("openai-stored");
    expect(contractFor({ ...stored, contract: "openai-stored" }).name).toBe("openai-stored");
    expect(contractFor({ ...stored, store: false }).name).toBe("openai");
    for (const other of [
      { baseUrl: "https://api.x.ai/v1" },
      { baseUrl: "https://api.openai.com/v1", kind: "chat" },
      { baseUrl: "https://api.openai.com/v1", contract: "proxy" },
    ])
      expect(() => contractFor({ ...other, store: true })).toThrow("store = true");
  });

  it("that nobody knows is a fault of the configuration, which lists those that there are", () => {
    try {
      contractNamed("toString");
      expect.unreachable();
    } catch (error) {
      expect(isFailureOf(error, "configuration") && error.message).toContain("proxy");
    }
  });

  it("is filed under its own name", () => {
    for (const [name, contract] of Object.entries(contracts)) expect(contract.name).toBe(name);
  });
});
