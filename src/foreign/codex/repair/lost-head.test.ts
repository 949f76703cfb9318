import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { codexRollouts } from "../../../../test/kit/codex-home.ts";
import { judged, kindsToRepair } from "../../../../test/kit/judged.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import type { JsonObject } from "../../../lib/json.ts";
import { pinsIn } from "../examine/descendants.ts";
import { lostBase } from "../examine/lost-base.ts";
import { listRollouts } from "../home/places.ts";
import { lineageOf } from "../rollout/file/lineage.ts";
import { repairRollout } from "./repair.ts";

const root = temporaryFolder();

const now = Date.parse("2026-11-21");
const fixture = (version: string): string => codexRollouts(version)[0]!.path;
const home = join(root, "codex");
const sessions = join(home, "sessions", "2026", "11", "20");
beforeEach(() => {
  rmSync(home, { recursive: true, force: true });
  mkdirSync(sessions, { recursive: true });
});

async function repaired(name: string, content: Buffer): Promise<{ ordinal?: number; payload: JsonObject }> {
  const path = join(sessions, name);
  writeFileSync(path, content);
  const options = { home: join(root, "own"), now, seals: { which: "none" } } as const;
  await repairRollout(path, options);
  expect(await kindsToRepair(path, now)).toEqual([]);
  const [first = ""] = readFileSync(path, "utf8").split("\n");
  return JSON.parse(first) as { ordinal?: number; payload: JsonObject };
}

/** The bytes of the file, of which so many lines and some bytes of the next one are overwritten. */
function overwritten(path: string, lines: number): Buffer {
  const bytes = readFileSync(path);
  let end = 0;
  for (let line = 0; line < lines; line++) end = bytes.indexOf("\n", end) + 1;
  return bytes.fill(0, 0, end + 50);
}

describe("a first line that is lost together with lines behind it", () => {
  const path = fixture("0.169.0");

  it.each([1, 2, 5])("goes on from nothing, with %i overwritten and another one begun", async (lines) => {
    const made = await repaired(basename(path), overwritten(path, lines));
    expect(made.ordinal).toBe(0);
    expect(made.payload["history_base"]).toBeUndefined();
  });
});

describe("a first line of which only the brace is left", () => {
  it.each(["0.130.0", "0.169.0"])(
    "is made anew before the lines of %s, and none of an old document",
    async (version) => {
      const path = fixture(version);
      const content = readFileSync(path);
      const { id } = (
        JSON.parse(content.toString("utf8", 0, content.indexOf("\n"))) as { payload: JsonObject }
      ).payload;
      const made = await repaired(
        basename(path),
        Buffer.concat([Buffer.from("{"), content.subarray(content.indexOf("\n"))]),
      );
      expect(made.payload["id"]).toBe(id);
    },
  );
});

describe("a first line that doesn't say that the lines have ordinals", () => {
  // Programs that write the line anew leave out its own ordinal, too (measured: 0.169 then shows no turn).
  it.each([true, false])(
    "says it again, and all else that it said (its own ordinal is there: %s)",
    async (isNumbered) => {
      const path = fixture("0.169.0");
      const [first = "", ...lines] = readFileSync(path, "utf8").split("\n");
      const { ordinal, ...header } = JSON.parse(first) as { ordinal: number; payload: JsonObject };
      const { history_mode: mode, ...rest } = header.payload;
      const said = JSON.stringify({ ...header, ...(isNumbered && { ordinal }), payload: rest });
      const made = await repaired(basename(path), Buffer.from([said, ...lines].join("\n")));
      expect(mode).toBe("paginated");
      expect(made).toMatchObject({ ordinal, payload: header.payload });
    },
  );
});

describe("a first line in whose type a letter was altered", () => {
  it.each(["0.130.0", "0.169.0"])("says all that it said (%s)", async (version) => {
    const path = fixture(version);
    const [first = "", ...lines] = readFileSync(path, "utf8").split("\n");
    const { payload } = JSON.parse(first) as { payload: JsonObject };
    const altered = first.replace("session_meta", "session_mata");
    const made = await repaired(basename(path), Buffer.from([altered, ...lines].join("\n")));
    expect(made.payload).toEqual(payload);
    expect(readFileSync(join(sessions, basename(path)), "utf8")).not.toContain("session_mata");
  });
});

