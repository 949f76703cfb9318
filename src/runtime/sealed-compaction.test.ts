import { describe, expect, it } from "vitest";
import { compactor } from "../agent/compaction.ts";
import { uuidv7 } from "../lib/ids.ts";
import type { JsonObject } from "../lib/json.ts";
import type { Session } from "../runtime.ts";
import { schemaVersion, type NewEvent } from "../session/event.ts";
import { describeItem } from "../session/item.ts";
import { step, turn } from "../simulator/server.ts";
import { never } from "../../test/kit/sessions.ts";
import { simulatedSessions } from "../../test/kit/simulated-sessions.ts";
import type { Equipment } from "./equipment.ts";

const sessions = simulatedSessions();
const elsewhere = "elsewhere";

const equipment = (): Equipment => ({ ...sessions.simulated(), compact: compactor({}) });

/** The session, taken up where the simulator answers a turn and a summary and counts anew. */
function resumed(id: string, equip = equipment()): Promise<Session> {
  sessions.simulator.reset({
    turn: [turn(/summary of this transcript/, step("SUMMARY: all is well.")), turn(/third/, step("Three."))],
  });
  return sessions.resumed(id, equip);
}

const run = async (session: Session, prompt: string): Promise<void> =>
  expect(await session.run(prompt, never)).toEqual({ kind: "completed" });

const compactions = async (id: string): Promise<number> =>
  (await sessions.records(id)).filter(({ event }) => event.type === "history-compacted").length;

const notices = (): string =>
  sessions.updates
    .flatMap((update) =>
      update.type === "notice" ? [update.text] : update.type === "repaired" ? [update.notice] : [],
    )
    .join("\n");

/** Where an imported log shows what its sealed compaction holds. */
type Shown = "nowhere" | "by the developer" | "beside it" | "behind it" | "among what is gone";

/** A session whose log was imported: a sealed compaction, and visible items where they are shown. */
async function imported(shown: Shown, issuer = equipment().provider.issuer): Promise<string> {
  const id = uuidv7(Date.now());
  const blob = await sealedHere();
  const { settings } = equipment();
  const created: NewEvent = {
    type: "session-created",
    id,
    schema: schemaVersion,
    version: "test",
    workspace: { path: sessions.workspace },
    settings,
  };
  const log = await sessions.store.create(id, { event: created }, "importing");
  const add = async (item: object, origin: "input" | "model" | "tool" | "repair"): Promise<number> => {
    const bytes = new TextEncoder().encode(JSON.stringify(item));
    const facts = describeItem(bytes)!;
    const [added] = await log.append({
      event: { type: "item-added", turn: 1, step: 1, ...facts, issuer, origin },
      item: bytes,
    });
    return added!.event.seq;
  };
  const said = (role: string, text: string): object => ({
    type: "message",
    role,
    content: [{ type: role === "assistant" ? "output_text" : "input_text", text }],
  });
  const sealed = { type: "compaction", id: "cmp_1", encrypted_content: blob };
  if (shown === "beside it") {
    await log.append({ event: { type: "history-replaced", count: 0 } });
    await add(said("user", "Dredge the harbour."), "repair");
    await add(sealed, "repair");
  } else if (shown === "behind it") {
    await add(said("user", "Build the harbour."), "input");
    await add(said("assistant", "The quay stands; the crane is missing."), "model");
    await log.append({ event: { type: "history-replaced", count: 2 } });
    await add(said("user", "Build the harbour."), "repair");
    await add(sealed, "repair");
  } else if (shown === "by the developer") {
    await add(said("developer", "Mind the tide."), "input");
    await add(sealed, "model");
  } else if (shown === "nowhere") await add(sealed, "model");
  else {
    await add(said("user", "Never again."), "input");
    await log.append({ event: { type: "history-cleared", scrubbed: false } });
    await add(said("user", "Build the harbour."), "input");
    await add(said("assistant", "The quay stands; the crane is missing."), "model");
    await add({ type: "function_call", call_id: "c", name: "survey", arguments: "{}" }, "model");
    await add({ type: "function_call_output", call_id: "c", output: "Nine fathoms." }, "tool");
    const fromSeq = await add(said("user", "Sink the crane."), "input");
    await log.append({ event: { type: "history-rewound", toStep: 1, fromSeq } });
    const item = new TextEncoder().encode(JSON.stringify(sealed));
    await log.append({ event: { type: "history-compacted", ...describeItem(item)!, keepFrom: 99 }, item });
  }
  await log.release();
  return id;
}

