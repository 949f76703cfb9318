// One blob among good ones that can't be opened, at every place, and a key that is gone, against the independent upstream.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "vitest";
import { type Desk, openDesk } from "./desk.ts";
import { FernetKey } from "./fernet.ts";
import type { Recorded } from "./upstream.ts";

const all = ["--approval", "all"];
const blobs = (request: Recorded | undefined): string[] =>
  (request?.input ?? []).flatMap((item) =>
    typeof item["encrypted_content"] === "string" ? [item["encrypted_content"]] : [],
  );
const outcomes = (desk: Desk): string[] =>
  desk.upstream.requests.map(({ outcome }) => outcome.split(":")[0] ?? "");

/** A turn with four sealed items, of which three were sent back and accepted. */
async function sealedThrice(desk: Desk): Promise<string[]> {
  desk.upstream.script(
    "first",
    [{ run: "echo 1" }],
    [{ run: "echo 2" }],
    [{ run: "echo 3" }],
    [{ say: "Three." }],
  );
  await desk.run(["exec", ...all, "first"]);
  const sent = blobs(desk.upstream.requests.at(-1));
  if (sent.length !== 3) throw new Error(`${sent.length} sealed items`);
  desk.upstream.requests.length = 0;
  return sent;
}

/** Another character in the middle of a blob, as the log has it. */
function damageInLog(desk: Desk, blob: string): void {
  const path = join(desk.session(), "log.jsonl");
  const log = readFileSync(path, "latin1");
  const middle = log.indexOf(blob) + Math.floor(blob.length / 2);
  writeFileSync(
    path,
    `${log.slice(0, middle)}${log[middle] === "A" ? "B" : "A"}${log.slice(middle + 1)}`,
    "latin1",
  );
}

describe.concurrent("a blob that can't be opened", () => {
  it.for([
    [0, "coded"],
    [1, "coded"],
    [2, "coded"],
    [0, "xai"],
    [1, "xai"],
  ] as const)(
    "number %i, because the log was damaged (%s), is set aside alone in two requests",
    async ([place, wording], { expect, onTestFinished }) => {
      const desk = await openDesk(onTestFinished);
      desk.upstream.wording = wording;
      const sent = await sealedThrice(desk);
      damageInLog(desk, String(sent[place]));
      const run = await desk.run(["exec", "resume", "--last", ...all, "second"]);
      expect(run, run.err).toMatchObject({ status: 0 });
      expect(outcomes(desk)).toEqual(["refused", "answered"]);
      expect(run.err).toMatch(/^\+ .*1 item set aside/mu);
      const good = sent.filter((_, at) => at !== place);
      expect(blobs(desk.upstream.requests[1]).slice(0, -1)).toEqual(good);
      await desk.run(["exec", "resume", "--last", ...all, "third"]);
      expect(outcomes(desk)).toEqual(["refused", "answered", "answered"]);
      expect(blobs(desk.upstream.requests[2]).slice(0, 2)).toEqual(good);
    },
  );

  it.for([1, 2])(
    "number %i, which the provider alone knows why it refuses, is set aside alone in two requests",
    async (place, { expect, onTestFinished }) => {
      const desk = await openDesk(onTestFinished);
      const sent = await sealedThrice(desk);
      desk.upstream.spoiled.add(String(sent[place]));
      const run = await desk.run(["exec", "resume", "--last", ...all, "second"]);
      expect(run, run.err).toMatchObject({ status: 0 });
      expect(outcomes(desk)).toEqual(["refused", "answered"]);
      expect(blobs(desk.upstream.requests[1]).slice(0, -1)).toEqual(sent.filter((_, at) => at !== place));
    },
  );

  it("the first one, which was accepted and hasn't changed, takes the others along, and the words claim no more than that", async ({
    expect,
    onTestFinished,
  }) => {
    const desk = await openDesk(onTestFinished);
    const sent = await sealedThrice(desk);
    desk.upstream.spoiled.add(String(sent[0]));
    const run = await desk.run(["exec", "resume", "--last", ...all, "second"]);
    expect(run, run.err).toMatchObject({ status: 0 });
    expect(outcomes(desk)).toEqual(["refused", "answered"]);
    expect(blobs(desk.upstream.requests[1])).toEqual([]);
    expect(run.err).toMatch(/^\+ .*4 items set aside.*one of them was refused, as when/mu);
  });

  it("and all others, because the key is gone, costs two requests", async ({ expect, onTestFinished }) => {
    const desk = await openDesk(onTestFinished);
    await sealedThrice(desk);
    desk.upstream.rotate();
    const run = await desk.run(["exec", "resume", "--last", ...all, "second"]);
    expect(run, run.err).toMatchObject({ status: 0 });
    expect(outcomes(desk)).toEqual(["refused", "answered"]);
    expect(run.err).toMatch(/^\+ .*4 items set aside/mu);
    await desk.run(["exec", "resume", "--last", ...all, "third"]);
    expect(outcomes(desk)).toHaveLength(3);
  });
});

describe("what is sealed in a tool's output of a session that Codex began", () => {
  it("and whose key is gone costs one refused request, and the rest of the output stays", async ({
    expect,
    onTestFinished,
  }) => {
    const desk = await openDesk(onTestFinished);
    const codex = join(desk.work, "..", ".codex");
    const id = "01a1fd7f-7f19-7713-9a44-8f943967cbfd";
    const timestamp = "2026-11-21T09:45:53.780Z";
    const gone = new FernetKey();
    const said = (role: string, type: string, text: string): object => ({
      type: "message",
      role,
      content: [{ type, text }],
    });
    const output = [
      { type: "input_text", text: "note 1" },
      { type: "encrypted_content", encrypted_content: gone.seal("the sealed half of a note") },
    ];
    const items = [
      said("user", "input_text", "read it"),
      { type: "reasoning", summary: [], encrypted_content: gone.seal("so many words that nobody sees") },
      { type: "function_call", call_id: "call_a", name: "read_note", arguments: "{}" },
      { type: "function_call_output", call_id: "call_a", output },
      { ...said("assistant", "output_text", "Read."), encrypted_content: gone.seal("the answer once more") },
    ];
    const header = {
      id,
      timestamp,
      cwd: desk.work,
      originator: "codex_exec",
      cli_version: "0.169.0",
      model_provider: "lab",
    };
    const lines = [
      { timestamp, type: "session_meta", payload: header },
      ...items.map((payload) => ({ timestamp, type: "response_item", payload })),
    ];
    mkdirSync(join(codex, "sessions"), { recursive: true });
    const path = join(codex, "sessions", `rollout-2026-11-21T09-45-53-${id}.jsonl`);
    writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    const provider = `[model_providers.lab]\nbase_url = "${desk.upstream.url}"\nenv_key = "OPENAI_API_KEY"\n`;
    writeFileSync(join(codex, "config.toml"), provider);
    for (const prompt of ["second", "third"]) desk.upstream.script(prompt, [{ say: "Done." }]);

    expect((await desk.run(["exec", "resume", id, ...all, "second"])).status).toBe(0);
    expect((await desk.run(["exec", "resume", id, ...all, "third"])).status).toBe(0);
    expect(outcomes(desk)).toEqual(["refused", "answered", "answered"]);
    const [first, healed] = desk.upstream.requests.map(({ raw }) => raw);
    expect(first?.match(/"encrypted_content":/gu)).toHaveLength(3);
    expect(healed).not.toContain('encrypted_content":');
    for (const words of ["read it", "note 1", "[Sealed content stood here.", "read_note", "Read."])
      expect(healed).toContain(words);
  });
});
