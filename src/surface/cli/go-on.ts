import { catalogue } from "../../failure/catalogue.ts";
import { entryOf } from "../../lib/table.ts";

/**
 * The command that goes on with a session whose last turn failed: with what the failure's class asks for beside the id (another prompt,
 * another model), since without it the same request would be refused again. `reason`: a failure's class, or any words.
 */
export function goOn(id: string, reason?: string): string {
  const entry = reason === undefined ? undefined : entryOf<{ youCan: string }>(catalogue, reason);
  const [, rest = ""] = /`throughline resume --last([^`]*)`/u.exec(entry?.youCan ?? "") ?? [];
  return `throughline resume ${id}${rest}`;
}
