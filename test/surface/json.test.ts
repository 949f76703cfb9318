// What the commands of the real program print with `--json`, held to the schemas that docs/json.md is made from.
import { execFileSync } from "node:child_process";
import { appendFileSync, cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import type { z } from "zod";
import { listRollouts } from "../../src/foreign/codex/home/places.ts";
import { patch, type ScenarioInput, shell, step, turn } from "../../src/simulator/server.ts";
import { commands } from "../../src/surface/command/commands.ts";
import { demoEvent, execEvent, gatewayEvent } from "../../src/surface/json/events.ts";
import { error, outputs } from "../../src/surface/json/outputs.ts";
import { type Ended, type Rig, until, withRig } from "../kit/rig.ts";

const childProgram = fileURLToPath(new URL("../kit/session-child.ts", import.meta.url));

/** The commands whose output was held to its schema. */
const held = new Set<string>();

const schemas: Readonly<Record<string, z.ZodType>> = {
  ...outputs,
  exec: execEvent,
  "exec resume": execEvent,
  resume: execEvent,
  gateway: gatewayEvent,
  demo: demoEvent,
};

function commandOf(words: readonly string[]): string {
  const two = words.slice(0, 2).join(" ");
  return two in schemas ? two : (words[0] ?? "");
}

/** Every line of stdout is as the schema says, with no member that it doesn't know. */
function expectHeld(words: readonly string[], out: string): unknown[] {
  const command = commandOf(words);
  const lines = out.trimEnd().split("\n");
  const values = lines.map((line) => JSON.parse(line) as { type?: string });
  for (const value of values) {
    const schema = value.type === "error" ? error : schemas[command]!;
    const { error: wrong } = schema.safeParse(value);
    expect(wrong?.issues, `${words.join(" ")}: ${JSON.stringify(value)}`).toBeUndefined();
  }
  if (schemas[command] === outputs[command as keyof typeof outputs]) expect(values).toHaveLength(1);
  if (values[0]?.type !== "error") held.add(command);
  return values;
}

async function run(rig: Rig, status: number, ...words: string[]): Promise<unknown[]> {
  const ended: Ended = await rig.run([...words, "--json"]);
  expect(ended.status, `${words.join(" ")}: ${ended.out}${ended.err}`).toBe(status);
  return expectHeld(words, ended.out);
}

const typesOf = (events: readonly unknown[]): unknown[] =>
  events.map((event) => (event as { type?: string }).type);

const scenario: ScenarioInput = {
  turn: [
    turn(
      /work/,
      step(shell("echo one"), { reason: "First a look." }),
      step(patch("*** Begin Patch\n*** Add File: new.txt\n+new\n*** End Patch")),
      step("Worked."),
    ),
    turn(/./, step("Done.", { reason: "It is." })),
  ],
};

describe.concurrent("--json", () => {
  afterAll(() => {
    const printing = commands.filter(({ json }) => json !== false).map(({ name }) => name);
    expect([...held].sort(), "every command was run").toEqual(printing.sort());
  });

  it("of commands that look at sessions and change them is as documented", () =>
    withRig(scenario, async (rig) => {
      const items = (await run(rig, 0, "exec", "--name", "one", "Please work.")).map(
        (event) => (event as { item?: { type: string } }).item?.type,
      );
      for (const type of ["agent_message", "command_execution", "file_change"]) expect(items).toContain(type);
      const id = rig.id();
      const [queued] = (await run(rig, 0, "queue", "one", "And this.")) as [{ followUp: string }];
      await run(rig, 0, "queue", "one", "--steer", "Now.");
      writeFileSync(join(rig.sessionFolder(id), "inbox", `${queued.followUp.slice(0, -4)}0000.json`), "{");
      mkdirSync(join(rig.sessionFolder(id), "inbox", "dead"), { mode: 0o700 });
      const dead = { id: queued.followUp, at: 1, text: "x", mode: "followup", why: "it is empty" };
      writeFileSync(
        join(rig.sessionFolder(id), "inbox", "dead", `${queued.followUp.slice(0, -4)}1111.json`),
        JSON.stringify({ ...dead, id: `${queued.followUp.slice(0, -4)}1111` }),
      );
      expect(await run(rig, 0, "queue", "list", "one")).toMatchObject([
        { queued: [{}, {}], dead: [{}], unreadable: [{}] },
      ]);
      await run(rig, 0, "queue", "drop", "one", `${queued.followUp.slice(0, -4)}0000`);
      expect(typesOf(await run(rig, 0, "resume", "one"))).toContain("followup.delivered");
      await run(rig, 0, "exec", "resume", "one", "More.", "--amend", "Be brief.");
      await run(rig, 0, "resume", "one", "--from-step", "2", "Again.");
      appendFileSync(join(rig.sessionFolder(id), "log.jsonl"), "not a line\ntorn");
      expect(await run(rig, 0, "show", "one")).toMatchObject([
        { id, damage: [{}, {}], followUps: { dead: 1 } },
      ]);
      await run(rig, 0, "show", "--last", "--request", "--steps", "100");
      await run(rig, 0, "name", "one", "two");
      await run(rig, 2, "archive", "two", "nobody");
      await run(rig, 0, "sessions", "--archived", "--search", "work");
      await run(rig, 0, "unarchive", "two");
      await run(rig, 0, "fork", "two", "--from-step", "2");
      await run(rig, 0, "compact", "two");

      const rotate = ["--no-warnings", childProgram, rig.home, rig.simulator.url, "rotate", id];
      execFileSync(process.execPath, rotate, { cwd: rig.workspace });
      expect(await run(rig, 0, "sessions", "--all")).toMatchObject([
        { sessions: [{ rotated: true }, { parent: id }] },
      ]);
      await run(rig, 0, "undo", "two");
      await run(rig, 0, "clear", "two");
      await run(rig, 0, "clear", "two", "--scrub");
      await run(rig, 0, "purge");
      await run(rig, 0, "delete", id);
      await run(rig, 0, "purge", "--yes", "--with-relatives");
    }));

  it("of turns that are cut, limited, refused and repaired is as documented", () =>
    withRig(
      {
        ...scenario,
        fault: [
          { kind: "cut", request: 1, after: "text" },
          { kind: "usage-limit", request: 3, resets_in: "2s" },
        ],
      } as ScenarioInput,
      async (rig) => {
        expect(typesOf(await run(rig, 0, "exec", "One."))).toContain("session.attempt_failed");
        expect(await run(rig, 4, "resume", "--last", "Two.")).toContainEqual(
          expect.objectContaining({ type: "turn.failed" }),
        );
        expect(typesOf(await run(rig, 0, "resume", "--last", "--wait"))).toContain("turn.completed");
        rig.simulator.rotateKey();
        expect(typesOf(await run(rig, 0, "resume", "--last", "Three."))).toContain("session.recovered");
      },
    ));

  it("of a session that is in use names its owner, also to lists and plans", () =>
    withRig({ ...scenario, fault: [{ kind: "silent", after: "text", for: "170s" }] }, async (rig) => {
      const working = rig.start(["exec", "One.", "--json"]);
      try {
        await until(() => rig.simulator.requests.length > 0, "the request");
        const id = rig.id();
        const { pid } = working;
        expect(await run(rig, 3, "resume", id)).toMatchObject([
          { type: "error", class: "lease-held", data: { owner: { pid } } },
        ]);
        expect(await run(rig, 0, "sessions")).toMatchObject([{ sessions: [{ holder: { pid } }] }]);
        expect(await run(rig, 0, "show", id)).toMatchObject([{ holder: { pid } }]);
        expect(await run(rig, 0, "purge")).toMatchObject([{ wouldDelete: [{ holder: { pid } }] }]);
        expect(await run(rig, 3, "purge", "--yes")).toMatchObject([{ left: [{ class: "lease-held" }] }]);
      } finally {
        working.child.kill("SIGKILL");
        expectHeld(["exec"], (await working.ended).out);
      }
    }));

  it("of errors is an object too, whatever is wrong", () =>
    withRig(scenario, async (rig) => {
      const wrong = [
        ["show", "nobody"],
        ["show"],
        ["nosuch"],
        ["sessions", "--nosuch"],
        ["sessions", "--since", "soon"],
        ["queue", "nobody"],
        ["name", "a", "b", "c"],
        ["exec", "--provider", "nobody", "x"],
        ["simulate", "--listen", "x"],
        ["completion", "tcsh"],
      ];
      for (const words of wrong)
        expect(await run(rig, 2, ...words), words.join(" ")).toMatchObject([{ schema: 1, type: "error" }]);
    }));

  it("of the servers, the completion and what is taken over from Codex is as documented", () =>
    withRig(scenario, async (rig) => {
      await run(rig, 0, "completion", "bash");
      const words = await rig.run(["completion", "words", "--json", "--", "sess"]);
      expect(expectHeld(["completion"], words.out)).toMatchObject([
        { words: [{ word: "sessions" }], files: false },
      ]);
      const codex = fileURLToPath(new URL("../../src/foreign/codex/fixtures/0.36.0", import.meta.url));
      const [rollout] = listRollouts(codex);
      const [{ session }] = (await run(rig, 0, "import", rollout!.path)) as [{ session: string }];
      await run(rig, 0, "show", session);
      await run(rig, 0, "export", session, "--format", "codex", "--output", join(rig.workspace, "out.jsonl"));
      await run(rig, 0, "export", session, "--output", join(rig.workspace, "out.md"));
      cpSync(codex, join(rig.folder, "codex"), { recursive: true });
      expect(JSON.stringify(await run(rig, 0, "sessions", "--codex", "--all"))).toContain('"origin":"codex"');
      const [own] = listRollouts(join(rig.folder, "codex"));
      appendFileSync(own!.path, Buffer.alloc(100));
      expect(await run(rig, 1, "doctor", "--error", "stream disconnected before completion")).toMatchObject([
        { needRepair: 1 },
      ]);
      expect(await run(rig, 0, "repair", own!.path)).toMatchObject([{ state: "would" }]);
      expect(await run(rig, 0, "repair", own!.path, "--write")).toMatchObject([{ state: "done" }]);
      expect(await run(rig, 0, "repair", own!.path, "--undo")).toMatchObject([{ state: "undone" }]);
      await run(rig, 0, "gateway", "--codex-config");
      await run(rig, 0, "gateway", "install-codex");
      for (const command of ["simulate", "gateway"]) {
        const server = rig.start([command, "--json", "--listen", "0"]);
        await until(() => server.printed().includes("\n"), "the address");
        server.child.kill("SIGINT");
        const { out, status } = await server.ended;
        expect(status).toBe(0);
        expect(expectHeld([command], out)).toMatchObject([{ url: expect.stringMatching(/^http:/u) }]);
      }
    }));

  it("of the demo is as documented, and its evidence holds", () =>
    withRig(scenario, async (rig) => {
      expect((await run(rig, 0, "demo")).at(-1)).toMatchObject({ type: "demo.ended", failed: 0 });
    }));
});
