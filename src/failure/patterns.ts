import type { Pattern } from "./pattern.ts";
import { sealed } from "./patterns/sealed.ts";

/** In order of precedence; the first that fits decides. */
export const patterns: readonly Pattern[] = [...sealed];
