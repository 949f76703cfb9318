import { join } from "node:path";
import { note } from "../../runtime/note.ts";
import { homeFolder } from "../config.ts";
import { printJson } from "../json/print.ts";
import type { Invocation } from "../command/command.ts";
import { inHome } from "../command/in-home.ts";
import { unnamedSuccessor } from "./own-findings.ts";
import { emptyJson } from "./repair-json.ts";
import { withStore } from "../store-for.ts";

/**
 * Repairs an own session: logs are never rewritten, so all it does is to remove a successor that is nothing but a copy no log names, and to
 * have a predecessor's log name one again that was worked in.
 */
export function repairOwn(invocation: Invocation, id: string): Promise<number> {
  const { options, terminal, environment } = invocation;
  return withStore(invocation, async (store) => {
    const session = (await store.everything()).find((one) => one.id === id);
    const unnamed = session && (await unnamedSuccessor(store, session));
    const what = unnamed === "orphan" || unnamed === "forgotten" ? unnamed : undefined;
    const isWritten = options["write"] === true;
    if (isWritten && what === "orphan") await store.remove(id);
    if (isWritten && what === "forgotten")
      await note(store, session?.parent ?? "", "naming its successor", () => [
        { type: "session-rotated", successor: id },
      ]);
    const state = what === undefined ? "nothing" : isWritten ? "done" : "would";
    const path = join(homeFolder(options, environment), "sessions");
    const told = what === undefined || state === "nothing" ? untouched(id) : ownWords[what][state](id);
    if (options["json"] === true) printJson<"repair">(terminal, { ...emptyJson(path, id), state });
    else terminal.out(inHome(invocation, told));
    return 0;
  });
}

const untouched = (id: string): string =>
  `Session ${id} is one of Throughline's own: what is damaged in its log is passed over, and nothing of it has to be repaired. Go on with it: throughline resume ${id}\n`;

const ownWords = {
  orphan: {
    would: (id: string): string =>
      `Session ${id} was left by a rotation that was cut off; no log names it, and nothing but a copy is in it. Nothing was changed. To remove it: throughline repair ${id} --write\n`,
    done: (id: string): string => `Session ${id}, which a rotation that was cut off had left, is removed\n`,
  },
  forgotten: {
    would: (id: string): string =>
      `Session ${id} was worked in, and the log of the session before it doesn't name it, so that lists leave it out. Nothing was changed. To add that to the log: throughline repair ${id} --write\n`,
    done: (id: string): string =>
      `Session ${id} is named by the log of the session before it again. Go on with it: throughline resume ${id}. Take that back: throughline undo ${id}\n`,
  },
} as const;
