import { expect, test } from "vitest";
import { codexRollouts } from "../../../../test/kit/codex-home.ts";
import { Failure } from "../../../failure.ts";
import type { SessionStore } from "../../../store.ts";
import { memoryStore } from "../../../store/memory/memory-store.ts";
import { threadAt } from "./find.ts";
import { importThread, type TakenOver } from "./import.ts";
import type { ImportPlan } from "./import-plan.ts";

const [rollout] = codexRollouts("0.130.0");
const settings: ImportPlan["settings"] = () => ({
  provider: "p",
  model: "m",
  instructionsHash: "",
  approval: "ask",
});

/** A store that makes a session in another way. */
const making = (store: SessionStore, create: SessionStore["create"]): SessionStore =>
  new Proxy(store, {
    get: (own, name) => {
      const member: unknown = name === "create" ? create : Reflect.get(own, name, own);
      return typeof member === "function" ? (member.bind(own) as unknown) : member;
    },
  });

test("a thread that another process takes over meanwhile is theirs, whether they are at work in it or done", async () => {
  for (const keep of [false, true]) {
    const plan = { store: memoryStore({ version: "1" }), settings } satisfies ImportPlan;
    const thread = (await threadAt(rollout!.path))!;
    const theirs: TakenOver[] = [];
    const create: SessionStore["create"] = async (...words) => {
      theirs.push(await importThread(plan, thread, { keep }));
      return plan.store.create(...words);
    };
    const store = making(plan.store, create);
    const taken = await importThread({ ...plan, store }, thread, { keep: true });
    expect([theirs.map(({ did }) => did), taken.did, taken.id]).toEqual([["made"], "same", theirs[0]!.id]);
    await theirs[0]!.kept?.log.release();
  }
});

test("a thread whose session can't be made, and which nobody else takes over, is not tried again", async () => {
  const thread = (await threadAt(rollout!.path))!;
  for (const kind of ["store-unavailable", "usage"] as const) {
    const failure = new Failure(kind, "refused", {});
    const own = memoryStore({ version: "1" });
    let tries = 0;
    const store = making(own, async (...words) => {
      if (++tries > 1) return own.create(...words);
      throw failure;
    });
    await expect(importThread({ store, settings }, thread)).rejects.toBe(failure);
  }
});
