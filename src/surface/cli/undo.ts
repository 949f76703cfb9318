import { undoRotation } from "../../runtime/rotation.ts";
import type { Invocation } from "../command/command.ts";
import { resumeCommand } from "../command/go-on.ts";
import { withSession } from "../store-for.ts";
import { answer } from "./answer.ts";

/** `throughline undo`: takes a rotation back, so that its predecessor goes on. The successor stays on disk. */
export const undo = (invocation: Invocation): Promise<number> =>
  withSession(invocation, async (store, id) => {
    const { session, successor } = await undoRotation(store, id);
    answer<"undo">(
      invocation,
      { session, successor },
      `session ${session} is back with what is queued; ${successor} is kept, and is listed no more. Go on with: ${resumeCommand(session, "go-on")}`,
    );
    return 0;
  });
