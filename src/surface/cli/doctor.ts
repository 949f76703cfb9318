import { existsSync, realpathSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { codexHome, listRollouts } from "../../foreign/codex/home/places.ts";
import { diagnose, type Diagnosis } from "../../foreign/codex/diagnose.ts";
import { needsRepair } from "../../foreign/codex/findings/finding.ts";
import { sizeIfSeen } from "../../lib/system.ts";
import { understand } from "../../foreign/codex/findings/understand.ts";
import { openStore } from "../config.ts";
import { printJson } from "../json/print.ts";
import type { Invocation } from "../command/command.ts";
import { inHome } from "../command/in-home.ts";
import { toldHome } from "../store-for.ts";
import { diagnosisJson, doctorText, ownJson, reportLabel, saidJson, shortPath } from "./doctor-text.ts";
import { fitted } from "./fold.ts";
import { type OwnSession, ownFindings } from "./own-findings.ts";
import { megabytes, progress } from "./progress.ts";
import { readMessage } from "../command/prompt.ts";
import { referencesIn } from "./reference.ts";
import { meantBy } from "./rollouts.ts";
import { whoseError } from "./whose-error.ts";

/** `throughline doctor`: examines rollouts and Throughline's own sessions, and changes nothing. Exit status 1 when something needs repair. */
export async function doctor(invocation: Invocation): Promise<number> {
  const { args, options, terminal, environment, signal } = invocation;
  const ownHome = toldHome(invocation);
  const home = codexHome(environment);
  const now = Date.now();
  const pasted = await readMessage(invocation);
  const unreadable: { path: string; why: string }[] = [];
  const onUnreadable = (path: string, why: string): void => void unreadable.push({ path, why });
  const { paths, ids } = await chosenBy(invocation, home, onUnreadable);
  const reference = referencesIn(home);
  const bar = progress(terminal);
  // Reading hundreds of megabytes makes much garbage that dies at once: a young generation that may grow is collected a tenth as often.
  setFlagsFromString("--semi-space-growth-factor=2");
  // What little stays, of tens of thousands of rollouts, mustn't let the rest grow to four times as much before it is looked through.
  setFlagsFromString("--heap-growing-percent=50");
  const diagnoses: Diagnosis[] = [];
  const total = totalBytes(paths);
  const onBytes = (read: number): void =>
    bar.show(megabytes(read), megabytes(total), `MB, ${diagnoses.length} of ${paths.length} rollouts`);
  for await (const diagnosis of diagnose(paths, { home: ownHome, now, signal, onBytes }))
    diagnoses.push(diagnosis);
  const looked =
    args.length > 0 && ids === undefined ? undefined : await lookAtOwn(ownHome, signal, bar, ids);
  const own = looked?.found ?? [];
  bar.clear();
  const said =
    pasted === undefined
      ? undefined
      : await whoseError(understand(pasted, now), diagnoses, { pasted, now, reference });
  const needRepair =
    diagnoses.filter(({ findings }) => findings.some(needsRepair)).length +
    own.filter(({ findings }) => findings.some(needsRepair)).length;
  const tell = (words: string): string => inHome(invocation, words);
  if (options["json"] === true)
    printJson<"doctor">(terminal, {
      rollouts: diagnoses.map((diagnosis) => diagnosisJson(diagnosis, reference, tell)),
      own: own.map((session) => ownJson(session, tell)),
      needRepair,
      unreadable,
      ...(said && { error: saidJson(said, tell) }),
    });
  else {
    const report = doctorText({
      diagnoses,
      own,
      ...(looked && { ownCount: looked.count }),
      unreadable,
      said,
      ...(args.length === ids?.size ? {} : { where: args.length > 0 ? args : [shortPath(home)] }),
      // Of a folder, hundreds of them would bury what is lost.
      notes: options["notes"] === true || (args.length > 0 && paths.length <= args.length),
      reference,
      tell,
    });
    const rows = await fitted(report.split("\n"), reportLabel, terminal.screen?.output.columns);
    terminal.out(rows.join("\n"));
  }
  return needRepair + unreadable.length > 0 ? 1 : 0;
}

/** The rollouts and own sessions that the arguments name; without arguments all of Codex's home and all own sessions. */
async function chosenBy(
  invocation: Invocation,
  home: string,
  onUnreadable: (path: string, why: string) => void,
): Promise<{ paths: string[]; ids?: ReadonlySet<string> }> {
  const { args } = invocation;
  if (args.length === 0) {
    // Links resolved: repairs and locks know a rollout by its real path.
    const real = existsSync(home) ? realpathSync(home) : home;
    const all = listRollouts(real, onUnreadable).map(({ path }) => path);
    return { paths: all.sort() };
  }
  const meant = await Promise.all(args.map((word) => meantBy(word, invocation, onUnreadable)));
  const ids = meant.flatMap((one) => (one.kind === "own" ? [one.id] : []));
  const paths = meant.flatMap((one) => (one.kind === "rollouts" ? one.paths : []));
  return { paths: [...new Set(paths)], ...(ids.length > 0 && { ids: new Set(ids) }) };
}

async function lookAtOwn(
  home: string,
  signal: AbortSignal,
  bar: ReturnType<typeof progress>,
  ids: ReadonlySet<string> | undefined,
): Promise<{ found: OwnSession[]; count: number }> {
  const { store } = openStore({ home });
  try {
    let count = 0;
    const onSession = (read: number, total: number): void => {
      count = total;
      bar.show(read, total, "own sessions");
    };
    const found = await ownFindings(store, home, { onSession, signal, ...(ids && { ids }) });
    return { found, count };
  } finally {
    await store.close();
  }
}

function totalBytes(paths: readonly string[]): number {
  return paths.reduce((sum, path) => sum + sizeIfSeen(path), 0);
}
