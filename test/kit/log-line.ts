import type { BodyRef, SessionEvent } from "../../src/session/event.ts";
import { LineBuffer } from "../../src/store/line.ts";

/** A line of a log as a store writes it, newline included, and where its item lies in it. */
export function encodeLine(event: SessionEvent, item?: Uint8Array): { bytes: Buffer; body?: BodyRef } {
  const lines = new LineBuffer();
  const { body } = lines.add(event, item);
  return { bytes: lines.bytes(), ...(body && { body }) };
}
