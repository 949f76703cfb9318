import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../lib/clock.ts";
import { uuidv7 } from "../lib/ids.ts";
import type { JsonObject } from "../lib/json.ts";
import { isPrompt } from "../session/event.ts";
import { describeItem } from "../session/item.ts";
import { summaryItem } from "../session/summary-item.ts";
import { created, turnEnded } from "../store/conformance/events.ts";
import { memoryStore } from "../store/memory/memory-store.ts";
import type { Append, SessionStore } from "../store.ts";
import { archive } from "./archive.ts";
import { clearSession } from "./clear.ts";
import { forkSession } from "./fork.ts";
import { openJournal } from "./open.ts";
import { rewindTo } from "./rewind.ts";
import { makeSuccessor, undoRotation } from "./rotation.ts";

let store: SessionStore;
let id: string;

beforeEach(() => {
  store = memoryStore({ version: "test" });
  id = uuidv7(Date.now());
});

afterEach(() => store.close());

const runtime = () => ({ store, clock: systemClock, random: () => 0, observe: () => undefined, wait: false });
const fork = (options?: { fromStep: number }) => forkSession({ store, clock: systemClock }, id, options);

/** What the model does in a step. */
function done(step: number, value: JsonObject): Append {
  const item = Buffer.from(JSON.stringify(value));
  const origin = String(value["type"]).endsWith("_output") ? "tool" : "model";
  return { event: { type: "item-added", turn: 1, step, ...describeItem(item)!, origin }, item };
}

const said = (step: number, text: string): Append =>
  done(step, { type: "message", role: "assistant", content: [{ type: "output_text", text }] });

async function begun(...appends: Append[]): Promise<void> {
  const log = await store.create(id, created(id), "testing");
  await log.append(...appends);
  await log.release();
}

async function more(...appends: Append[]): Promise<void> {
  const { log } = await openJournal(runtime(), id, { force: false });
  await log.append(...appends);
  await log.release();
}

/** Goes on in a new session, and resolves to its id. */
async function rotated(): Promise<string> {
  const before = await openJournal(runtime(), id, { force: false });
  const { journal } = await makeSuccessor(runtime(), before);
  await journal.log.release();
  await before.log.release();
  return journal.log.id;
}

/** The texts of a session's messages as they are sent. */
async function textsOf(session: string): Promise<string[]> {
  const { log, history } = await openJournal(runtime(), session, { force: false });
  const texts: string[] = [];
  for await (const items of log.bodies(history.items.map(({ body }) => body)))
    for (const item of items) {
      const { content } = JSON.parse(new TextDecoder().decode(item)) as { content: { text: string }[] };
      texts.push(content.map(({ text }) => text).join());
    }
  await log.release();
  return texts;
}

describe.each([
  ["of more items than are written at once", Array.from({ length: 1_203 }, (_, nth) => `message ${nth}`)],
  ["longer than what is written at once", ["a", "b", "c", "d"].map((letter) => letter.repeat(700_000))],
])("a history %s", (_, texts) => {
  beforeEach(() => begun(...texts.map((text) => said(1, text))));

  it("is in a fork whole and in order", async () => {
    expect(await textsOf((await fork()).id)).toEqual(texts);
  });

  it("is in a successor whole and in order", async () => {
    expect(await textsOf(await rotated())).toEqual(texts);
  });
});

