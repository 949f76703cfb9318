import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { Failure } from "../../failure.ts";
import { systemClock } from "../../lib/clock.ts";
import { uuidv7 } from "../../lib/ids.ts";
import { printable } from "../../lib/printable.ts";
import { findThread, takenWords, takeOver } from "../codex.ts";
import { note } from "../../runtime.ts";
import type { Settings } from "../../session/event.ts";
import type { Append, SessionStore } from "../../store.ts";
import { openStore, readConfig } from "../config.ts";
import { portableHead, readPortable } from "../export/portable.ts";
import { printJson } from "../json/print.ts";
import type { Invocation } from "./command.ts";
import { Unseen } from "../unseen.ts";
import { inHome } from "./in-home.ts";
import { progress } from "./progress.ts";
import { storeFor } from "./store-for.ts";

/** `throughline import`: takes a Codex session over, or what it got since it was taken over before. The rollout is only read. */
export async function importSession(invocation: Invocation): Promise<number> {
  const { args, options, terminal, environment, folder } = invocation;
  const reference = args[0] ?? "";
  const config = readConfig(options, environment, folder);
  if (isPortable(reference)) return importPortable(invocation, reference, config.approval);
  const unseen = new Unseen();
  const thread = await findThread(environment, reference, unseen);
  if (!thread && existsSync(reference)) {
    const message = `${reference} is neither a rollout of Codex's nor a session that was exported for another machine. Nothing was made. Where the session is, export it as one: throughline export SESSION --format throughline -o FILE`;
    throw new Failure("usage", message, {});
  }
  if (!thread) {
    const message = `There is no Codex session "${reference}": no rollout has that id or name, and no file of that path is one. ${unseen.words()}List them with: throughline sessions --codex --all`;
    throw new Failure("session-missing", message, { reference, nearest: [] });
  }
  const { store } = openStore(config);
  const bar = progress(terminal);
  try {
    const onBytes = (read: number, total: number): void => bar.show(read, total, "bytes taken over");
    const as = options["new"] === true ? uuidv7(systemClock.now()) : undefined;
    const taking = { store, config, environment, onBytes };
    const taken = await takeOver(taking, thread, as === undefined ? {} : { as });
    bar.clear();
    const { id: session, did, items, counts, left, fresh } = taken;
    const name = did === "made" && thread.name !== undefined ? await ownName(store, session) : undefined;
    if (options["json"] === true) {
      printJson<"import">(terminal, {
        session,
        source: thread.file.path,
        thread: thread.file.thread,
        did,
        items,
        counts,
        left,
        fresh,
        ...(name !== undefined && { name }),
      });
    } else {
      const next = `Go on with: throughline resume ${session} "…"`;
      const told = `${takenWords(thread, taken)}${renamedWords(name)}. ${next}\n`;
      terminal.out(printable(inHome(invocation, told)));
    }
    return 0;
  } finally {
    bar.clear();
    await store.close();
  }
}

function isPortable(path: string): boolean {
  if (!existsSync(path) || !statSync(path).isFile()) return false;
  const head = Buffer.alloc(portableHead.length);
  const file = openSync(path, "r");
  try {
    readSync(file, head, 0, head.length, 0);
  } finally {
    closeSync(file);
  }
  return head.toString("latin1") === portableHead;
}

/** Imports what `export --format throughline` wrote, under the session's own id, or a new one where that is taken. */
async function importPortable(
  invocation: Invocation,
  path: string,
  approval: Settings["approval"],
): Promise<number> {
  const { options, terminal } = invocation;
  const portable = await readPortable(path);
  const { store } = storeFor(invocation);
  try {
    const made = uuidv7(systemClock.now());
    const { id: own } = portable;
    const isTaken = options["new"] === true || (await store.find(own)).includes(own);
    const session = isTaken ? made : own;
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
    if (options["json"] === true)
      printJson<"import">(terminal, {
        session,
        source: resolve(path),
        thread: own,
        did: "made",
        items,
        left: {},
        fresh: 0,
        ...(name !== undefined && { name }),
      });
    else
      terminal.out(
        printable(
          `session ${session} is imported${session === own ? "" : `, a copy of ${own}, which is here already`}${renamedWords(name)}. Go on with: ${inHome(invocation, `throughline resume ${session} "…"`)}\n`,
        ),
      );
    return 0;
  } finally {
    await portable.close();
    await store.close();
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
