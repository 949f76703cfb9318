import { bytesWords, counted } from "../../lib/words.ts";
import { printable, printableLine } from "../../lib/printable.ts";
import { ownFolder } from "../../lib/system.ts";
import type { Diagnosis } from "../../foreign/codex/diagnose.ts";
import { type Finding, needsRepair } from "../../foreign/codex/findings/finding.ts";
import type { Printed } from "../json/print.ts";
import type { OwnSession } from "./own-findings.ts";
import type { Reference } from "./reference.ts";
import type { Said } from "./whose-error.ts";

type DiagnosisJson = Printed<"doctor">["rollouts"][number];

/** Completes the commands in words with `--home` (`inHome`), so that they work when pasted. */
type Tell = (words: string) => string;

export function diagnosisJson(diagnosis: Diagnosis, reference: Reference, tell: Tell): DiagnosisJson {
  const { path, thread, bytes, version, holder, findings, sealed } = diagnosis;
  return {
    path,
    ...(thread !== undefined && { session: thread }),
    bytes,
    ...(version !== undefined && { version }),
    ...(holder && { holder: { ...holder } }),
    findings: findings.map((finding) => findingJson(finding, () => reference(path, thread), tell)),
    sealed: sealed.map(({ line, in: where, id, sealedAt }) => ({
      line,
      in: where,
      ...(id !== undefined && { id }),
      ...(sealedAt !== undefined && { sealedAt }),
    })),
  };
}

/** A finding as JSON. `reference`: gives the rollout's name for the command that mends it. */
export function findingJson(
  finding: Finding,
  reference: () => string,
  tell: Tell,
): DiagnosisJson["findings"][number] {
  const { kind, severity, title, causes, count, places, detail } = finding;
  const mends = mendsOf(finding, () => repairCommand(reference()));
  return {
    kind,
    severity,
    title,
    causes,
    count,
    places: places.map((place) => ({ ...place })),
    ...(detail !== undefined && { detail: printableLine(detail, 600) }),
    ...(mends !== undefined && { mends: tell(mends) }),
  };
}

/** What mends a finding: a command (`repair` gives that for its rollout), or what a person can do; `undefined` for nothing. */
export function mendsOf({ mends }: Finding, repair: () => string): string | undefined {
  return mends === "repair" ? repair() : mends;
}

export function ownJson({ session, findings }: OwnSession, tell: Tell): OwnSession {
  const told = findings.map(({ title, command, ...finding }) => ({
    ...finding,
    title: tell(title),
    ...(command !== undefined && { command: tell(command) }),
  }));
  return { session, findings: told };
}

export function saidJson(said: Said, tell: Tell): Said {
  const sessions = said.sessions.map((each) => ({ ...each, command: tell(each.command) }));
  return { ...said, youCan: tell(said.youCan), sessions };
}

function repairCommand(reference: string): string {
  return `throughline repair ${reference} --write`;
}

interface Report {
  diagnoses: readonly Diagnosis[];
  own: readonly OwnSession[];
  /** How many of Throughline's own sessions were examined; absent where none were asked for. */
  ownCount?: number;
  unreadable: readonly { path: string; why: string }[];
  said: Said | undefined;
  /** Where rollouts were looked for; absent where only own sessions were asked for. */
  where?: readonly string[];
  /** Whether harmless findings are told, too (`--notes`). */
  notes: boolean;
  reference: Reference;
  tell: Tell;
}

/** What stands before the words of the report's lines: where these are folded, the rows behind the first are as far in. */
export const reportLabel = /^ {2}(?:(?:broken|loss|note) +|→ | {8}(?=\S))|^ {0,2}(?=\S)/u;

