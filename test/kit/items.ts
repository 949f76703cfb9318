// Items of a history as a model, its tools and a person leave them.
import { sealedBlob } from "../property/written-log.ts";

export const reasoning = (id: string, more: object = {}): object => ({
  type: "reasoning",
  id,
  summary: [],
  encrypted_content: sealedBlob(100, id),
  ...more,
});

/** What a model thought in plain words. */
export const thoughts = [{ type: "reasoning_text", text: "I think" }];

export const call = (id: string, more: object = {}): object => ({
  type: "function_call",
  id: `fc_${id}`,
  call_id: id,
  name: "shell",
  arguments: '{"command":"ls"}',
  ...more,
});

export const output = (id: string): object => ({
  type: "function_call_output",
  call_id: id,
  output: `out ${id}`,
});

export const answer = (id: string): object => ({
  type: "message",
  id,
  role: "assistant",
  content: [{ type: "output_text", text: id }],
});

export const prompt = (text = "go", ...parts: object[]): object => ({
  type: "message",
  role: "user",
  content: [{ type: "input_text", text }, ...parts],
});
