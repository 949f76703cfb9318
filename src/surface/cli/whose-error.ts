import { basename } from "node:path";
import { adviceWords, resumeArguments, type Wording } from "../../failure/advice.ts";
import { catalogue as failures } from "../../failure/catalogue.ts";
import { withoutAdvice } from "../../failure/message.ts";
import { containsAny } from "../../foreign/codex/rollout/bytes/contains.ts";
import type { Diagnosis } from "../../foreign/codex/diagnose.ts";
import { catalogue } from "../../foreign/codex/findings/catalogue.ts";
import type { Finding } from "../../foreign/codex/findings/finding.ts";
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
  const { failure, kinds, named } = understood;
  const sessions = await sessionsOf(understood, diagnoses, { now, reference });
  const [first, ...more] = sessions;
  const id = more.length === 0 ? first?.session : undefined;
  const { means, youCan } = toldOf(understood, pasted, id);
  const told = isMended(understood) ? (first?.command ?? findFirst(named.thread)) : youCan;
  return {
    ...(failure && { class: failure.class }),
    means,
    youCan: id === undefined ? told : withId(told, id),
    kinds: [...kinds],
    ...(named.thread !== undefined && { names: named.thread }),
    sessions,
  };
}

const findFirst = (thread: string | undefined): string =>
  thread === undefined
    ? "throughline repair, with the session's id and the same --error, shows what it would change"
    : `find its file (rollout-…-${thread}.jsonl): under another CODEX_HOME, on another machine, in a backup; then throughline repair, with its path`;

/** Whether a repair of a rollout mends what the message is about. */
export const isMended = ({ kinds }: Understood): boolean =>
  kinds.some((kind) => catalogue[kind].mends === "repair");

/** The advice with the one session that it is about. */
const withId = (youCan: string, id: string): string =>
  youCan
    .replace(/((?:throughline|codex) \w+), with (?:the session's|its) id/u, `$1 ${id}`)
    .replaceAll("codex resume --last", `codex resume ${id}`);

/** What a pasted message means and what the person can do where no repair helps, whichever session it is about. */
export function toldOf(
  { failure, means = "", youCan, kinds }: Understood,
  pasted: string,
  session?: string,
): { means: string; youCan: string } {
  const mends = kinds.map((kind) => catalogue[kind].mends).find((words) => words !== undefined);
  if (!failure) return { means, youCan: youCan ?? mends ?? "try again" };
  return {
    means: asPasted(withoutAdvice(failure.message), pasted),
    youCan: youCan ?? adviceWords(failures[failure.class].youCan, codexWording(session)),
  };
}

/** A pasted message without a status is classified as HTTP 400; that status isn't repeated to a person who never saw it. */
function asPasted(message: string, pasted: string): string {
  return pasted.includes("400") ? message : message.replace(", HTTP 400", "");
}

/** The steps of an advice for somebody at Codex. */
function codexWording(session?: string): Wording {
  const resume = (words: string): string => `\`codex resume ${session ?? "--last"}${words}\``;
  return {
    "go-on": `go on with ${resume("")}`,
    "other-words": `: ${resume(resumeArguments["other-words"])}`,
    continue: `go on with ${resume(resumeArguments.continue)}`,
    "other-model": resume(resumeArguments["other-model"]),
    "other-provider": resume(" -c model_provider=NAME"),
    // Codex has no such thing.
    wait: "",
    settings: "`-c model_reasoning_effort=…`, `--model`",
    "earlier-step": "Esc twice",
    look: `\`throughline doctor ${session ?? "SESSION"}\``,
    "begin-anew": "`codex`",
  };
}

/** The rollouts that the message names, else those with what it names in them, else those that ended with it or have such damage. */
async function sessionsOf(
  understood: Understood,
  diagnoses: readonly Diagnosis[],
  { now, reference }: { now: number; reference: Reference },
): Promise<Said["sessions"]> {
  const { named, kinds, failure, means } = understood;
  const tell = (why: string, meant: readonly Diagnosis[]): Said["sessions"] =>
    // The newest first.
    meant.toReversed().map((diagnosis) => ({
      path: diagnosis.path,
      ...(diagnosis.thread !== undefined && { session: diagnosis.thread }),
      why: isExplained(diagnosis, understood) ? why : `${why}, but no damage in it explains the message`,
      command: commandFor(diagnosis, understood, reference),
    }));
  const marks = named.marks.filter((mark) => mark.length > 8);
  const ids = named.thread === undefined ? marks : [named.thread];
  // A thread may have several files, of which a name means one.
  const byFile = diagnoses.filter(({ path }) => basename(path) === named.file);
  const byName =
    byFile.length > 0
      ? byFile
      : diagnoses.filter(({ path, thread }) => ids.some((id) => thread === id || path.includes(id)));
  if (byName.length > 0) return tell("the message names it", byName);
  if (named.thread !== undefined) return [];
  const seals = diagnoses.filter(({ sealed }) =>
    sealed.some(({ id, tail }) =>
      named.marks.some((mark) => mark === id || (mark.length >= 4 && tail.endsWith(mark))),
    ),
  );
  if (seals.length > 0) return tell("what the message names is sealed in it", seals);
  const readable = diagnoses.filter(({ findings }) => findings.every(({ kind }) => kind !== "unreadable"));
  const holding: Diagnosis[] = [];
  for (const diagnosis of readable) if (await containsAny(diagnosis.path, marks)) holding.push(diagnosis);
  if (holding.length > 0) return tell("what the message names stands in it", holding);
  // Two messages that nobody knows have nothing in common but that.
  const isKnown = failure ? failure.class !== "unknown-provider-failure" : kinds.length > 0;
  const isIt = (error: string): boolean => {
    const said = understand(error, now);
    return said.failure?.class === failure?.class && said.means === means;
  };
  const failed = diagnoses.filter(({ error }) => isKnown && error !== undefined && isIt(error));
  if (failed.length > 0) return tell("its last turn ended with it", failed);
  const damaged = diagnoses.filter((diagnosis) => damageOf(diagnosis, kinds));
  return damaged
    .toReversed()
    .flatMap((diagnosis) => tell(`in it: ${damageOf(diagnosis, kinds)?.title}`, [diagnosis]));
}

const damageOf = ({ findings }: Diagnosis, kinds: Understood["kinds"]): Finding | undefined =>
  findings.find(({ kind }) => kinds.includes(kind));

/** Whether the session holds what the message is about, where that is damage, or sealed content that may be dead. */
const isExplained = (diagnosis: Diagnosis, { kinds, seals }: Understood): boolean =>
  kinds.length === 0 ||
  damageOf(diagnosis, kinds) !== undefined ||
  (seals && diagnosis.sealed.length > 0) === true;

/** What to try next with a session that the message is about. */
function commandFor(diagnosis: Diagnosis, understood: Understood, reference: Reference): string {
  const { path, thread } = diagnosis;
  const { kinds } = understood;
  const word = reference(path, thread);
  const damage = damageOf(diagnosis, kinds);
  // Once the Codex that has it open is closed, it goes on in Codex; taken over here it would go on twice.
  if (kinds.length === 0 || damage?.kind === "live") return `codex resume ${thread ?? word}`;
  const isWhole = damage !== undefined && catalogue[damage.kind].mends === undefined;
  if (isWhole || !isExplained(diagnosis, understood)) return `throughline resume ${word}`;
  // Up to 0.133 at least no line says why a turn failed, and a plain repair leaves what isn't known to be refused.
  return `throughline repair ${word}${damage ? "" : " --sealed"}`;
}
