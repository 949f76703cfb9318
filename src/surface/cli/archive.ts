import { archive } from "../../runtime/archive.ts";
import type { Invocation } from "./command.ts";
import { withStore } from "./store-for.ts";
import { eachSession } from "./each.ts";

export const archiveSessions = (invocation: Invocation): Promise<number> => put(invocation, true);

export const unarchiveSessions = (invocation: Invocation): Promise<number> => put(invocation, false);

function put(invocation: Invocation, archived: boolean): Promise<number> {
  return withStore(invocation, (store) =>
    eachSession(invocation, store, async (session) => {
      await archive(store, session, archived);
      const told = archived
        ? `session ${session} is archived; bring it back with: throughline unarchive ${session}`
        : `session ${session} is in the list again`;
      return { json: { session, archived }, text: told };
    }),
  );
}