/** The report for people: what the pasted message means, a block for each session with findings, and the totals. */
export function doctorText(report: Report): string {
  const { diagnoses, own, ownCount, unreadable, said, where, notes, reference, tell } = report;
  const lines = said ? [...saidLines(said, tell), ""] : [];
  const meant = new Set(said?.sessions.map(({ path }) => path));
  let unsaid = 0;
  for (const diagnosis of diagnoses) {
    // With a pasted message, only the sessions that it is about are told.
    if (said && !meant.has(diagnosis.path)) {
      if (diagnosis.findings.some(needsRepair)) unsaid++;
      continue;
    }
    const told = diagnosis.findings.filter((finding) => notes || needsRepair(finding));
    if (told.length === 0) continue;
    lines.push(headLine(diagnosis), ...told.flatMap((finding) => findingLines(finding)));
    const repair = (): string => repairCommand(reference(diagnosis.path, diagnosis.thread));
    const command = told.flatMap((finding) => mendsOf(finding, repair) ?? []);
    for (const words of new Set(command)) lines.push(`  → ${tell(printableLine(words, 400))}`);
    lines.push("");
  }
  for (const { session, findings } of said ? [] : own) {
    const told = findings.filter(
      (finding) => notes || finding.severity !== "note" || finding.command !== undefined,
    );
    if (told.length === 0) continue;
    lines.push(`${session}  a session of Throughline's own`);
    for (const { severity, title, command } of told) {
      lines.push(`  ${severity.padEnd(6)}  ${tell(printableLine(title, 600))}`);
      if (command !== undefined) lines.push(`  → ${tell(command)}`);
    }
    lines.push("");
  }
  for (const { path, why } of unreadable) lines.push(`${shortPath(path)}: ${printableLine(why, 200)}`);
  if (where) lines.push(sumLine(diagnoses, where, notes));
  if (ownCount !== undefined) lines.push(ownWords(own, ownCount));
  if (unsaid > 0) lines.push(tell("What is wrong with the others: throughline doctor"));
  return printable(`${lines.join("\n")}\n`);
}

function headLine({ path, thread, bytes, version }: Diagnosis): string {
  const facts = [
    bytesWords(bytes),
    ...(version === undefined ? [] : [`Codex ${printableLine(version, 30)}`]),
  ];
  return `${thread ?? "(no id)"}  ${facts.join(" · ")}\n  ${printableLine(shortPath(path), 400)}`;
}

function findingLines({ severity, title, causes, count, places, detail }: Finding): string[] {
  const often = count > 1 ? ` ×${count}` : "";
  const where = places.length > 0 ? ` (${count > 1 ? "from line" : "line"} ${places[0]!.line})` : "";
  const told = detail === undefined ? "" : `: ${printableLine(detail, 160)}`;
  const lines = [`  ${severity.padEnd(6)}  ${title}${often}${where}${told}`];
  if (severity !== "note") lines.push(`          ${causes}`);
  return lines;
}

function ownWords(own: readonly OwnSession[], count: number): string {
  const needing = own.filter(({ findings }) => findings.some(needsRepair)).length;
  return `${counted(count, "session")} of Throughline's own, ${needing === 0 ? "none needs" : `${needing} need${needing === 1 ? "s" : ""}`} a look`;
}

function sumLine(diagnoses: readonly Diagnosis[], where: readonly string[], notes: boolean): string {
  if (diagnoses.length === 0) return `no Codex sessions under ${printableLine(where.join(", "), 200)}`;
  const needing = diagnoses.filter(({ findings }) => findings.some(needsRepair));
  const broken = needing.filter(({ findings }) =>
    findings.some(({ severity }) => severity === "broken"),
  ).length;
  const counts = [
    counted(diagnoses.length, "Codex session"),
    `${broken} broken`,
    `${needing.length - broken} with a loss`,
    `${diagnoses.length - needing.length} fine`,
  ];
  const sealed = diagnoses.filter(({ findings }) =>
    findings.some(({ kind }) => kind === "sealed-reasoning"),
  ).length;
  const more =
    notes || sealed === 0
      ? ""
      : `; ${sealed} ${sealed === 1 ? "holds" : "hold"} sealed reasoning (--notes tells how old)`;
  return `${counts.join(", ")}${more}`;
}

function saidLines({ means, youCan, kinds, names, sessions }: Said, tell: Tell): string[] {
  const lines = [printableLine(means, 400)];
  for (const { path, session, why } of sessions.slice(0, 10))
    lines.push(`  ${session ?? shortPath(path)}: ${why}`);
  if (sessions.length > 10) lines.push(`  and ${sessions.length - 10} more`);
  if (sessions.length === 0 && names !== undefined)
    lines.push(`  It names ${names}, which is none of the sessions that were looked at.`);
  else if (sessions.length === 0 && kinds.length > 0)
    lines.push("  It names no session that was looked at, and none has damage that explains it.");
  return [...lines, `  → ${tell(printableLine(youCan, 300))}`];
}

export function shortPath(path: string): string {
  const home = ownFolder();
  return path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}
