import type { Command } from "./command.ts";
import { demo } from "./demo.ts";
import { exec, execResume, resumeSession } from "./exec.ts";
import { sessions } from "./sessions.ts";
import { show } from "./show.ts";
import { simulate } from "./simulate.ts";

/** Every command, in the order of the help. The command line and the help are made from this table and from nothing else. */
export const commands: readonly Command[] = [exec, execResume, resumeSession, sessions, show, simulate, demo];
