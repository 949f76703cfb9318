import { Failure } from "../../failure.ts";
import { systemClock } from "../../lib/clock.ts";
import { uuidv7 } from "../../lib/ids.ts";
import { findThread, takenWords, takeOver } from "../codex.ts";
import { openStore, readConfig } from "../config.ts";
import { printJson } from "../json/print.ts";
import type { Invocation } from "./command.ts";
import { progress } from "./progress.ts";

/** Takes a Codex session over, once; when it was taken over before, what came since. The rollout is only read. */
export async function importSession(invocation: Invocation): Promise<number> {
  const { args, options, terminal, environment, folder } = invocation;
  const reference = args[0] ?? "";
  const config = readConfig(options, environment, folder);
  const thread = await findThread(environment, reference);
  if (!thread) {
    const message = `There is no Codex session "${reference}": no rollout has that id or name, and it is no file. List them with: throughline sessions --codex`;
    throw new Failure("session-missing", message, { reference, nearest: [] });
  }
  const { store } = openStore(config);
  const bar = progress(terminal);
  try {
    const onBytes = (read: number, total: number): void => bar.show(read, total, "bytes taken over");
    const as = options["new"] === true ? uuidv7(systemClock.now()) : undefined;
    const taken = await takeOver({ store, config, environment, onBytes }, thread, as);
    bar.clear();
    const { id: session, did, items, fresh } = taken;
    if (options["json"] === true) {
      const left = Object.fromEntries(taken.left);
      printJson<"import">(terminal, {
        session,
        source: thread.file.path,
        thread: thread.file.thread,
        did,
        items,
        left,
        fresh,
      });
    } else {
      const next = `Go on with: throughline resume ${session} "…"`;
      terminal.out(`${takenWords(thread, taken)}. ${next}\n`);
    }
    return 0;
  } finally {
    bar.clear();
    await store.close();
  }
}
