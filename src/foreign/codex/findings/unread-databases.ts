import type { CodexDatabases } from "../home/databases.ts";
import { type Finding, finding } from "./finding.ts";

/** What is wrong with Codex's databases themselves, as far as they were asked: what they say of a rollout isn't known then. */
export const unreadDatabases = ({ troubles }: CodexDatabases): Finding[] =>
  [...troubles].map(([path, why]) => finding("state-unreadable", [], { detail: `${path}: ${why}` }));