async function sealedHere(): Promise<string> {
  const response = await fetch(`${sessions.simulator.url}/responses/compact`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer k" },
    body: JSON.stringify({ model: "gpt-5.5", input: [{ type: "message", role: "user", content: "hi" }] }),
  });
  const { output } = (await response.json()) as { output: JsonObject[] };
  return String(output.find((item) => item["type"] === "compaction")?.["encrypted_content"]);
}

describe("a sealed compaction", () => {
  it("that its own issuer opens is sent as it is", async () => {
    const id = await imported("nowhere");
    const session = await resumed(id);
    await run(session, "third");
    expect(sessions.simulator.requests).toHaveLength(1);
    expect(sessions.inputOf(0)[0]?.["type"]).toBe("compaction");
    await session.close();
  });

  it.each<Shown>(["nowhere", "by the developer"])(
    "of another issuer is told in a note when the log holds nothing of it, without a refused request: shown %s",
    async (shown) => {
      const id = await imported(shown, elsewhere);
      const session = await resumed(id);
      await run(session, "third");
      expect(sessions.simulator.requests).toHaveLength(1);
      expect(JSON.stringify(sessions.inputOf(0))).toContain("holds nothing visible of it");
      expect(notices()).toContain("a note says so in its place");
      await run(session, "third");
      expect(await compactions(id)).toBe(1);
      await session.close();
    },
  );

  it("of another issuer gives way to the messages beside it where the log holds nothing else", async () => {
    const id = await imported("beside it", elsewhere);
    const session = await resumed(id);
    await run(session, "third");
    expect(JSON.stringify(sessions.inputOf(0))).toContain("Dredge the harbour.");
    expect(notices()).toContain("1 visible item of the log");
    await session.close();
  });

  it("gives way in each session of those that share a compactor", async () => {
    const shared = equipment();
    for (const _ of [1, 2]) {
      const id = await imported("nowhere", elsewhere);
      const session = await resumed(id, shared);
      await run(session, "third");
      expect(JSON.stringify(sessions.inputOf(0))).toContain("holds nothing visible of it");
      await session.close();
    }
  });

  it("of another issuer gives way to what the log shows of it, but not to what was cleared or rewound", async () => {
    const id = await imported("among what is gone", elsewhere);
    const session = await resumed(id);
    await run(session, "third");
    expect(sessions.simulator.requests).toHaveLength(1);
    const shadow = JSON.stringify(sessions.inputOf(0)[0]);
    expect(shadow).toContain("Build the harbour.");
    for (const words of ["The quay stands; the crane is missing.", "survey", "Nine fathoms."])
      expect(shadow).toContain(words);
    expect(shadow).not.toMatch(/Never again|Sink the crane/u);
    expect(notices()).toContain("4 visible items of the log stand in its place as text");
    await session.close();
  });

  it("gives way in a session whose program gives no compactor, too", async () => {
    const id = await imported("behind it", elsewhere);
    const { compact: _compact, ...bare } = equipment();
    const session = await resumed(id, bare);
    await run(session, "third");
    expect(JSON.stringify(sessions.inputOf(0))).toContain("The quay stands; the crane is missing.");
    await run(session, "third");
    expect(await compactions(id)).toBe(1);
    await session.close();
  });

  it("is told to whoever summarises it, in the words of the log", async () => {
    const id = await imported("behind it");
    const session = await resumed(id);
    await run(session, "third");
    expect(sessions.inputOf(0).map((item) => item["type"])).toContain("compaction");
    expect(await session.compact(never)).toMatchObject({ kind: "compacted" });
    const asked = JSON.stringify(sessions.inputOf(-1));
    expect(asked).toContain("The quay stands; the crane is missing.");
    expect(asked.match(/Build the harbour/gu)).toHaveLength(1);
    await session.close();
  });

  it("that is refused (row 4) gives way to a text made from the log: two requests, then one a turn", async () => {
    const id = await imported("nowhere");
    sessions.simulator.rotateKey();
    const session = await resumed(id);
    await run(session, "third");
    expect(sessions.simulator.requests).toHaveLength(2);
    expect(JSON.stringify(sessions.inputOf(1))).not.toContain('"compaction"');
    await run(session, "third");
    expect(sessions.simulator.requests).toHaveLength(3);
    await session.close();
  });
});