describe("images", () => {
  const image = { type: "input_image", image_url: "data:image/png;base64,AAAA", detail: "high" };
  const words = (text: string) => ({ type: "input_text", text });
  const taken = { type: "function_call", call_id: "call_1", name: "screenshot", arguments: "{}" };
  const shown = { type: "function_call_output", call_id: "call_1", output: [words("taken"), image] };
  const asked = { type: "message", role: "user", content: [words("Like "), image, words("this.")] };
  const itemsIn = async (session: string): Promise<unknown[]> => {
    const { log, history } = await openJournal(runtime(), session, { force: false });
    const found: unknown[] = [];
    for await (const items of log.bodies(history.items.map(({ body }) => body)))
      for (const item of items) found.push(JSON.parse(new TextDecoder().decode(item)));
    await log.release();
    return found;
  };
  const begin = () => begun(done(1, asked), done(1, taken), done(1, shown), said(1, "Seen."));

  it("are in a fork what they are, in what was said and in what tools gave", async () => {
    await begin();
    expect((await itemsIn((await fork()).id)).slice(0, 3)).toEqual([asked, taken, shown]);
  });

  it("are named in a successor, which any backend has to take", async () => {
    await begin();
    const [prompt, , output] = await itemsIn(await rotated());
    expect(prompt).toMatchObject({ content: [{ text: "Like [input_image left out]this." }] });
    expect(output).toMatchObject({ output: "taken[input_image left out]" });
  });

  it("that were refused are named in a fork too, and the others are not", async () => {
    await begin();
    const { log, history } = await openJournal(runtime(), id, { force: false });
    const refused = history.items[0]!.event.seq;
    await log.append({
      event: {
        type: "items-quarantined",
        turn: 1,
        scope: { kind: "media", through: refused, seqs: [refused] },
        why: "media-invalid",
        refusedBy: "somebody",
        rung: 4,
        count: 1,
        notice: "left out",
      },
    });
    await log.release();
    const [prompt, , output] = await itemsIn((await fork()).id);
    expect(prompt).toMatchObject({ content: [{ text: "Like [input_image left out]this." }] });
    expect(output).toEqual(shown);
  });
});

describe("a sealed compaction", () => {
  const sealed = { type: "compaction", id: "cmp_1", encrypted_content: "gAAAAAB" };
  const asked = (step: number, text: string, role = "user"): Append => {
    const item = Buffer.from(
      JSON.stringify({ type: "message", role, content: [{ type: "input_text", text }] }),
    );
    return { event: { type: "item-added", turn: 1, step, ...describeItem(item)!, origin: "input" }, item };
  };
  /** As a thread of Codex's is taken over: the compaction, and the prompts that it repeats, in the place of what was said. */
  const takenOver = async (): Promise<void> => {
    await begun(asked(1, "Dredge it."), said(1, "cleared"));
    await more({ event: { type: "history-cleared", scrubbed: false } });
    await more(asked(2, "Build the harbour."), said(2, "The quay is seventeen metres long."));
    const repeated = asked(2, "Build the harbour.");
    const compaction = done(2, sealed);
    for (const { event } of [repeated, compaction]) if (event.type === "item-added") event.origin = "repair";
    await more({ event: { type: "history-replaced", count: 2 } }, repeated, compaction);
    await more(said(3, "three"));
  };
  const expectTold = (texts: readonly string[]): void => {
    expect(texts).toHaveLength(2);
    expect(texts[0]).toContain("[person]\nBuild the harbour.");
    expect(texts[0]).toContain("The quay is seventeen metres long.");
    expect(texts[0]).not.toContain("Dredge it.");
    expect(texts[1]).toBe("three");
  };
  beforeEach(takenOver);

  it("is in a fork as what the log shows of what it stands for", async () => {
    expectTold(await textsOf((await fork()).id));
  });

  it("is so in a fork from a step, too, though words took its place later", async () => {
    const { log, history } = await openJournal(runtime(), id, { force: false });
    const item = summaryItem({ context: [], kind: "shadow", text: "in its place" });
    const keepFrom = history.items.at(-1)!.event.seq;
    await log.append({ event: { type: "history-compacted", ...describeItem(item)!, keepFrom }, item });
    await log.release();
    await more(said(4, "four"));
    expectTold(await textsOf((await fork({ fromStep: 3 })).id));
    expect(await textsOf((await fork({ fromStep: 4 })).id)).toEqual([
      expect.stringContaining("in its place"),
      "three",
      "four",
    ]);
  });

  it("is so in a successor, and is no prompt of the person's there", async () => {
    const successor = await rotated();
    expectTold(await textsOf(successor));
    const { log, history } = await openJournal(runtime(), successor, { force: false });
    expect(history.items.map(isPrompt)).toEqual([false, false]);
    await log.release();
  });

  it("of a long log only the newest items are read, and how many stay behind is told", async () => {
    id = uuidv7(Date.now());
    const long = Array.from({ length: 3_000 }, (_, nth) => said(1, `${nth}: ${"x".repeat(3_000)}`));
    const replaced: Append = { event: { type: "history-replaced", count: 1 } };
    await begun(asked(1, "Go on."), ...long, replaced, done(2, sealed));
    const bodies = vi.spyOn(store, "bodies");
    const made = await fork();
    const read = bodies.mock.calls.map(([, refs]) => refs.length);
    const [told = ""] = await textsOf(made.id);
    expect(Math.max(...read)).toBeLessThan(700);
    expect(told).toMatch(/\[before that\]\n\(2,?\d\d\d earlier items left out here\)/u);
    expect(told).toContain("2999: xxx");
  });

  it("tells what Codex said at the beginning of each resume once", async () => {
    id = uuidv7(Date.now());
    const resumed = (step: number): Append[] => [
      asked(step, "Mind the tide.", "developer"),
      asked(step, "Go on."),
      said(step, `${step} metres`),
    ];
    const replaced: Append = { event: { type: "history-replaced", count: 1 } };
    await begun(...resumed(1), ...resumed(2), replaced, done(3, sealed));
    const [told = ""] = await textsOf((await fork()).id);
    expect([told.split("Mind the tide.").length - 1, told.split("Go on.").length - 1]).toEqual([1, 2]);
  });

  it("tells what Codex said last as the last, though it was said before", async () => {
    id = uuidv7(Date.now());
    const replaced: Append = { event: { type: "history-replaced", count: 1 } };
    const rules = ["Ask first.", "Ask nothing.", "Ask first.", "Then go."];
    const told = rules.map((text, at) => asked(at, text, "developer"));
    await begun(...told, said(3, "17 metres"), replaced, done(3, sealed));
    const [text = ""] = await textsOf((await fork()).id);
    expect(text).toMatch(/Ask nothing\..*Ask first\..*Then go\./su);
  });

  it("tells a summary that stands before it once, also after a step back to what that had kept", async () => {
    id = uuidv7(Date.now());
    const compacted = (item: Uint8Array, keepFrom: number): Append => ({
      event: { type: "history-compacted", ...describeItem(item)!, keepFrom },
      item,
    });
    const context = ["Mind the tide."];
    const summary = (text: string): Uint8Array => summaryItem({ context, kind: "summary", text });
    // The first message has the sequence number 1.
    await begun(
      asked(1, "one"),
      said(1, "two"),
      asked(2, "three"),
      compacted(summary("Of one."), 2),
      compacted(summary("Of one again."), 2),
      { event: { type: "history-rewound", toStep: 1, fromSeq: 3 } },
      asked(2, "seven"),
      // What it keeps came before the summary, which is told all the same.
      compacted(Buffer.from(JSON.stringify(sealed)), 3),
      said(3, "nine"),
    );
    const [text = "", ...kept] = await textsOf((await fork()).id);
    expect(text).toMatch(/^\[Given at the beginning of the session\]\nMind the tide\./u);
    expect(text).toContain("Of one again.");
    expect(text).not.toContain("Of one.");
    expect(text).toContain("two");
    expect(text).not.toContain("three");
    expect(kept).toEqual(["seven", "nine"]);
  });

  it("and the prompts beside it are carried as they are where the log holds nothing else", async () => {
    id = uuidv7(Date.now());
    const repeated = asked(2, "Build the harbour.");
    if (repeated.event.type === "item-added") repeated.event.origin = "repair";
    await begun({ event: { type: "history-replaced", count: 2 } }, repeated, done(2, sealed));
    const [told] = await textsOf((await fork()).id);
    expect(told).toContain("Build the harbour.");
  });
});