describe("a fork in which no line has an ordinal any more", () => {
  it("is numbered from where its parent ends", async () => {
    const path = fixture("0.169.0");
    const [first = "", ...lines] = readFileSync(path, "utf8").split("\n");
    const header = JSON.parse(first) as { payload: JsonObject };
    const base = {
      thread_id: "01a1fab6-0000-7000-8000-000000000000",
      end_ordinal_exclusive: 81,
      end_byte_offset: 9,
    };
    const said = JSON.stringify({ ...header, payload: { ...header.payload, history_base: base } });
    const unnumbered = [said, ...lines].map((line) => line.replace(/"ordinal":\d+,/u, ""));
    const made = await repaired(basename(path), Buffer.from(unnumbered.join("\n")));
    expect(made.ordinal).toBe(81);
  });
});

describe("a first line that is lost with the name of its provider", () => {
  const path = fixture("0.130.0");

  // Without any, 0.169 shows the session and refuses its turns, where its database has no row of it (measured).
  it.each([
    ['model_provider = "lab"\n', "lab"],
    ['profile = "work"\n[profiles.work]\nmodel_provider = "lab"\n', "lab"],
    ["model_provider =", "openai"],
  ])("goes on with the one that Codex is set to: %j", async (config, provider) => {
    writeFileSync(join(home, "config.toml"), config);
    const made = await repaired(basename(path), overwritten(path, 1));
    expect(made.payload["model_provider"]).toBe(provider);
  });
});

describe("a first line that is lost before lines without envelopes", () => {
  const path = fixture("0.29.0");
  const content = readFileSync(path);
  const end = content.indexOf("\n");

  it.each([
    ["overwritten", Buffer.from(content).fill("#", 0, end)],
    ["gone", content.subarray(end + 1)],
  ])("is put back without one, when it is %s: what wrote it reads no other", async (_, damaged) => {
    const { id } = JSON.parse(content.toString("utf8", 0, end)) as JsonObject;
    const made = await repaired(basename(path), damaged);
    expect(made).toEqual({ id, timestamp: expect.any(String) as string, instructions: null });
  });
});

describe("a thread whose first lines are gone, beside one that begins with the same words", () => {
  const [other, own] = codexRollouts("0.169.0");

  it.each([
    [2, true],
    [4, true],
    [9, undefined],
  ])("doesn't go on from it, with %i gone", async (lines, told) => {
    writeFileSync(join(sessions, basename(other!.path)), readFileSync(other!.path));
    const path = join(sessions, basename(own!.path));
    writeFileSync(path, readFileSync(own!.path, "utf8").split("\n").slice(lines).join("\n"));
    const { base, isNone } = await lostBase(path, "missing", () => "go on with the plan");
    expect([base, isNone]).toEqual([undefined, told]);
  });
});

describe("a file of a reverted thread, whose first lines are overwritten as one", () => {
  const base = codexRollouts("0.169.0").find(
    ({ path }) => readFileSync(path, "utf8").split('"task_started"').length > 2,
  )!;

  it("goes on where no turn of the file before it is under way, so that nothing reverted comes back", async () => {
    const before = readFileSync(base.path);
    const lines = before.toString().trimEnd().split("\n");
    const at = lines.findLastIndex((line) => line.includes('"task_started"'));
    const { ordinal } = JSON.parse(lines[at]!) as { ordinal: number };
    writeFileSync(join(sessions, basename(base.path)), before);
    const later = lines.slice(at).map((line, nth) => {
      const record = JSON.parse(line) as object;
      return JSON.stringify({
        ...record,
        timestamp: `2026-11-21T00:00:${10 + nth}.000Z`,
        ordinal: ordinal + 3 + nth,
      });
    });
    const name = `rollout-2026-11-21T00-00-00-${base.thread}_01a1fe21-a4f7-7732-aaac-cfb0c4572f0c.jsonl`;
    const made = await repaired(name, Buffer.from(["\0".repeat(25_000), ...later, ""].join("\n")));
    expect([made.ordinal, made.payload["history_base"]]).toEqual([
      ordinal,
      {
        thread_id: base.thread,
        end_ordinal_exclusive: ordinal,
        end_byte_offset: before.indexOf(lines[at]!),
      },
    ]);
  });
});

