// What Codex has summarised in words stands in the person's name, and is told as a summary wherever people look.
import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import type { JsonObject } from "../../src/lib/json.ts";
import { step, turn } from "../../src/simulator/server.ts";
import { withRig } from "../kit/rig.ts";

const fixtures = fileURLToPath(new URL("../../src/foreign/codex/fixtures/", import.meta.url));

it.each([
  ["0.58.0", "01a1fac2-a9b4", 0],
  ["0.36.0", "b222cf5a-7901", 0],
  ["0.130.0", "01a1fac7-28f0", 0],
  ["0.169.0", "01a1fab7-6525", 1],
])("a summary that %s wrote is no prompt of the person's", (version, thread, givenAtFirst) => {
  const scenario = {
    turn: [turn(/summary of this transcript/, step("SUMMARY: again.")), turn(/./, step("Done."))],
  };
  return withRig(scenario, async (rig) => {
    const home = join(rig.folder, "codex");
    cpSync(join(fixtures, version), home, { recursive: true });
    const words = "Another language model started";
    const { session } = JSON.parse((await rig.run(["import", thread, "--json"])).out) as { session: string };
    const shown = (await rig.run(["show", session, "--json"])).out;
    const { items } = JSON.parse(shown) as { items: { kind: string; text: string }[] };
    const asked = items.flatMap(({ kind, text }) => (kind === "prompt" ? [text] : []));
    expect(asked).toContain("read a.txt");
    expect(asked.join()).not.toContain(words);

    const page = (await rig.run(["export", session])).out;
    expect(page).toContain(`## Summary\n\n${words}`);
    expect(page).not.toContain(`## You\n\n${words}`);

    const out = join(rig.folder, "out.jsonl");
    await rig.run(["export", session, "--format", "codex", "-o", out]);
    const lines = readFileSync(out, "utf8").trimEnd().split("\n");
    const written = lines.map((line) => JSON.parse(line) as { payload: JsonObject });
    const told = written.flatMap(({ payload: { type, message } }) =>
      type === "user_message" ? [message] : [],
    );
    expect(told.join()).not.toContain(words);
    expect(lines.join("\n"), "Codex's model is told it").toContain(words);

    const run = await rig.run(["resume", session, "what did we do?", "--here"]);
    expect(run.status, run.err).toBe(0);
    expect(JSON.stringify(rig.simulator.requests.at(-1))).toContain(words);
    expect((await rig.run(["compact", session])).status).toBe(0);
    const request = JSON.stringify(rig.simulator.requests.at(-1));
    expect(request).toContain(`[summary of what came before]\\n${words}`);
    const [month] = readdirSync(join(rig.home, "sessions"));
    const log = readFileSync(join(rig.home, "sessions", month!, session, "log.jsonl"), "utf8");
    const summary = log.split("\n").find((line) => line.includes('"history-compacted"'))!;
    expect(summary.includes("[Given at the beginning of the session]")).toBe(givenAtFirst > 0);
  });
});
