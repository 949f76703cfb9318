import { basename } from "node:path";
import { catalogue as failures } from "../../failure/catalogue.ts";
import { containsAny } from "../../foreign/codex/rollout/contains.ts";
import type { Diagnosis } from "../../foreign/codex/diagnose.ts";
import { catalogue } from "../../foreign/codex/findings/catalogue.ts";
import { understand, type Understood } from "../../foreign/codex/findings/understand.ts";
import type { Printed } from "../json/print.ts";
import type { Reference } from "./reference.ts";

export type Said = NonNullable<Printed<"doctor">["error"]>;

/** What a pasted message means, and which of the examined rollouts it is about: those that it names, else those with such damage. */
export async function whoseError(
  understood: Understood,
  diagnoses: readonly Diagnosis[],
  { pasted, now, reference }: { pasted: string; now: number; reference: Reference },
): Promise<Said> {
  const { failure, kinds } = understood;
  const { means, youCan } = toldOf(understood, pasted);
  const sessions = await sessionsOf(understood, diagnoses, { now, reference });
  const mended = kinds.some((kind) => catalogue[kind].mends === "repair");
  const other = kinds
    .map((kind) => catalogue[kind].mends)
    .find((words) => words !== "repair" && words !== undefined);
  return {
    ...(failure && { class: failure.class }),
    means,
    youCan: mended
      ? (sessions[0]?.command ?? "throughline repair, with the session's id, shows what it would change")
      : (other ?? youCan),
    kinds: [...kinds],
    sessions,
  };
}

/** What a pasted message means and what the person can do, whichever session it is about. */
export function toldOf(
  { failure, means = "", youCan }: Understood,
  pasted: string,
): { means: string; youCan: string } {
  if (!failure) return { means, youCan: youCan ?? "try again" };
  const entry = failures[failure.class];
  return {
    means: asPasted(failure.message.replace(` Next: ${entry.youCan}.`, ""), pasted),
    youCan: youCan ?? codexWords(entry.youCan),
  };
}

/** A pasted message without a status is classified as HTTP 400; that status isn't repeated to a person who never saw it. */
function asPasted(message: string, pasted: string): string {
  return pasted.includes("400") ? message : message.replace(", HTTP 400", "");
}

/** Advice worded for Throughline's own sessions, with Codex's commands instead. */
function codexWords(youCan: string): string {
  return youCan
    .replaceAll("`throughline resume --last", "`codex resume --last")
    .replaceAll("--provider NAME", "-c model_provider=NAME")
    .replace("`--effort`", "`-c model_reasoning_effort=…`")
    .replace(", or let it wait with `--wait`", "")
    .replaceAll("`throughline show SESSION`", "`throughline doctor SESSION`");
}

async function sessionsOf(
  { named, kinds, failure }: Understood,
  diagnoses: readonly Diagnosis[],
  { now, reference }: { now: number; reference: Reference },
): Promise<Said["sessions"]> {
  const tell = ({ path, thread }: Diagnosis, why: string, how = ""): Said["sessions"][number] => ({
    path,
    ...(thread !== undefined && { session: thread }),
    why,
    command: `throughline repair ${reference(path, thread)}${how}`,
  });
  // A thread may have several files, of which a name means one.
  const byFile = diagnoses.filter(({ path }) => basename(path) === named.file);
  const byName =
    byFile.length > 0
      ? byFile
      : diagnoses.filter(
          ({ path, thread }) =>
            named.thread !== undefined && (thread === named.thread || path.includes(named.thread)),
        );
  if (byName.length > 0) return byName.map((diagnosis) => tell(diagnosis, "the message names it"));
  const seals = diagnoses.filter(({ sealed }) =>
    sealed.some(({ id, tail }) =>
      named.marks.some((mark) => mark === id || (mark.length >= 4 && tail.endsWith(mark))),
    ),
  );
  if (seals.length > 0)
    return seals.map((diagnosis) => {
      // Up to 0.133 at least no line says why a turn failed, and a plain repair leaves what isn't known to be refused.
      const isTold = diagnosis.findings.some(({ kind }) => kinds.includes(kind));
      return tell(diagnosis, "what the message names is sealed in it", isTold ? "" : " --sealed");
    });
  const marks = named.marks.filter((mark) => mark.length > 8);
  const readable = diagnoses.filter(({ findings }) => findings.every(({ kind }) => kind !== "unreadable"));
  const holding: Diagnosis[] = [];
  for (const diagnosis of readable) if (await containsAny(diagnosis.path, marks)) holding.push(diagnosis);
  if (holding.length > 0)
    return holding.map((diagnosis) => tell(diagnosis, "what the message names stands in it"));
  // Two messages that nobody knows have nothing in common but that.
  const isKnown = failure !== undefined && failure.class !== "unknown-provider-failure";
  const failed = diagnoses.filter(
    ({ error }) => isKnown && error !== undefined && understand(error, now).failure?.class === failure.class,
  );
  if (failed.length > 0) return failed.map((diagnosis) => tell(diagnosis, "its last turn ended with it"));
  const damaged = diagnoses.filter(({ findings }) => findings.some(({ kind }) => kinds.includes(kind)));
  return damaged.map((diagnosis) => {
    const { title } = diagnosis.findings.find((finding) => kinds.includes(finding.kind))!;
    return tell(diagnosis, `in it: ${title}`);
  });
}
