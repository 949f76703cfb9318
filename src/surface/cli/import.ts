import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { Failure } from "../../failure.ts";
import type { Thread } from "../../foreign/codex/takeover/import-plan.ts";
import { systemClock } from "../../lib/clock.ts";
import { bytesAt } from "../../lib/file-bytes.ts";
import { uuidv7 } from "../../lib/ids.ts";
import { findThread, takenWords, takeOver } from "../codex.ts";
import { note } from "../../runtime/note.ts";
import type { Settings } from "../../session/event.ts";
import type { Append, SessionStore } from "../../store.ts";
import { type Config, readConfig } from "../config.ts";
import { portableHead, readPortable } from "../export/portable.ts";
import { answer } from "./answer.ts";
import type { Invocation } from "../command/command.ts";
import { isFile, printedWords } from "../given-file.ts";
import { Unseen } from "../unseen.ts";
import { megabytes, progress } from "./progress.ts";
import { withStore } from "../store-for.ts";

/** `throughline import`: takes a Codex session over, or what it got since it was taken over before, or reads what `export` wrote. */
export function importSession(invocation: Invocation): Promise<number> {
  const { args, options, environment, folder } = invocation;
  const [reference = ""] = args;
  const config = readConfig(options, environment, folder);
  return withStore(invocation, (store) =>
    isPortable(reference)
      ? importPortable(invocation, store, reference, config.approval)
      : importThread(invocation, store, reference, config),
  );
}

/** Whether a file is a session that `export --format throughline` wrote. */
function isPortable(path: string): boolean {
  return isFile(path) && bytesAt(path, 0, portableHead.length).toString("latin1") === portableHead;
}

async function importThread(
  invocation: Invocation,
  store: SessionStore,
  reference: string,
  config: Config,
): Promise<number> {
  const { options, terminal, environment, signal } = invocation;
  const thread = await meantThread(environment, reference);
  const bar = progress(terminal);
  try {
    const onBytes = (read: number, total: number): void =>
      bar.show(megabytes(read), megabytes(total), "MB taken over");
    const apart = options["new"] === true ? { as: uuidv7(systemClock.now()) } : {};
    const taken = await takeOver({ store, config, environment, signal, onBytes }, thread, apart);
    bar.clear();
    const { id: session, did, items, counts, left, fresh, isMended } = taken;
    const name = did === "made" && thread.name !== undefined ? await ownName(store, session) : undefined;
    const { path: source, thread: id } = thread.file;
    answer<"import">(
      invocation,
      {
        session,
        source,
        thread: id,
        did,
        items,
        counts,
        left,
        fresh,
        ...(isMended && { mended: true }),
        ...(name !== undefined && { name }),
      },
      `${takenWords(thread, taken)}${renamedWords(name)}. Go on with: throughline resume ${session} "…"`,
    );
    return 0;
  } finally {
    bar.clear();
  }
}

/** The thread that the reference means. Throws `session-missing`; `usage` for a file that is something else. */
async function meantThread(environment: Invocation["environment"], reference: string): Promise<Thread> {
  const unseen = new Unseen();
  const thread = await findThread(environment, reference, unseen);
  if (thread) return thread;
  const printed = printedWords(reference);
  if (printed !== undefined) throw new Failure("usage", printed, {});
  if (existsSync(reference)) {
    const message = `${reference} is neither a rollout of Codex's nor a session that was exported for another machine. Nothing was made. Where the session is, export it as one: throughline export SESSION --format throughline -o FILE`;
    throw new Failure("usage", message, {});
  }
  const message = `There is no Codex session "${reference}": no rollout has that id or name, and no file of that path is one. ${unseen.words()}List them with: throughline sessions --codex --all`;
  throw new Failure("session-missing", message, { reference, nearest: [] });
}

/** Imports what `export --format throughline` wrote, under the session's own id, or a new one where that is taken. */
async function importPortable(
  invocation: Invocation,
  store: SessionStore,
  path: string,
  approval: Settings["approval"],
): Promise<number> {
  const portable = await readPortable(path);
  try {
    const { id: own } = portable;
    const isTaken = invocation.options["new"] === true || (await store.find(own)).includes(own);
    const session = isTaken ? uuidv7(systemClock.now()) : own;
    const events = portable.events(session, approval);
    const { value: created } = (await events.next()) as { value?: Append };
    if (created?.event.type !== "session-created")
      throw new Failure(
        "session-damaged",
        `${path}:2 is not the beginning of a session. Nothing was made. Export it again where it is whole: throughline export --format throughline`,
        { path },
      );
    let items = 0;
    async function* groups(): AsyncGenerator<readonly Append[]> {
      for await (const append of events) {
        if (append.item) items++;
        yield [append];
      }
    }
    const log = await store.create(session, created, "importing", { more: groups() });
    await log.release();
    const name = await ownName(store, session);
    const [source, renamed] = [resolve(path), name === undefined ? {} : { name }];
    const copy = session === own ? "" : `, a copy of ${own}, which is here already`;
    answer<"import">(
      invocation,
      { session, source, thread: own, did: "made", items, left: {}, fresh: 0, ...renamed },
      `session ${session} is imported${copy}${renamedWords(name)}. Go on with: throughline resume ${session} "…"`,
    );
    return 0;
  } finally {
    await portable.close();
  }
}

const renamedWords = (name: string | undefined): string =>
  name === undefined ? "" : `; its name is another's here, so that it is "${name}"`;

/** Renames the imported session where another one has its name already, since a name means one session; returns the new name. */
async function ownName(store: SessionStore, session: string): Promise<string | undefined> {
  const { name } = (await store.everything()).find(({ id }) => id === session) ?? {};
  if (name === undefined || (await store.find(name)).length < 2) return undefined;
  for (let nth = 2; ; nth++) {
    const free = `${name.slice(0, 90)}-${nth}`;
    if ((await store.find(free)).length > 0) continue;
    await note(store, session, "naming it", () => [{ type: "session-renamed", name: free }]);
    return free;
  }
}
