import { describe, expect, it } from "vitest";
import { storeConformance } from "../conformance.ts";
import { memoryStore } from "./memory-store.ts";

storeConformance("the memory store", () => memoryStore({ version: "0" }), { describe, it, expect });
