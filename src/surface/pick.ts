import { Failure } from "../failure.ts";
import { editDistance } from "../lib/edit-distance.ts";
import { printableLine } from "../lib/printable.ts";
import { isSameName } from "../session/name.ts";
import type { ListedSession, SessionStore } from "../store.ts";
import { belongs } from "./belongs.ts";
import { placeOf } from "./place.ts";
import { Unseen } from "./unseen.ts";
import type { Invocation } from "./command/command.ts";

/**
 * The session that a person means by an id, a unique beginning of one, or a name. Throws `session-missing` or `session-ambiguous`; where the
 * reference means a session of Codex's own, the failure says how to take it over.
 */
export async function findSession(
  store: SessionStore,
  reference: string,
  environment: Invocation["environment"],
): Promise<string> {
  const ids = await store.find(reference);
  const [only] = ids;
  if (only !== undefined && ids.length === 1) return only;
  const listed = await store.list();
  if (ids.length > 1) {
    const named = ids.slice(0, 5).map((id) => {
      const { name, ...unnamed } = listed.find((session) => session.id === id) ?? { id };
      // A name that several got at the same moment tells none of them.
      return label(name === undefined || isSameName(name, reference) ? unnamed : { ...unnamed, name });
    });
    const more = ids.length > named.length ? `; and ${ids.length - named.length} more` : "";
    throw new Failure(
      "session-ambiguous",
      `"${printableLine(reference)}" matches ${ids.length} sessions: ${named.join("; ")}${more}. Give more of the id, or the id of the one: throughline show ${ids[0]}`,
      { reference, matches: ids },
    );
  }
  const { findThread } = await import("./codex.ts");
  const unseen = new Unseen();
  const thread = await findThread(environment, reference, unseen);
  if (thread) {
    const { thread: id, path } = thread.file;
    throw new Failure(
      "session-missing",
      `"${printableLine(reference)}" is a session of Codex's own, ${path}, which is only read here; what deletes or archives it is Codex. Take it over, and everything works on what was taken over: throughline import ${id}`,
      { reference, nearest: [] },
    );
  }
  const { givenFileWords } = await import("./given-file.ts");
  const given = givenFileWords(reference);
  if (given !== undefined) throw new Failure("session-missing", given, { reference, nearest: [] });
  const near = nearest(reference, listed);
  const hint = near.length === 0 ? "" : `The nearest: ${near.map(label).join("; ")}. `;
  throw new Failure(
    "session-missing",
    `No session has the id or name "${printableLine(reference)}" (${listed.length} searched). ${unseen.words()}${hint}throughline sessions --all lists them.`,
    { reference, nearest: near.map((session) => session.id) },
  );
}

/** The id of this workspace's newest session, or with `all` of the newest of any. Throws `session-missing` where there is none. */
export async function lastSession(
  store: SessionStore,
  folder: string,
  { all }: { all: boolean } = { all: false },
): Promise<string> {
  let others = 0;
  const listed = await store.list({
    ...(!all && { workspace: placeOf(folder) }),
    onHidden: (count) => (others = count),
  });
  const own = listed.filter(
    ({ workspace, successor }) => (all || belongs(workspace, folder)) && successor === undefined,
  );
  const newest = own.find(({ archived }) => archived === undefined);
  if (newest) return newest.id;
  others += all ? 0 : listed.length - own.length;
  const there = all ? "" : ` in ${folder}`;
  const none =
    own.length === 0
      ? `No session${there} yet.`
      : `No session${there} but archived ones: throughline sessions --archived${all ? " --all" : ""}.`;
  const elsewhere = others > 0 ? ` ${others} more in other workspaces: throughline sessions --all.` : "";
  throw new Failure("session-missing", `${none}${elsewhere} Start one with: throughline exec "…"`, {
    reference: "--last",
    nearest: [],
  });
}

/** Throws `usage` unless the name can be given to a session: it must be valid, and mean no other session than `own`, since it stands for an id. */
export async function checkName(store: SessionStore, name: string, own?: string): Promise<void> {
  if (name.trim() === "" || name.startsWith("-") || name !== printableLine(name, 100)) {
    throw new Failure(
      "usage",
      "A name is one line of at most 100 characters and doesn't begin with a dash.",
      {},
    );
  }
  if (name === "list" || name === "drop") {
    throw new Failure("usage", `"${name}" is a word of the command queue. Choose another name.`, {});
  }
  const taken = (await store.find(name)).find((id) => id !== own);
  if (taken === undefined) return;
  throw new Failure(
    "usage",
    `"${name}" means session ${taken} already. Choose another name, or go on with it: throughline resume ${taken}`,
    {},
  );
}

function label(session: Pick<ListedSession, "id" | "name" | "title">): string {
  const what = session.name ?? session.title;
  return what === undefined ? session.id : `${session.id} (${printableLine(what, 40)})`;
}

function nearest(reference: string, listed: readonly ListedSession[]): ListedSession[] {
  const wanted = reference.toLowerCase();
  // More edits than half of its letters is not near. The lengths are compared first: a long prompt would be compared with each session.
  const most = wanted.length / 2;
  const distance = (text: string): number =>
    Math.abs(text.length - wanted.length) > most ? Number.POSITIVE_INFINITY : editDistance(wanted, text);
  return listed
    .map((session) => ({
      session,
      distance: Math.min(
        distance(session.id.slice(0, wanted.length)),
        session.name === undefined ? Number.POSITIVE_INFINITY : distance(session.name.toLowerCase()),
        // A title is what lists show for a session without a name, so people may type its beginning.
        session.title?.toLowerCase().startsWith(wanted) ? 0 : Number.POSITIVE_INFINITY,
      ),
    }))
    .filter((candidate) => candidate.distance <= most)
    .sort((left, right) => left.distance - right.distance)
    .slice(0, 3)
    .map(({ session }) => session);
}
