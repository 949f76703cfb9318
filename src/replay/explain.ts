import type { ItemRecord } from "../session/event.ts";
import { isFurtherOutput } from "../session/item.ts";
import { isSealedSummary } from "../session/seal.ts";
import { callIdRule } from "./call-ids.ts";
import type { Directives } from "./directives.ts";
import { flag } from "./flag.ts";
import { type ReplayEntry, type ReplayRule, ruleWords } from "./report.ts";

/** What a report says of one item: the rule by which it is left out, or what its flags say is changed. */
export function explain(
  record: ItemRecord,
  flags: number,
  omitted: ReplayRule | undefined,
  directives: Directives,
): ReplayEntry[] {
  const applied: ReplayRule[] = omitted ? [omitted] : [];
  const isSet = (bits: number): boolean => (flags & bits) !== 0;
  const { kind, name } = record.event;
  if (isSet(flag.note)) applied.push(isFurtherOutput(kind, name) ? "output-again" : "output-without-call");
  if (isSet(flag.told) && isSealedSummary(kind)) applied.push("quarantined");
  else if (isSet(flag.told)) applied.push(directives.wordsRule(record) ?? "item-refused");
  if (isSet(flag.answered)) applied.push("call-without-output");
  if (isSet(flag.renamed)) applied.push(callIdRule(record, directives.contract));
  if (isSet(flag.wordless)) applied.push("reasoning-words");
  if (isSet(flag.unsigned)) applied.push("signature-foreign");
  if (isSet(flag.recast)) applied.push("role-unknown");
  if (isSet(flag.placeheld)) applied.push(directives.mediaRule(record) ?? "media-too-many");
  if (isSet(flag.trimmed)) applied.push("media-too-large");
  if (isSet(flag.unsealed)) applied.push("seal-within");
  if (isSet(flag.shortened)) applied.push("output-shortened");
  return applied.map((rule) => ({ seq: record.event.seq, rule, why: ruleWords[rule] }));
}
