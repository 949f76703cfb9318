import { mkdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { inProcess } from "../../../test/kit/in-process.ts";
import { never } from "../../../test/kit/sessions.ts";
import { runProgram } from "../program/program.ts";
import { runSlashCommand, typedHere } from "./run-slash.ts";
import { readSlash } from "./slash.ts";

const id = "01a1fc34-2225-7b1e-9c40-5d2f8a6e3b17";

it.each([
  [`Nothing. See what waits: throughline --home /a queue list ${id}`, "Nothing. See what waits: /queue list"],
  [`See them with: throughline --home '/a b' show ${id} --steps 20`, "See them with: /show --steps 20"],
  [
    `A new one can begin there: throughline fork ${id} --from-step 3`,
    "A new one can begin there: /fork --from-step 3",
  ],
  [`Go on with: throughline resume ${id.replace("01", "02")} "…"`, undefined],
  [`See: throughline show ${id.replace("01", "02")}`, undefined],
  [`  › throughline show ${id}\nnext: none`, undefined],
])("a command for the open session is told as it is typed here: %s", (shell, here) => {
  expect(typedHere(`${shell}\n`, id)).toBe(here ?? shell);
});

describe("what to do next, told by a command that was typed here", () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "throughline-slash-"));
    mkdirSync(join(root, "work"));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const home = (): string => join(root, "home");
  const shell = (...words: string[]) => inProcess(home(), join(root, "work"), words);

  async function typed(line: string, session: string): Promise<string> {
    const call = readSlash(line, session);
    if (call.kind !== "command") throw new Error(`${line} is the interface's own`);
    let said = "";
    const tell = (text: string): void => void (said += text);
    const ask = (): Promise<boolean> => Promise.resolve(false);
    const invocation = {
      args: [],
      options: { home: home() },
      environment: { CODEX_HOME: join(root, "codex") },
      folder: join(root, "work"),
      signal: never,
      run: runProgram,
    };
    await runSlashCommand(call, { ...invocation, terminal: {} as never }, { tell, ask, session }, never);
    return said;
  }

  it("is for somebody who has the session open, and a command where it is another one", async () => {
    for (const name of ["open", "other"])
      await shell("exec", "--provider", "simulator", "--name", name, "hello");
    const ids = JSON.parse((await shell("sessions", "--json")).out) as {
      sessions: { id: string; name: string }[];
    };
    const open = ids.sessions.find(({ name }) => name === "open")!.id;
    const other = ids.sessions.find(({ name }) => name === "other")!.id;
    expect(await typed("/show", open)).toMatch(/\nnext: type a message$/u);
    expect(await typed("/show other", open)).toContain(
      `next: throughline --home ${home()} resume ${other} "…"`,
    );
    expect(await typed("/queue later", open)).toMatch(/\(1 waiting\)\.$/u);
    expect(await typed("/show", open)).toMatch(/\nnext: Enter goes on$/u);
    expect(await typed("/name mine", open)).toMatch(/is "mine", no longer "open"$/u);
    expect(await typed("/clear", open)).toContain("Begin anew: type a message");
  });
});
