import { expect, it } from "vitest";
import { linesIn } from "../bytes/lines.ts";
import { readRecord } from "../record/record.ts";
import { toldMessage } from "./told-message.ts";

it("an answer that is put together from its event has no id: it would name reasoning that may be gone, too", () => {
  const item = {
    type: "AgentMessage",
    id: "msg_1",
    content: [{ type: "Text", text: "Done." }],
    phase: "final_answer",
  };
  const event = {
    timestamp: "2026-11-22T22:22:15.716Z",
    ordinal: 21,
    type: "event_msg",
    payload: { type: "item_completed", item },
  };
  const told = readRecord(linesIn(Buffer.from(`${JSON.stringify(event)}\n`))[0]!);
  expect(told.readable && toldMessage("assistant", told.payload)).toEqual({
    type: "message",
    role: "assistant",
    content: [{ type: "output_text", text: "Done." }],
    phase: "final_answer",
  });
});

it("a phase that Codex doesn't know is left out: it would pass over the message with it", () => {
  expect(toldMessage("assistant", { message: "Done.", phase: "final" })).not.toHaveProperty("phase");
});
