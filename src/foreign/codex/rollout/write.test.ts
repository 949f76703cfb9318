import { expect, test } from "vitest";
import { RolloutWriter } from "./write.ts";

const context = "<environment_context>\n<cwd>/w</cwd>\n</environment_context>";
const said = (...texts: string[]): object => ({
  type: "message",
  role: "user",
  content: texts.map((text) => ({ type: "input_text", text })),
});

test("what the person said goes along where Codex's own words stand beside it, and those alone stay behind", () => {
  const writer = new RolloutWriter();
  expect(writer.item({ ...said(context, "and on") }, 0)).toContain("and on");
  expect(writer.item({ ...said(context) }, 0)).toBe("");
  expect(writer.left).toBe(1);
});

test("a call keeps the namespace of its tool", () => {
  const call = { type: "custom_tool_call", call_id: "a", name: "exec", namespace: "box", input: "x" };
  expect(new RolloutWriter().item(call, 0)).toContain('"namespace":"box"');
});
