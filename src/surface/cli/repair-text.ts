import { join } from "node:path";
import { formatTime } from "../../lib/date.ts";
import { counted, quoted } from "../../lib/words.ts";
import { printable, printableLine } from "../../lib/printable.ts";
import { sizeIfSeen } from "../../lib/system.ts";
import { entryOf } from "../../lib/table.ts";
import { catalogue } from "../../foreign/codex/findings/catalogue.ts";
import type { Finding } from "../../foreign/codex/findings/finding.ts";
import { homeOf } from "../../foreign/codex/home/places.ts";
import { rightPlace } from "../../foreign/codex/home/misfits.ts";
import { isHistoryWrong } from "../../foreign/codex/repair/database-changes.ts";
import type { PreparedRepair } from "../../foreign/codex/repair/prepare.ts";
import type { CompletedRepair } from "../../foreign/codex/repair/carry-out.ts";
import type { RepairChanges, ShownEdit } from "../../foreign/codex/repair/repair-changes.ts";
import { mendsOf } from "./doctor-text.ts";

const widest = 100;

/** A repair as a diff: for each edit what stands in the file and what takes its place. */
export function previewText(prepared: PreparedRepair): string {
  const { path, changes, bytes, forgetsIndex, movedFrom, provider, firstPrompt, packed } = prepared;
  const lines = [`--- ${printableLine(path, 400)}`];
  if (packed) lines.push("The file is compressed; it is unpacked for this, as Codex does on resume.");
  if (packed?.broken !== undefined)
    lines.push(
      `Of it ${counted(bytes.before, "byte")} can be unpacked, and not the rest: ${printableLine(packed.broken, 200)}.`,
    );
  for (const [kind, { count, first }] of Object.entries(changes.kinds)) {
    lines.push(`@@ ${titleOf(kind)}: ${counted(count, "change")} @@`);
    for (const edit of first) lines.push(...editLines(edit));
    if (count > first.length) lines.push(`  … and ${count - first.length} more of the kind`);
  }
  lines.push(
    changes.sameOffsets
      ? `Every line keeps its place; the file keeps its ${bytes.before} bytes.`
      : `The file becomes ${bytes.after} bytes, from ${bytes.before}.`,
  );
  if (forgetsIndex)
    lines.push("Codex's history index of the session is removed; Codex builds it anew on the next resume.");
  const place = movedFrom && rightPlace(movedFrom, path);
  if (movedFrom && place?.path !== movedFrom.path)
    lines.push(`Codex's state database names this file again, not ${printableLine(movedFrom.path, 300)}.`);
  if (isHistoryWrong(prepared))
    lines.push("Codex's state database says again that the session has ordinals.");
  if (provider !== undefined)
    lines.push(`Codex's state database names ${printableLine(provider, 80)} as the session's provider.`);
  if (firstPrompt)
    lines.push(
      `Codex's state database has the session's first prompt, so that its lists show it: ${printableLine(firstPrompt.prompt, 80)}`,
    );
  if (movedFrom?.archivedAt !== undefined && place?.archivedAt === undefined)
    lines.push("Codex's state database no longer says that the session is archived.");
  for (const left of prepared.after) lines.push(leftLine(left).trim());
  lines.push(...goneLines(changes));
  if (changes.kinds["seal-refused"])
    lines.push("Sealed reasoning is no part of what was said; to leave it where it is: --keep-sealed");
  return printable(`${lines.join("\n")}\n`);
}

/** Words with the command that writes the repair. `chosen`: the options by which its sealed content was chosen. */
export function nextText(reference: string, chosen: readonly string[]): string {
  const words = [reference, ...chosen].map(quoted).join(" ");
  return printable(`Nothing was changed. To do it, with a backup: throughline repair ${words} --write\n`);
}

/** The diff lines of one edit. */
function editLines({ at, length, had, becomes, begins, line, says }: ShownEdit): string[] {
  const text = (bytes: Uint8Array): string =>
    printableLine(Buffer.from(bytes).toString("utf8", 0, 2 * widest), widest);
  const lines = [`  line ${line}, byte ${at}: ${says}`];
  if (text(had) !== "") lines.push(`- ${text(had)}`);
  if (text(begins) !== "") lines.push(`+ ${text(begins)}`);
  else if (text(had) !== "" && becomes > 0) lines.push(`+ (${counted(length, "space")})`);
  return lines;
}

