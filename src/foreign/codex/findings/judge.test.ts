import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { codexRollouts, codexVersions } from "../../../../test/kit/codex-home.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { diagnose } from "../diagnose.ts";
import { examine } from "../examine/examine.ts";
import type { FindingKind } from "./catalogue.ts";
import { type Finding, needsRepair } from "./finding.ts";
import { formatTime } from "../../../lib/date.ts";
import { judge } from "./judge.ts";

const now = Date.parse("2026-11-21T12:00:00Z");
const fixtures = codexVersions.flatMap((version) => codexRollouts(version));
const root = temporaryFolder();

async function judged(path: string): Promise<Finding[]> {
  return judge(await examine(path), { path, now });
}

const source = fixtures.find(({ path }) => path.includes("/0.58.0/"))!;
const name = basename(source.path);
const text = readFileSync(source.path, "utf8");

/** A sub-agent's source, with these members more. */
const spawned = (more: string): string =>
  `"source":{"subagent":{"thread_spawn":{"parent_thread_id":"01a1fab7-6ca0-7000-8000-000000000000"${more}}}}`;

/** Versions before 0.130 don't say when a turn begins. */
function unclosed(): string {
  const { path } = fixtures.find((file) => file.path.includes("/0.130.0/"))!;
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.filter((line) => !/"(?:task_complete|turn_complete|turn_aborted)"/u.test(line)).join("\n");
}

async function kinds(content: string | Buffer, as = name): Promise<FindingKind[]> {
  const path = join(root, as);
  writeFileSync(path, content);
  return (await judged(path)).map(({ kind }) => kind);
}

