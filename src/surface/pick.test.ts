import { expect, it } from "vitest";
import type { ListedSession, SessionStore } from "../store.ts";
import { findSession } from "./pick.ts";

function storeOf(count: number): SessionStore {
  const listed = Array.from({ length: count }, (_, at) => ({
    id: `01a1fec1-5ddf-707e-a14c-${String(at).padStart(12, "0")}`,
    name: `name-${at}`,
  })) as ListedSession[];
  return { find: () => Promise.resolve([]), list: () => Promise.resolve(listed) } as unknown as SessionStore;
}

it("a session that nobody has is answered with the names that are near", async () => {
  await expect(findSession(storeOf(3), "nane-2", { CODEX_HOME: "/nowhere" })).rejects.toThrow(
    "The nearest: 01a1fec1-5ddf-707e-a14c-000000000002 (name-2)",
  );
});

it("a prompt of some pages in a session's place is not compared with each of them letter by letter", async () => {
  const prompt = "Please mend the tests. ".repeat(500);
  const began = process.cpuUsage().user;
  await expect(findSession(storeOf(1_000), prompt, { CODEX_HOME: "/nowhere" })).rejects.toThrow(
    "No session has",
  );
  // It took 10 ms for each session.
  expect(process.cpuUsage().user - began).toBeLessThan(2_000_000);
});

it("sessions that were given one name at the same moment are told by what was asked in them", async () => {
  const listed = ["one", "two"].map((title) => ({ id: `01a1fec1-${title}`, name: "same", title }));
  const store = {
    find: () => Promise.resolve(listed.map(({ id }) => id)),
    list: () => Promise.resolve(listed),
  } as unknown as SessionStore;
  await expect(findSession(store, "same", {})).rejects.toThrow(
    '"same" matches 2 sessions: 01a1fec1-one (one); 01a1fec1-two (two).',
  );
});