export function doneText(
  { journal, folder, path, plan }: CompletedRepair,
  reference: string,
  left: readonly Finding[],
  transcript?: string,
): string {
  const { thread, mended, state } = journal;
  const lines: string[] = [];
  if (state === "undone") {
    const since = sizeIfSeen(path) > journal.before.bytes ? "; what Codex has written since stays" : "";
    lines.push(
      `${path} is as it was before the repair of ${formatTime(journal.at)}${since}`,
      `What is wrong with it: throughline doctor ${reference}`,
    );
  } else {
    lines.push(`${path} is repaired: ${mendedWords(mended)}`);
    const gone = plan ? goneLines(plan.changes) : [];
    if (gone.length > 0) lines.push(...gone);
    else if (mended["seal-refused"])
      lines.push("Sealed reasoning is no part of what was said: all of that stays");
    if (journal.forgotIndex)
      lines.push("Codex builds its history index of the session anew on the next resume");
    if (journal.packed) lines.push(`It was compressed, and is unpacked now, as after a resume in Codex`);
    lines.push(`The file as it was: ${folder.path}`, `Take it back: throughline repair ${reference} --undo`);
  }
  for (const finding of left) lines.push(leftLine(finding));
  if (transcript !== undefined) lines.push(`What was said, for people: ${transcript}`);
  if (state === "done" && left.length === 0 && thread !== undefined)
    lines.push(
      `Go on: ${plan?.isOld === true ? `throughline resume ${reference}` : goOn(path, thread, reference)}`,
    );
  return printable(`${lines.join("\n")}\n`);
}

/** How to go on with the session in Codex, which resumes no archived one and knows only those of its own home. */
function goOn(path: string, thread: string, reference: string): string {
  const home = homeOf(path);
  const codex = reference === thread || home === undefined ? "codex" : `CODEX_HOME=${quoted(home)} codex`;
  const isArchived = home !== undefined && path.startsWith(join(home, "archived_sessions"));
  return `${isArchived ? `${codex} unarchive ${thread}, then ` : ""}${codex} resume ${thread}`;
}

/** `thread`: without one there is nothing by which the session can be gone on with. */
export function leftText(path: string, left: readonly Finding[], thread: string | undefined): string {
  const lines = [`${path} can't be repaired any further; nothing was changed`, ...left.map(leftLine)];
  if (thread !== undefined && left.some(({ mends }) => mends === "repair"))
    lines.push(`Go on with what can be read of it: throughline resume ${quoted(path)}`);
  return printable(`${lines.join("\n")}\n`);
}

/** Words for a rollout that needs no repair. `reference`: what the person called it. */
export function nothingText(path: string, reference: string): string {
  const word = quoted(reference);
  return printable(
    `There is nothing to repair in ${path}. What is to be known of it: throughline doctor ${word}\nIf a provider refuses its sealed reasoning all the same: throughline repair ${word} --sealed\n`,
  );
}

function leftLine(finding: Finding): string {
  const { title, count, detail } = finding;
  const often = count > 1 ? ` ×${count}` : "";
  const told = detail === undefined ? "" : `: ${printableLine(detail, 160)}`;
  const mends = mendsOf(finding, () => "");
  return `  stays: ${title}${often}${told}${mends === undefined || mends === "" ? "" : `; ${printableLine(mends, 400)}`}`;
}

/** What the session goes on without: one line, where that is more than reasoning. */
function goneLines({ gone }: RepairChanges): string[] {
  const words = timesWords(Object.entries(gone));
  return words === "" ? [] : [`The session goes on without ${words}.`];
}

function mendedWords(mended: Readonly<Record<string, number>>): string {
  const words = timesWords(Object.entries(mended).map(([kind, count]) => [titleOf(kind), count]));
  return words === "" ? "Codex's databases fit it again" : words;
}

const timesWords = (counts: readonly (readonly [string, number])[]): string =>
  counts.map(([what, count]) => `${count} × ${what}`).join("; ");

function titleOf(kind: string): string {
  if (kind === "seal-refused") return "sealed content";
  return entryOf<{ title: string }>(catalogue, kind)?.title ?? kind;
}