describe("an examination of a rollout", () => {
  it("says of sessions of before 0.34 that later versions read none of them", async () => {
    for (const { path } of fixtures)
      expect(
        (await judged(path)).some(({ kind }) => kind === "old-lines"),
        path,
      ).toBe(path.includes("/0.29.0/"));
  });

  it("finds nothing to repair in what the real CLI wrote, but for calls that it left without output itself", async () => {
    expect(fixtures.length).toBeGreaterThan(10);
    for (const { path } of fixtures) {
      const found = (await judged(path)).filter(needsRepair);
      expect(
        found.filter(({ kind }) => kind !== "call-without-output"),
        path,
      ).toEqual([]);
    }
  });

  it.each<[string, () => string | Buffer, FindingKind, string?]>([
    ["nothing", () => "", "empty-file"],
    ["something else", () => "PK\u0003\u0004 not a rollout\nat all\n", "not-a-rollout"],
    [
      "lines of JSON that another agent or program wrote",
      () =>
        [
          { type: "user", uuid: "5d1f0c1e", timestamp: "2026-11-20T10:00:00Z", message: { role: "user" } },
          { type: "message", id: "5d1f0c1e", timestamp: "2026-11-20T10:00:00Z", message: {} },
          { id: "22249084947", type: "PushEvent", payload: { ref: "main" }, created_at: "2026-11-20" },
          { id: "a1", timestamp: "2026-11-20T10:00:00Z", level: "info" },
        ]
          .map((line) => `${JSON.stringify(line)}\n`)
          .join(""),
      "not-a-rollout",
    ],
    [
      "a git-lfs pointer",
      () => "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
      "git-lfs-pointer",
    ],
    [
      "an id that is too long to be followed",
      () => text.replace(/"call_id":"/u, `$&${"x".repeat(2 ** 20)}`),
      "ids-left-out",
    ],
    ["CRLF", () => text.replaceAll("\n", "\r\n"), "carriage-returns"],
    [
      "a name of another session",
      () => text,
      "name-differs",
      name.replace(/[0-9a-f]{12}\.jsonl$/u, "0123456789ab.jsonl"),
    ],
    [
      "half of a surrogate pair, in large letters too",
      () => text.replace(/"type":"input_text","text":"/gu, String.raw`$&\uD83D `),
      "lone-surrogate",
    ],
    [
      "half of a surrogate pair in a line that is not parsed",
      () => text.replace(/"type":"function_call_output",/u, String.raw`$&"x":"\uD83D",`),
      "lone-surrogate",
    ],
    ["a turn that was never closed", () => unclosed(), "turn-open"],
    [
      "an id that is a path",
      () => text.replace(/"id":"[^"]+"/u, '"id":"../../../../../tmp/0123456789abcdef0123"'),
      "header-broken",
    ],
    ...(
      [
        ["a time that is a number", /"timestamp":"[^"]+"/u, '"timestamp":1772621481.875'],
        ["no time", /"timestamp":"[^"]+",/u, ""],
        ["a folder that is null", /"cwd":"[^"]+"/u, '"cwd":null'],
        ["instructions that are a text", /"cwd":/u, '"base_instructions":"be brief","cwd":'],
        ["no known thread that it was forked from", /"cwd":/u, '"forked_from_id":"the-first","cwd":'],
        ["a source that is null", /"source":"exec"/u, '"source":null'],
        ["a window without an id", /"cwd":/u, '"context_window":272000,"cwd":'],
        ["a commit that is a number", /\}\}\n/u, ',"git":{"commit_hash":7}}}\n'],
        [
          "a sub-agent's path that was blacked out",
          /"source":"exec"/u,
          spawned(',"depth":1,"agent_path":"[X]"'),
        ],
        ["a sub-agent without a depth", /"source":"exec"/u, spawned("")],
        ["a sub-agent of an unknown kind", /"source":"exec"/u, '"source":{"subagent":"painter"}'],
        ["a source that says less than it has to", /"source":"exec"/u, '"source":"subagent"'],
        ["a tool that is a word", /"cwd":/u, '"dynamic_tools":["look"],"cwd":'],
        ["a folder that is a number", /"cwd":/u, '"runtime_workspace_roots":[7],"cwd":'],
        ["a folder that was blacked out", /"cwd":/u, '"runtime_workspace_roots":["[X]"],"cwd":'],
        ["a sub-agent that is too deep", /"source":"exec"/u, spawned(',"depth":2147483648')],
        [
          "a sub-agent by the root's name",
          /"source":"exec"/u,
          spawned(',"depth":1,"agent_path":"/root/a/root"'),
        ],
        ["a sub-agent of a type that is no text", /"source":"exec"/u, spawned(',"depth":1,"agent_type":7')],
        ["roots that are words", /"cwd":/u, '"selected_capability_roots":["look"],"cwd":'],
        ["a thread that is attached to another", /"cwd":/u, '"attached_thread":null,"cwd":'],
        ["an unknown version of sub-agents", /"cwd":/u, '"multi_agent_version":"[X]","cwd":'],
        ["instructions without words", /"cwd":/u, '"base_instructions":{},"cwd":'],
      ] as const
    ).map(([what, from, to]): [string, () => string, FindingKind] => [
      `a first line with ${what}`,
      () => text.replace(from, to),
      "header-broken",
    ]),
    [
      "a history of an unknown kind",
      () => text.replace(/"cwd":/u, '"history_mode":"sparse","cwd":'),
      "history-mode-unknown",
    ],
    [
      "a cut blob",
      () => text.replace(/("encrypted_content":"gAAAA[^"]{40})[^"]+"/u, '$1…"'),
      "seal-malformed",
    ],
    ["a compressed file", () => zstdCompressSync(text), "compressed", `${name}.zst`],
    [
      "a compressed file that was cut",
      () => zstdCompressSync(text).subarray(0, 2_000),
      "broken-archive",
      `${name}.zst`,
    ],
  ])("names %s", async (_what, content, kind, as) => {
    expect(await kinds(content(), as)).toContain(kind);
  });

  it.each([
    '"source":"somewhere"',
    '"source":{"subagent":"review"}',
    '"source":{"subagent":{"compact":null}}',
    '"source":{"subagent":{"other":"painter"}}',
    '"source":{"internal":"guardian"}',
    '"source":{"custom":"an app"}',
    spawned(',"depth":2,"agent_path":"/root/a_1","agent_nickname":"Ada","agent_role":null'),
    '"source":"exec","dynamic_tools":[{"name":"look","description":"","inputSchema":{}}]',
    '"source":"exec","dynamic_tools":[{"type":"namespace","name":"eyes","description":"","tools":[]}]',
    '"source":"exec","runtime_workspace_roots":["/a"],"selected_capability_roots":[],"creator_user_id":null',
    '"source":"exec","dynamic_tools":[{"name":"look","description":"","inputSchema":{},"deferLoading":null}]',
    '"source":"exec","selected_capability_roots":[{"id":"a","location":{"type":"environment","environmentId":"b","path":"/a"}}]',
    '"source":"exec","runtime_workspace_roots":["C:\\\\a"],"attached_thread":true,"multi_agent_version":"disabled"',
    '"source":{"orbit":{"at":1}},"attached_thread":{},"dynamic_tools":["look"],"cli_version":"0.170.0"',
  ])("finds a first line with %s whole", async (members) => {
    const said = members.includes("cli_version") ? text.replace(/"cli_version":"[^"]+",/u, "") : text;
    expect(await kinds(said.replace(/"source":"exec"/u, members))).not.toContain("header-broken");
  });

  it("says of a history of an unknown kind that a newer version wrote that nothing has to be done", async () => {
    const severities = ["0.58.0", "0.169.0", "0.170.0", "1.0.0"].map(async (version) => {
      const path = join(root, `${version}.jsonl`);
      const first = `"history_mode":"sparse","cli_version":"${version}"`;
      writeFileSync(path, text.replace(/"cli_version":"[^"]+"/u, first));
      return (await judged(path)).find(({ kind }) => kind === "history-mode-unknown")?.severity;
    });
    expect(await Promise.all(severities)).toEqual(["broken", "broken", "note", "note"]);
  });

  it.each<[string, string | Buffer, FindingKind]>([
    ["a byte order mark", `\uFEFF${text}`, "byte-order-mark"],
    ["a first line that was cut", text.slice(20), "header-broken"],
    ["a first line that is gone", text.slice(text.indexOf("\n") + 1), "header-missing"],
    ["a byte that is no text", Buffer.from(text.replace('"text":"', "$&\u00FF"), "latin1"), "invalid-utf8"],
    ["a last line that is torn", `${text}{"timestamp":"2026`, "torn-tail"],
    ["a last line without its end", text.trimEnd(), "no-final-newline"],
    ["NULs at the end", `${text}${"\0".repeat(500)}`, "nul-tail"],
  ])("tells of %s, and of nothing else to be mended", async (_what, content, kind) => {
    writeFileSync(join(root, name), content);
    const found = (await judged(join(root, name))).filter(needsRepair);
    expect(found.map((one) => one.kind)).toEqual([kind]);
  });

  it.each(["thread_source", "memory_mode", "multi_agent_version"])(
    "finds nothing to repair in a first line of a newer version whose %s says more than a word, which no older one reads",
    async (member) => {
      const says = text.replace('"cwd":', `"${member}":{"a":1},$&`);
      const newer = says.replace(/"cli_version":"[^"]+"/u, '"cli_version":"0.170.0"');
      expect((await kinds(says)).includes("header-broken")).toBe(true);
      expect((await kinds(newer)).includes("header-broken")).toBe(false);
    },
  );

  it.each<[string, string, string, boolean]>([
    ["lines of another program", "history.jsonl", '{"session_id":"a","text":"b"}\n', false],
    ["a document over several lines", "settings.jsonl", '{\n  "a": 1\n}\n', false],
    ["a list in a document", "settings.json", "[1]\n", false],
    ["lines of another program, where a session should be", name, '{"session_id":"a","text":"b"}\n', true],
    ["a document where a session should be", name, '{\n  "a": 1\n}\n', true],
    ["what nobody could read", "settings.jsonl", "PK\u0003\u0004\n", true],
  ])("says of %s whether something has to be done about it", async (_what, as, content, isDamage) => {
    writeFileSync(join(root, as), content);
    const found = await judged(join(root, as));
    expect(found.map((one) => [one.kind, needsRepair(one)])).toEqual([["not-a-rollout", isDamage]]);
  });

  it.each<[string, string, (bytes: Buffer) => Buffer, string]>([
    ["packed with gzip", ".gz", gzipSync, "unpack it: gunzip FILE.gz"],
    ["packed with gzip, without its name", "", gzipSync, "unpack it: mv -n FILE FILE.gz && gunzip FILE.gz"],
    ["packed, under a plain name", "", zstdCompressSync, "mv -n FILE FILE.zst"],
    ["not packed, under the name of a packed one", ".zst", (bytes) => bytes, "mv -n FILE.zst FILE"],
  ])("says of a session that is %s what makes a rollout of it, and not that it is lost", async (...given) => {
    const [, ending, pack, mends] = given;
    const path = join(root, name);
    writeFileSync(path + ending, pack(readFileSync(fixtures[0]!.path)));
    const found = (await judged(path + ending)).find(needsRepair);
    expect(found?.mends).toMatch(new RegExp(`${mends.replaceAll("FILE", path)}$`, "u"));
  });

  it.each(["0.29.0", "0.58.0", "0.169.0"])(
    "takes calls of %s whose ids a gateway counts anew for what they are, and doubled lines for doubled",
    async (version) => {
      const { path } = fixtures.find((file) => file.path.includes(`/${version}/`))!;
      const lines = readFileSync(path, "utf8").trimEnd().split("\n");
      const isCall = (line: string): boolean => /"type":"(?:custom_tool_call|function_call)"/u.test(line);
      const outputs = lines.filter((line) => line.includes("_call_output"));
      expect(outputs.length).toBeGreaterThan(0);
      const short = (line: string): string =>
        line
          .replace(/"call_id":"[^"]+"/u, '"call_id":"call_0"')
          .replace(/"id":"(fc|fco|ctc|ctco)_[^"]+"/u, '"id":"$1_0"');
      let turn = 0;
      // The same calls once more, later, with other arguments, and with the same ids.
      const later = lines
        .filter((line) => isCall(line) || outputs.includes(line))
        .map((line) =>
          short(line)
            .replace(/T\d\d:/u, "T23:")
            .replace("echo", `echo ${turn++};`),
        )
        .map((line) => line.replace(/"ordinal":\d+/u, () => `"ordinal":${lines.length + turn++}`));
      const gateway = [...lines.map(short), ...later].map((line) => `${line}\n`).join("");
      expect(await kinds(gateway, basename(path))).not.toContain("doubled-record");
      const doubled = lines
        .flatMap((line) => [line, line])
        .map((line) => `${line}\n`)
        .join("");
      expect(await kinds(doubled, basename(path))).toContain("doubled-record");
    },
  );

  it("tells how old what is sealed is, by the seals themselves", async () => {
    const found = (await judged(source.path)).find(({ kind }) => kind === "sealed-reasoning");
    expect(found?.detail).toMatch(/^sealed \d+ h/u);
  });
});

describe("a diagnosis", () => {
  it("tells of two files that are one session, and writes nothing", async () => {
    const home = join(root, "codex");
    const paths = ["19", "20"].map((day) => join(home, "sessions", "2026", "11", day, name));
    for (const path of paths) {
      mkdirSync(join(path, ".."), { recursive: true });
      copyFileSync(source.path, path);
    }
    const found: FindingKind[][] = [];
    const options = { home: join(root, "own"), now, signal: new AbortController().signal };
    for await (const { findings } of diagnose(paths, options)) found.push(findings.map(({ kind }) => kind));
    expect(found).toHaveLength(2);
    for (const of of found) expect(of).toContain("two-files-one-id");
    for (const path of paths) expect(readFileSync(path, "utf8")).toBe(text);
  });

  it("tells the worst first: a database that can't be read, and then the name that a session needs", async () => {
    const home = join(root, "renamed");
    const path = join(home, "sessions", "2026", "11", "20", "copy.jsonl");
    mkdirSync(join(path, ".."), { recursive: true });
    const { path: written, thread } = fixtures.find((file) => file.path.includes("/0.169.0/"))!;
    copyFileSync(written, path);
    writeFileSync(join(home, "state_5.sqlite"), "no database at all\n".repeat(100));
    // Codex names files by local time, and the header has UTC.
    vi.stubEnv("TZ", "Asia/Tokyo");
    onTestFinished(() => void vi.unstubAllEnvs());
    const made = Date.parse(readFileSync(written, "utf8").slice('{"timestamp":"'.length, 33) + "Z");
    const file = `rollout-${formatTime(made + 9 * 3_600_000).slice(0, 19)}-${thread}.jsonl`;
    const detail = `rename it to ${file.replace(" ", "T").replaceAll(":", "-")}`;
    const options = { home: join(root, "own"), now, signal: new AbortController().signal };
    for await (const { findings } of diagnose([path], options))
      expect(findings.filter(needsRepair)).toMatchObject([
        { kind: "state-unreadable", detail: `${join(home, "state_5.sqlite")}: file is not a database` },
        { kind: "name-differs", detail },
      ]);
    expect.assertions(1);
  });

  it.each(["-123Z", ".123Z"])("tells a session of 0.169 in a file of another name: %s", async (more) => {
    const { path: written, thread } = fixtures.find((file) => file.path.includes("/0.169.0/"))!;
    const path = join(root, "odd", "sessions", `rollout-2026-11-20T20-47-32${more}-${thread}.jsonl`);
    mkdirSync(join(path, ".."), { recursive: true });
    copyFileSync(written, path);
    const found = judge(await examine(path), { path, now }).filter(needsRepair);
    expect(found).toMatchObject([{ kind: "name-differs", detail: expect.stringMatching(/^rename it to/u) }]);
  });

  it("tells a session of 0.169 that is a link to a file of another name, as a store of files by their digests has it", async () => {
    const { path: written } = fixtures.find((file) => file.path.includes("/0.169.0/"))!;
    const [folder, file] = [join(root, "linked", "sessions"), join(root, "SHA256E-s1--0.jsonl")];
    mkdirSync(folder, { recursive: true });
    copyFileSync(written, file);
    symlinkSync(file, join(folder, basename(written)));
    const path = join(folder, basename(written));
    const found = judge(await examine(path), { path, now }).filter(needsRepair);
    expect(found).toMatchObject([{ kind: "name-differs", detail: expect.stringContaining(file) }]);
  });

  it("tells of a database that is damaged where it isn't asked: no resume comes by it", async () => {
    const home = join(root, "damaged");
    const path = join(home, "sessions", "2026", "11", "20", name);
    mkdirSync(join(path, ".."), { recursive: true });
    copyFileSync(source.path, path);
    const file = join(home, "thread_history_1.sqlite");
    const database = new DatabaseSync(file);
    database.exec(
      "CREATE TABLE thread_turns (thread_id TEXT); CREATE TABLE _sqlx_migrations (version INTEGER)",
    );
    database.close();
    const options = { home: join(root, "own"), now, signal: new AbortController().signal };
    const details = async (): Promise<(string | undefined)[]> => {
      const told: (string | undefined)[] = [];
      for await (const { findings } of diagnose([path], options))
        for (const { kind, detail } of findings) if (kind === "state-unreadable") told.push(detail);
      return told;
    };
    expect(await details()).toEqual([]);
    const pages = readFileSync(file);
    writeFileSync(file, pages.fill(0, pages.length - 4096));
    expect(await details()).toEqual([
      expect.stringMatching(/thread_history_1\.sqlite: damaged inside: .*page 3/iu),
    ]);
  });
});
