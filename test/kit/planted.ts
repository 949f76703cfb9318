// Sessions that hold a secret in every place that a session can hold one, each planted by the program itself where it can be.
import { execFileSync } from "node:child_process";
import { appendFileSync, cpSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { patch, type ScenarioInput, shell, step, turn } from "../../src/simulator/server.ts";
import type { Rig } from "./rig.ts";
import { filesWith } from "./secret.ts";

const childProgram = fileURLToPath(new URL("session-child.ts", import.meta.url));

/** In lower case, as the text for searches is kept. */
export const secret = "pl4ntedsecret";

export const planting: ScenarioInput = {
  turn: [
    turn(
      /^use/,
      step(shell(`echo ${secret}`), { reason: `Think of ${secret}.` }),
      step(patch(`*** Begin Patch\n*** Add File: ${secret}.txt\n+${secret}\n*** End Patch`)),
      step(`It printed ${secret}.`),
    ),
    turn(/./, step(`Heard ${secret}.`)),
  ],
};

export interface Planted {
  /** What was rotated, and what goes on with it. */
  predecessor: string;
  head: string;
  fork: string;
  /** Another one, whose owner was killed in its first turn. */
  dying: string;
}

/** A session that was rotated, and its fork. Resolves when the secret is in every kind of file that a home has. */
export async function plant(rig: Rig): Promise<Planted> {
  const run = async (
    status: number | null,
    words: string[],
    env: Record<string, string> = {},
  ): Promise<void> => {
    const ended = await rig.run(words, { env });
    expect(ended.status, `${words.join(" ")}: ${ended.err}`).toBe(status);
  };
  await run(0, ["exec", "--name", "kept", `use the tool for ${secret}`]);
  const predecessor = rig.id();
  const folder = rig.sessionFolder(predecessor);
  await run(0, ["resume", predecessor, "--amend", `Mind ${secret}.`, `again ${secret}`]);
  appendFileSync(join(folder, "log.jsonl"), `torn ${secret}`);
  await run(0, ["fork", predecessor, "--name", `fork of ${secret}`]);
  const fork = rig.ids().find((id) => id !== predecessor)!;

  const words = ["--no-warnings", childProgram, rig.home, rig.simulator.url, "rotate", predecessor];
  execFileSync(process.execPath, words, { cwd: rig.workspace });
  const head = rig.ids().find((id) => id !== predecessor && id !== fork)!;
  // Its lease names the prompt.
  await run(null, ["exec", `work on ${secret}`], { THROUGHLINE_CRASH_AT: "request-projected" });
  const dying = rig.ids().find((id) => ![predecessor, fork, head].includes(id))!;
  for (const id of [predecessor, head, fork]) plantQueue(rig, id);
  await run(0, ["queue", head, `later ${secret}`]);
  appendFileSync(join(rig.sessionFolder(head), "log.jsonl"), `torn ${secret}`);

  await run(0, ["sessions", "--search", "nothing has these words"]);
  // What an interrupted removal left, and a catalogue that could not be used.
  const gone = join(dirname(rig.sessionFolder(fork)), `.gone-${fork.slice(0, -4)}0000`);
  cpSync(rig.sessionFolder(fork), gone, { recursive: true });
  writeFileSync(join(rig.home, "catalog.sqlite.unusable"), secret);
  // Killed while it makes a copy: a session that is half made.
  await run(null, ["fork", predecessor], { THROUGHLINE_CRASH_AT: "append-not-synced" });
  expectPlanted(rig);
  return { predecessor, head, fork, dying };
}

/** Waiting, dead, unreadable, and half written by a sender that died. */
function plantQueue(rig: Rig, id: string): void {
  const inbox = join(rig.sessionFolder(id), "inbox");
  mkdirSync(join(inbox, "dead"), { recursive: true, mode: 0o700 });
  const followUp = (end: string): string => `${id.slice(0, -4)}${end}`;
  const text = { at: 1, text: `do ${secret}`, mode: "followup" };
  writeFileSync(
    join(inbox, "dead", `${followUp("0001")}.json`),
    JSON.stringify({ ...text, id: followUp("0001"), why: "x" }),
  );
  writeFileSync(join(inbox, `${followUp("0002")}.json`), `{"text":"${secret}`);
  writeFileSync(join(inbox, `.${followUp("0003")}.4711`), secret);
}

/** Each of these has the secret; a kind of file that had none would prove nothing. */
function expectPlanted(rig: Rig): void {
  const found = filesWith(rig.home, secret);
  const places = [
    /sessions.*log\.jsonl$/u,
    /log\.torn$/u,
    /lease\.\d+\.json$/u,
    /inbox\/[0-9a-f-]+\.json$/u,
    /inbox\/\.[0-9a-f-]+\.4711$/u,
    /inbox\/dead\//u,
    /spool\//u,
    /\/\.new-/u,
    /\/\.gone-/u,
    /catalog\.sqlite$/u,
    /catalog\.sqlite\.unusable$/u,
  ];
  for (const place of places)
    expect(
      found.some((name) => place.test(name)),
      String(place),
    ).toBe(true);
  // A new kind of file in a home has to be planted here too.
  const known = /^(?:sessions(?:\/|$)|catalog\.sqlite(?:-wal|-shm|\.unusable)?$)/u;
  expect(
    readdirSync(rig.home, { recursive: true, encoding: "utf8" }).filter((name) => !known.test(name)),
  ).toEqual([]);
}
