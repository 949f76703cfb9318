import type { SimulatedWire } from "./wire.ts";
import { anthropic } from "./anthropic/wire.ts";
import { chat } from "./chat/wire.ts";
import { responses } from "./responses/wire.ts";

/** The APIs that a simulator can be, by the names that `simulate --wire` takes. */
export const wires = {
  responses,
  chat,
  anthropic,
} as const satisfies Record<string, SimulatedWire>;

/** The name of an API that a simulator can be. */
export type WireName = keyof typeof wires;
/** All of them, the Responses API first. */
export const wireNames = Object.keys(wires) as WireName[];