it("what a program said in the person's name is nobody's prompt in a fork either", async () => {
  const item = Buffer.from(
    JSON.stringify({ type: "message", role: "user", content: [{ type: "input_text", text: "AGENTS.md" }] }),
  );
  const told = { ...describeItem(item)!, origin: "input", context: true } as const;
  await begun({ event: { type: "item-added", turn: 1, step: 1, ...told }, item }, said(1, "one"));
  const { log, history } = await openJournal(runtime(), (await fork()).id, { force: false });
  expect(history.items.map(isPrompt)).toEqual([false, false]);
  await log.release();
});

describe("a fork from a step", () => {
  it("has what there was at its end, also where a rewind has taken it out of the window", async () => {
    await begun(said(1, "one"), said(2, "two"), said(3, "three"));
    await more({ event: { type: "history-rewound", toStep: 1, fromSeq: 2 } }, said(4, "four"));
    expect(await textsOf((await fork({ fromStep: 2 })).id)).toEqual(["one", "two"]);
    expect(await textsOf((await fork({ fromStep: 4 })).id)).toEqual(["one", "four"]);
  });

  it("brings nothing back that was cleared, and makes nothing", async () => {
    await begun(said(1, "secret"));
    await clearSession(store, id, { scrub: false });
    await more(said(2, "two"));
    await expect(fork({ fromStep: 1 })).rejects.toThrow("at step 1: it was cleared");
    expect(await store.list()).toHaveLength(1);
    expect(await textsOf((await fork({ fromStep: 2 })).id)).toEqual(["two"]);
  });

  it("is named by what was asked since the clear, and not by what that took away", async () => {
    const asked = (turn: number, preview: string): Append => ({
      event: { type: "turn-started", turn, source: preview === "" ? "continuation" : "prompt", preview },
    });
    const rowOf = async (made: { id: string }) => (await store.list()).find((row) => row.id === made.id);
    await begun(asked(1, "secret"), said(1, "one"));
    await clearSession(store, id, { scrub: false });
    await more(asked(2, "another secret"), said(2, "two"));
    await clearSession(store, id, { scrub: false });
    expect(await rowOf(await fork())).not.toHaveProperty("title");
    const call = { type: "function_call", call_id: "c", name: "shell", arguments: "{}" };
    await more(asked(3, ""), said(3, "three"), done(3, call), asked(4, "third"), asked(5, "fourth"));
    const copy = await fork();
    expect(await rowOf(copy)).toMatchObject({ title: "third", messages: 1 });
    const again = await forkSession({ store, clock: systemClock }, copy.id);
    expect(await rowOf(again), "a copy of a copy").toMatchObject({ title: "third" });
  });

  it("is not made in the midst of a call, whose outcome only the rest of the session knows", async () => {
    const call = { type: "function_call", call_id: "c", name: "shell", arguments: "{}" };
    await begun(said(1, "one"), done(2, call));
    await expect(fork({ fromStep: 2 })).rejects.toThrow("at step 2: one of its calls has no output");
    await expect(rewindTo(store, id, 2)).rejects.toThrow("Step 2 of session");
    await expect(rewindTo(store, id, 2)).rejects.toThrow("has a call without an output");
    expect(await store.list()).toHaveLength(1);
    await more(done(2, { type: "function_call_output", call_id: "c", output: "done" }));
    expect((await fork({ fromStep: 2 })).left).toBe(0);
  });
});

