import { expect, it } from "vitest";
import type { ListedSession } from "../store.ts";
import { relativesOf } from "./relatives.ts";

const session = (id: string, more: Partial<ListedSession> = {}): ListedSession =>
  ({ id, ...more }) as ListedSession;

it("of a fork that was rotated what goes on with it is a relative, before what that was rotated from", () => {
  const meant = session("a");
  const fork = session("f", { parent: "a", successor: "g" });
  const goesOn = session("g", { parent: "f", rotated: true });
  const ofFork = session("h", { parent: "f" });
  const found = relativesOf([meant], [meant, fork, goesOn, ofFork, session("other")]);
  expect(found.map(({ session: { id }, of, relation }) => [id, of, relation])).toEqual([
    ["g", "a", "its fork"],
    ["f", "g", "its predecessor"],
    ["h", "f", "its fork"],
  ]);
});
