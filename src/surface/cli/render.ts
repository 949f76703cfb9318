import type { SessionUpdate } from "../../turn/update.ts";

/** Turns what a running session tells into what a command prints. */
export interface Renderer {
  update(update: SessionUpdate): void;
}