it("a successor has ended as the session had", async () => {
  await begun(said(1, "one"), turnEnded(id, 1, 0));
  const { history, log } = await openJournal(runtime(), await rotated(), { force: false });
  await log.release();
  expect(history.lastOutcome).toEqual({ kind: "completed" });
});

it("a successor goes on under the session's title, with its counts and what was amended", async () => {
  await begun(
    { event: { type: "turn-started", turn: 1, source: "prompt", preview: "mend it" } },
    { event: { type: "instructions-amended", text: "In French." } },
    said(4, "one"),
  );
  const head = await rotated();
  expect(await store.list()).toMatchObject([{ id: head, title: "mend it", turns: 1, steps: 4, messages: 1 }]);
  const { log, history } = await openJournal(runtime(), head, { force: false });
  expect(history.amendments).toEqual(["In French."]);
  await log.release();
});

describe("a clear of a session that was rotated", () => {
  beforeEach(() => begun(said(1, "one")));
  const clear = (session: string) => clearSession(store, session, { scrub: false });

  it("reaches what it was rotated from, which an undo would bring back", async () => {
    const head = await rotated();
    expect(await clear(head)).toEqual([head, id]);
    await undoRotation(store, head);
    expect(await textsOf(id)).toEqual([]);
  });

  it("leaves what it was rotated from where the rotation was taken back: that is another session", async () => {
    const head = await rotated();
    await undoRotation(store, head);
    expect(await clear(head)).toEqual([head]);
    expect(await textsOf(id)).toEqual(["one"]);
  });

  it("is done where what it was rotated from was deleted", async () => {
    const head = await rotated();
    await store.remove(id);
    expect(await clear(head)).toEqual([head]);
    expect(await textsOf(head)).toEqual([]);
  });
});

it("a scrub leaves an archived session out of lists, and leads from an old id to its successor", async () => {
  await begun(said(1, "one"));
  const head = await rotated();
  await archive(store, head, true);
  expect(await clearSession(store, head, { scrub: true })).toEqual([head, id]);
  const rows = await store.list();
  expect(rows).toMatchObject([{ id: head, archived: true, status: "cleared", messages: 1 }]);
  await archive(store, head, false);
  await clearSession(store, head, { scrub: true });
  expect((await store.list())[0]).not.toHaveProperty("archived");
});
