import { expect, test } from "vitest";
import type { JsonObject } from "../../lib/json.ts";
import { summaryItem } from "../../session/summary-item.ts";
import { markdownItem } from "./markdown.ts";

test("output that holds fences stands in a longer fence, without what a terminal would obey", () => {
  const item = { type: "function_call_output", call_id: "c", output: "```\nx\u001b[31m\n````\n" };
  expect(markdownItem(item)).toContain("`````\n```\nx\n````\n`````\n");
});

test("what the program told the model, and what has no words, is not on the page", () => {
  const message = (role: string, text: string): string =>
    markdownItem({ type: "message", role, content: [{ type: "input_text", text }] });
  expect(message("developer", "be good")).toBe("");
  expect(message("user", " ")).toBe("");
  expect(markdownItem({ type: "reasoning", summary: [{ text: "hm" }] })).toBe("");
  expect(message("user", "please")).toBe("\n## You\n\nplease\n");
});

test("a summary is not told as the person's words", () => {
  const item = JSON.parse(
    new TextDecoder().decode(
      summaryItem({ context: ["be good"], kind: "summary", text: "It stands.", prompt: "please" }),
    ),
  ) as JsonObject;
  const page = markdownItem(item);
  expect(page).toMatch(/^\n## Summary\n\n\[Summary of .*\]\nIt stands\.\n\n\[The person's .*\]\nplease\n$/u);
});

test("code with more fences than a call has room for as arguments has a longer one around it", () => {
  const page = markdownItem({
    type: "custom_tool_call",
    name: "apply_patch",
    input: "```\n".repeat(130_000),
  });
  expect(page.endsWith("\n````\n")).toBe(true);
});
