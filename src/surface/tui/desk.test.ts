import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { uuidv7 } from "../../lib/ids.ts";
import type { Invocation } from "../command/command.ts";
import { runProgram } from "../program/program.ts";
import { Conversation } from "./conversation.ts";
import { Desk } from "./desk.ts";
import { recall } from "./recall.ts";

let folder: string;
let conversation: Conversation;
let desk: Desk;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "desk-"));
  const home = join(folder, "home");
  mkdirSync(home);
  const environment = {
    THROUGHLINE_HOME: home,
    CODEX_HOME: join(folder, "no-codex"),
  };
  const terminal = {
    out: () => undefined,
    err: () => undefined,
    interactive: false,
    colour: false,
    readInput: () => Promise.resolve(undefined),
  };
  const { signal } = new AbortController();
  const invocation: Invocation = {
    args: [],
    options: { provider: "simulator" },
    terminal,
    environment,
    folder,
    signal,
    run: runProgram,
  };
  desk = new Desk();
  conversation = await Conversation.open(invocation, { usual: { model: "gpt-5.5" }, changed: desk.changed });
  desk.sit(conversation, []);
  await conversation.turn("first");
});
afterEach(async () => {
  await conversation.close();
  rmSync(folder, { recursive: true });
});

const rests = (): Promise<void> => expect.poll(() => conversation.view.phase.kind).toBe("resting");

it.each(["/fork", "/model other", "/resume first-one"])(
  "what is said right behind %s is said where that leads, and waits in no other session",
  async (line) => {
    const first = conversation.id!;
    if (line.startsWith("/resume")) {
      desk.send("/name first-one");
      await rests();
      conversation.begin();
      await conversation.turn("second");
    }
    const before = conversation.id!;
    desk.send(line);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    desk.send("hello");
    desk.send("and again");
    await expect.poll(() => conversation.leading).toBeUndefined();
    await rests();
    const { prompts } = await recall(conversation.store, conversation.id!, 9);
    expect(prompts).toEqual(["first", "hello", "and again"]);
    expect(conversation.id === before).toBe(line.startsWith("/model"));
    if (line.startsWith("/resume")) expect(conversation.id).toBe(first);
    for (const id of [first, before]) expect(await conversation.store.queued(id)).toEqual([]);
  },
);

it("what is said behind what leads nowhere is given back", async () => {
  desk.send("/resume nobody");
  desk.send("hello");
  await expect.poll(() => desk.scene().composer.draft.text).toContain("hello");
  await rests();
  expect((await recall(conversation.store, conversation.id!, 9)).prompts).toEqual(["first"]);
});

it("what is no command stays to be corrected; a command that is refused is told, and Up brings it back", async () => {
  const line = (): string => desk.scene().composer.draft.text;
  const enter = (text: string): void => {
    desk.key({ kind: "edit", edit: { do: "insert", text } });
    desk.key({ kind: "submit" });
  };
  const told = (words: string) =>
    expect.poll(() => JSON.stringify(conversation.view.finished.at(-1))).toContain(words);
  await rests();
  enter("/nothing");
  await told("There is no command /nothing");
  expect(line()).toBe("/nothing");
  desk.key({ kind: "edit", edit: { do: "delete-to-start" } });
  enter("/resume nobody");
  await told("No session has the id or name");
  expect(line()).toBe("");
  desk.key({ kind: "up" });
  expect(line()).toBe("/resume nobody");
});

it("one Ctrl-C doesn't leave where the clock was set back since the last one", async () => {
  await rests();
  vi.useFakeTimers({ toFake: ["Date", "performance"] });
  try {
    let left = false;
    desk.open(() => (left = true));
    const interrupt = { kind: "interrupt" } as const;
    desk.key(interrupt);
    vi.advanceTimersByTime(2_100);
    vi.setSystemTime(Date.now() - 3_600_000);
    desk.key(interrupt);
    expect(left).toBe(false);
    desk.key(interrupt);
    expect(left).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});

it("a question is answered by y, n and a, and by no name that every object has", async () => {
  const { questions } = conversation;
  questions.isShown = true;
  const asked = questions.approve({ title: "Run a command", detail: "ls" }, new AbortController().signal);
  await expect.poll(() => conversation.view.question).toBeDefined();
  desk.seen(conversation.view.question!);
  await expect.poll(() => questions.isReady).toBe(true);
  const paste = (text: string): void => desk.key({ kind: "edit", edit: { do: "insert", text } });
  for (const text of ["constructor", "__proto__", "yes"]) paste(text);
  paste("N");
  expect(await asked).toBe(false);
});

it("no turn begins behind a conversation's end, whatever was just being looked at", async () => {
  await rests();
  const { store, id = "" } = conversation;
  const holder = store.holder.bind(store);
  const looking = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  store.holder = async (session) => {
    looking.resolve();
    await closed.promise;
    return holder(session);
  };
  await store.queue(id, { id: uuidv7(Date.now()), at: Date.now(), text: "more", mode: "followup" });
  await looking.promise;
  await conversation.close();
  closed.resolve();
  await new Promise((resolve) => {
    setTimeout(resolve, 200);
  });
  expect(await store.queued(id)).toHaveLength(1);
});