describe("a file of a reverted thread, whose first line alone is gone", () => {
  it("goes on where the lines before it end: at the settings before a turn, though the turn before was killed", async () => {
    const base = codexRollouts("0.169.0")[1]!;
    const before = readFileSync(base.path);
    const lines = before.toString().trimEnd().split("\n");
    const at = lines.findLastIndex((line) => line.includes('"task_started"')) - 1;
    const { ordinal } = JSON.parse(lines[at]!) as { ordinal: number };
    writeFileSync(join(sessions, basename(base.path)), before);
    const name = `rollout-2026-11-21T00-00-00-${base.thread}_01a1fe21-a4f7-7732-aaac-cfb0c4572f0c.jsonl`;
    const later = lines.slice(at + 1).map((line, nth) => {
      const timestamp = `2026-11-21T00:00:${10 + nth}.000Z`;
      return `${JSON.stringify({ ...(JSON.parse(line) as object), timestamp, ordinal: ordinal + 1 + nth })}\n`;
    });
    writeFileSync(join(sessions, name), later.join(""));
    const told = await lostBase(join(sessions, name), "missing", () => undefined);
    expect(told.base).toEqual({
      rollout: base.thread,
      endOrdinal: ordinal,
      endOffset: before.indexOf(lines[at]!),
    });
  });
});

describe("a fork whose first line is gone", () => {
  const source = codexRollouts("0.169.0")[0]!;
  const text = readFileSync(source.path, "utf8");
  const lines = text.trimEnd().split("\n");
  const last = JSON.parse(lines.at(-1)!) as { ordinal: number };
  /** Lines of another turn behind these, as they are written on that day. */
  const more = (day: string, from: number): string =>
    lines
      .slice(-5)
      .map((line, nth) => {
        const timestamp = `${day}T00:00:${10 + nth}.000Z`;
        return `${JSON.stringify({ ...(JSON.parse(line) as object), timestamp, ordinal: from + nth })}\n`;
      })
      .join("");
  const other = "01a1fe21-a4f7-7732-aaac-cfb0c4572f0c";
  const own = "01a1fe21-a4f7-7732-aaac-cfb0c4572f0d";

  async function base(day: string, content: string): Promise<unknown> {
    writeFileSync(join(sessions, basename(source.path)), text);
    writeFileSync(join(sessions, `rollout-${day}T00-00-00-${other}.jsonl`), content);
    const fork = join(sessions, `rollout-2026-11-23T00-00-00-${own}.jsonl`);
    writeFileSync(fork, more("2026-11-23", last.ordinal + 2));
    return (await lostBase(fork, "missing", () => "go on with the plan")).base;
  }
  const end = {
    rollout: source.thread,
    endOrdinal: last.ordinal + 1,
    endOffset: Buffer.byteLength(text),
  };

  it("goes on from the session that ended there, of those that begin with the same words", async () => {
    expect(await base("2026-11-21", text + more("2026-11-22", last.ordinal + 1))).toEqual(end);
  });

  it("goes on from no session that was begun later, or that ended before", async () => {
    expect(await base("2026-11-24", text)).toEqual(end);
    expect(await base("2026-11-21", `${lines.slice(0, -20).join("\n")}\n`)).toEqual(end);
  });

  it("is left for a person to mend where two ended there", async () => {
    expect(await base("2026-11-21", text)).toBeUndefined();
  });
});

