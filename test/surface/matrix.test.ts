// Every command that takes a session, on a session in every state that one can be in: it works, or says exactly why not.
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folderStore } from "../../src/store/folder/folder-store.ts";
import { asNobody, cannotBecomeNobody, isRoot, nobody } from "../kit/as-user.ts";
import { inProcess, type Said } from "../kit/in-process.ts";
import { withRig } from "../kit/rig.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "throughline-matrix-")));
const base = join(root, "base");
const [workspace, elsewhere] = [join(root, "workspace"), join(root, "elsewhere")];
const simulated = ["--provider", "simulator"];
let id = "";

const folderIn = (home: string): string => {
  const sessions = join(home, "sessions");
  return join(sessions, readdirSync(sessions)[0]!, id);
};
const logIn = (home: string): string => join(folderIn(home), "log.jsonl");
const textOf = (home: string): string => (existsSync(logIn(home)) ? readFileSync(logIn(home), "latin1") : "");
const run = (home: string, ...words: string[]): Promise<Said> => inProcess(home, workspace, words);

beforeAll(async () => {
  for (const folder of [workspace, elsewhere]) mkdirSync(folder);
  expect((await run(base, "exec", ...simulated, "--name", "it", "Hello.")).status).toBe(0);
  const sessions = join(base, "sessions");
  id = readdirSync(join(sessions, readdirSync(sessions)[0]!))[0]!;
  expect((await run(base, "resume", "it", "More.")).status).toBe(0);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const commands = {
  show: () => ["show", id],
  "show --request": () => ["show", id, "--request"],
  fork: () => ["fork", id],
  name: () => ["name", id, "another"],
  resume: () => ["resume", id, "Again."],
  clear: () => ["clear", id],
  "clear --scrub": () => ["clear", id, "--scrub"],
  queue: () => ["queue", id, "Later."],
  archive: () => ["archive", id],
  unarchive: () => ["unarchive", id],
  delete: () => ["delete", id],
  purge: () => ["purge", "--yes"],
  "purge ID": () => ["purge", id, "--yes"],
} as const;
type Name = keyof typeof commands;
const names = Object.keys(commands) as Name[];

/** What a command that doesn't work says; one that is not named works. */
type Refusals = Partial<Record<Name, readonly [status: number, words: RegExp]>>;

interface State {
  make(home: string): unknown;
  refused?: Refusals;
  /** The folder in which the command is called. */
  from?: string;
}

const rewritten =
  (change: (log: string) => string) =>
  (home: string): void =>
    writeFileSync(logIn(home), change(readFileSync(logIn(home), "utf8")));

/** The log as a newer version would have written it, checksums included. */
const newer = (log: string): string =>
  log.replaceAll(/^.{18}(.*)$/gmu, (_line, rest: string) => {
    const checked = rest.replaceAll('"schema":1', '"schema":90');
    return `{"crc":"${crc32(checked).toString(16).padStart(8, "0")}",${checked}`;
  });

const all = (which: readonly Name[], status: number, words: RegExp): Refusals =>
  Object.fromEntries(which.map((name) => [name, [status, words]]));

/** What needs to read the log, or to write to it. */
const working: readonly Name[] = ["show --request", "fork", "name", "resume", "clear", "clear --scrub"];
const unknownAge: Refusals = { purge: [0, /^left ID: it can't be read.*throughline delete ID$/mu] };
const noSession: Refusals = {
  ...all(
    [...working, "queue"],
    1,
    /holds no event of a session.*throughline archive ID.*throughline delete ID \[session-damaged/u,
  ),
  ...unknownAge,
};

const states: Readonly<Record<string, State>> = {
  healthy: { make: () => undefined },
  "with garbage in the middle of its log": {
    make: rewritten((log) => log.split("\n").with(5, "\u0001garbage").join("\n")),
  },
  "without the head of its log": { make: rewritten((log) => `garbage\n${log.slice(log.indexOf("\n") + 1)}`) },
  "with a torn last line": { make: rewritten((log) => `${log}{"crc":"00`) },
  "with a block of NUL at its end": { make: rewritten((log) => log + "\0".repeat(4_096)) },
  "of nothing but NUL": { make: rewritten(() => "\0".repeat(4_096)), refused: noSession },
  "with an empty log": { make: rewritten(() => ""), refused: noSession },
  "with another program's log": { make: rewritten(() => "12:00 started\n12:01 ended\n"), refused: noSession },
  "without a log": {
    make: (home) => rmSync(logIn(home)),
    refused: {
      ...all(
        ["show", "queue", ...working],
        1,
        /log\.jsonl is missing.*throughline delete ID \[session-damaged/u,
      ),
      ...unknownAge,
    },
  },
  "of a newer version": {
    make: rewritten(newer),
    refused: {
      ...all(
        ["show", ...working],
        2,
        /schema 90, this version reads up to 1.*Update Throughline.*\[schema-newer/u,
      ),
      ...unknownAge,
    },
  },
  cleared: { make: (home) => run(home, "clear", id) },
  scrubbed: { make: (home) => run(home, "clear", id, "--scrub") },
  archived: { make: (home) => run(home, "archive", id) },
  "of another workspace": {
    make: () => undefined,
    from: elsewhere,
    refused: {
      resume: [2, /belongs to WORKSPACE, not to .*cd '?WORKSPACE.*--here\. \[session-elsewhere/u],
      purge: [0, /^No session was deleted\.$/mu],
    },
  },
  "in use": {
    make: async (home) => {
      const store = folderStore(home, { version: "0" });
      const log = await store.acquire(id, { record: () => undefined }, { doing: "thinking hard" });
      return async () => {
        await log.release();
        await store.close();
      };
    },
    refused: all(
      ["name", "resume", "clear", "clear --scrub", "archive", "unarchive", "delete", "purge", "purge ID"],
      3,
      new RegExp(`in use by process ${process.pid} on .* since .*thinking hard.*--force`, "u"),
    ),
  },
};

const ofCodex = "01a1fad9-fbbf-7581-899f-eaca2438692f";

describe("a session of Codex's", () => {
  const refusal =
    /session of Codex's own, .+rollout-\S+, which is only read here.*throughline import 01a1fad9-[^]*\[session-missing/u;
  it.each(names.filter((name) => name !== "resume" && name !== "purge"))(
    "is left as it is by %s, which says whose it is and how it is taken over",
    async (name) => {
      const home = mkdtempSync(join(root, "home-"));
      const codex = mkdtempSync(join(root, "codex-"));
      cpSync(new URL("../../src/foreign/codex/fixtures/0.130.0", import.meta.url), codex, {
        recursive: true,
      });
      const files = (): string[] => readdirSync(codex, { recursive: true, encoding: "utf8" }).toSorted();
      const before = files();
      const words = commands[name]().map((word) => (word === id ? ofCodex : word));
      const { status, err } = await inProcess(home, workspace, words, codex);
      expect([status, err]).toEqual([2, expect.stringMatching(refusal)]);
      expect(files()).toEqual(before);
    },
  );
});

/** What says that it was done; of the others it is seen elsewhere. */
const done: Partial<Record<Name, RegExp>> = {
  name: /^session ID is "another"/mu,
  clear: /^session ID is cleared: its log keeps what was said\. /mu,
  "clear --scrub": /^session ID is scrubbed: only its metadata is kept/mu,
  queue: /^queued [0-9a-f-]{36} for session ID/mu,
  archive: /^session ID is archived/mu,
  unarchive: /^session ID is in the list again/mu,
  delete: /^deleted session ID \(\d+ bytes\)$/mu,
  purge: /^deleted session ID \(\d+ bytes\)$/mu,
  "purge ID": /^deleted session ID \(\d+ bytes\)$/mu,
};

describe.each(Object.entries(states))("a session %s", (_, { make, refused = {}, from = workspace }) => {
  it.each(names)("is taken by %s, or it says why not", async (name) => {
    const home = mkdtempSync(join(root, "home-"));
    cpSync(base, home, { recursive: true });
    const undo = await make(home);
    const before = textOf(home);
    const folder = folderIn(home);
    try {
      const { status, out, err } = await inProcess(home, from, commands[name]());
      const said = `${out}${err}`.replaceAll(id, "ID").replaceAll(workspace, "WORKSPACE");
      expect(said).not.toMatch(/unexpectedly|\n\s+at |undefined|\[object|NaN|ENOENT|20\d{3} days/u);
      const expected = refused[name];
      expect([status, err], said).toEqual([expected?.[0] ?? 0, err]);
      if (!expected) {
        expect(said).toMatch(done[name] ?? /./u);
        if (/delete|purge/u.test(name)) expect(existsSync(folder)).toBe(false);
        return;
      }
      expect(said).toMatch(expected[1]);
      // What is refused is left as it is; who had to read the log first has taken its lease for that, which is a line of its own.
      expect(textOf(home).startsWith(before)).toBe(true);
      expect(textOf(home).slice(before.length)).toMatch(
        name === "resume" ? /^(?:.*"type":"lease-taken".*\n)?$/u : /^$/u,
      );
    } finally {
      if (typeof undo === "function") await (undo as () => Promise<void>)();
      rmSync(home, { recursive: true });
    }
  });
});

function eachPath(folder: string, act: (path: string, isFolder: boolean) => void): void {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true }))
    act(join(entry.parentPath, entry.name), entry.isDirectory());
  act(folder, true);
}

describe("a session in a home without the right to write", () => {
  it(
    // Root may write everywhere, so that it works as somebody else, who owns the home.
    "is shown, listed and searched, and all else says which right is missing",
    (test) => {
      const why = cannotBecomeNobody();
      if (why !== undefined) return test.skip(why);
      return withRig({}, async (rig) => {
        cpSync(base, rig.home, { recursive: true });
        if (isRoot) {
          execFileSync("chown", ["-R", `${nobody}:${nobody}`, rig.folder]);
          chmodSync(rig.folder, 0o755);
        }
        eachPath(rig.home, (path, isFolder) => chmodSync(path, isFolder ? 0o500 : 0o400));
        try {
          const before = readFileSync(logIn(rig.home));
          const options = isRoot ? { prefix: asNobody } : {};
          const looks = [
            ["show", id],
            ["sessions", "--all", "--search", "hello"],
            ["show", id, "--request"],
            ["queue", "list", id],
          ];
          for (const words of looks) {
            const { status, err } = await rig.run(words, options);
            expect([status, words], err).toEqual([0, words]);
          }
          const changes = names.filter((name) => !name.startsWith("show") && name !== "purge");
          await Promise.all(
            changes.map(async (name) => {
              const { status, err } = await rig.run(
                [...commands[name](), ...(name === "resume" ? ["--here"] : [])],
                options,
              );
              expect([name, status], err).toEqual([name, 1]);
              expect(err, name).toMatch(/can't be written \(EACCES\)[^]*\[store-read-only/u);
              expect(err, name).not.toMatch(/\n\s+at /u);
            }),
          );
          expect(readFileSync(logIn(rig.home)).equals(before)).toBe(true);
        } finally {
          eachPath(rig.home, (path, isFolder) => chmodSync(path, isFolder ? 0o700 : 0o600));
        }
      });
    },
  );
});