describe("a first line that is damaged, with another header behind it", () => {
  const path = fixture("0.98.0");
  const [header = "", ...lines] = readFileSync(path, "utf8").split("\n");
  const { id, cli_version } = (JSON.parse(header) as { payload: JsonObject }).payload;
  const fork = "01a1fe21-a4f7-7732-aaac-cfb0c4572f0c";

  it.each([
    ["is made of that one, where it is the session's own", basename(path), id, cli_version],
    [
      "is a fork's own, where that is its parent's",
      `rollout-2026-11-20T22-00-00-${fork}.jsonl`,
      fork,
      "0.130.0",
    ],
  ])("%s", async (_what, name, thread, version) => {
    const damaged = [`${header.slice(0, 20)}${"#".repeat(header.length - 20)}`, header, ...lines];
    const { payload } = await repaired(name, Buffer.from(damaged.join("\n")));
    expect([payload["id"], payload["cli_version"]]).toEqual([thread, version]);
  });
});

describe("the folder of a session whose first line is lost", () => {
  it("is the one that a message tells the model, where nothing else does", async () => {
    const path = fixture("0.36.0");
    const [, ...rest] = readFileSync(path, "utf8").split("\n");
    const lines = rest.filter((line) => !line.includes('"turn_context"'));
    const [, told] = /<cwd>([^<]+)<\/cwd>/u.exec(lines.join("\n"))!;
    const { payload } = await repaired(basename(path), Buffer.from(lines.join("\n")));
    expect(payload["cwd"]).toBe(told);
  });

  it("is told by lines behind the first megabytes too", async () => {
    const path = fixture("0.169.0");
    const [, ...lines] = readFileSync(path, "utf8").split("\n");
    const at = lines.findIndex((line) => line.includes('"turn_context"'));
    const { cwd } = (JSON.parse(lines[at]!) as { payload: JsonObject }).payload;
    const long = lines.slice(0, at).filter((line) => !/<cwd>|thread_settings/u.test(line));
    const padding = " ".repeat(2 ** 21);
    const { payload } = await repaired(
      basename(path),
      Buffer.from([...long, padding, ...lines.slice(at)].join("\n")),
    );
    expect(payload["cwd"]).toBe(cwd);
  });

  it("is that of another file of its thread, where its own lines tell none", async () => {
    const path = fixture("0.36.0");
    const [header = "", ...rest] = readFileSync(path, "utf8").split("\n");
    const { cwd } = (JSON.parse(header) as { payload: JsonObject }).payload;
    const name = basename(path);
    writeFileSync(
      join(sessions, name.replace(".jsonl", "_01a1fe21-a4f7-7732-aaac-cfb0c4572f0c.jsonl")),
      `${header}\n`,
    );
    const lines = rest.filter((line) => !/<cwd>|turn_context/u.test(line));
    const { payload } = await repaired(name, Buffer.from(lines.join("\n")));
    expect(payload["cwd"]).toBe(cwd);
  });
});

describe("ids that the first line has in capitals", () => {
  it("are those in the names of the files: what a fork goes on from is found, and keeps its place", async () => {
    const source = fixture("0.169.0");
    const [own, fork] = [
      basename(source),
      "rollout-2026-11-20T21-00-00-01a1fe21-a4f7-7732-aaac-cfb0c4572f0c.jsonl",
    ];
    writeFileSync(join(sessions, own), readFileSync(source));
    const [header = ""] = readFileSync(source, "utf8").split("\n");
    const record = JSON.parse(header) as { payload: JsonObject };
    const id = String(record.payload["id"]).toUpperCase();
    const history_base = { thread_id: id, end_ordinal_exclusive: 9, end_byte_offset: 30_000 };
    const payload = { ...record.payload, id: fork.slice(28, -6).toUpperCase(), history_base };
    writeFileSync(
      join(sessions, fork),
      `${JSON.stringify({ ...record, ordinal: 9, payload }, undefined, 1).replaceAll("\n", "")}\n`,
    );
    const files = listRollouts(home);
    const path = join(sessions, fork);
    expect(await judged(path, now)).toEqual([]);
    const { segments, trouble } = await lineageOf(
      files.find(({ path: other }) => other === path)!,
      files,
    );
    expect([segments.length, trouble]).toEqual([2, undefined]);
    expect(pinsIn(home).get(id.toLowerCase())).toEqual({ offset: 30_000, ordinal: 9 });
  });
});
