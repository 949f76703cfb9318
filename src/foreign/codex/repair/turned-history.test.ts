import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { codexRollouts } from "../../../../test/kit/codex-home.ts";
import { kindsToRepair } from "../../../../test/kit/judged.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import type { FindingKind } from "../findings/catalogue.ts";
import { linesIn } from "../rollout/bytes/lines.ts";
import { textIn } from "../rollout/payload/text-in.ts";
import { repairRollout } from "./repair.ts";
import { ThreadFold } from "../rollout/thread/thread.ts";

const now = Date.parse("2026-11-21T12:00:00Z");
const root = temporaryFolder();
const sessions = join(root, "codex", "sessions", "2026", "11", "21");
beforeEach(() => mkdirSync(sessions, { recursive: true }));

interface Source {
  path: string;
  lines: string[];
}
function sources(version: string, has: RegExp): Source[] {
  return codexRollouts(version)
    .map(({ path }) => ({ path, lines: readFileSync(path, "utf8").trimEnd().split("\n") }))
    .filter(({ lines }) => lines.some((line) => has.test(line)));
}
const joined = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");
const hidden = (line: string): string => "#".repeat(line.length);

/** What is sent of it: the messages of the history that Codex goes on with. */
function sent(text: string): string[] {
  const fold = new ThreadFold();
  let items: string[] = [];
  const words = (payload: object): string => textIn((payload as { content?: unknown }).content);
  for (const line of linesIn(Buffer.from(text)))
    for (const { change } of fold.take(line)) {
      if (change.do === "add")
        items.push(
          change.item.skimmed
            ? textIn(
                (JSON.parse(change.item.skimmed.bytes.toString().replace(/,$/u, "}")) as { content: unknown })
                  .content,
              )
            : words(change.item.payload),
        );
      if (change.do === "replace") items = change.items.map(({ payload }) => words(payload));
      if (change.do === "cut") items.length = change.keep;
    }
  return items.filter((item) => item !== "");
}

async function repaired({ path }: Source, text: string): Promise<string> {
  const at = join(sessions, basename(path));
  writeFileSync(at, text);
  const options = { home: join(root, "own"), now, seals: { which: "dead" } } as const;
  await repairRollout(at, options);
  return readFileSync(at, "utf8");
}

async function kinds({ path }: Source, text: string): Promise<FindingKind[]> {
  const at = join(root, basename(path));
  writeFileSync(at, text);
  return kindsToRepair(at, now);
}

const turned = [
  ...sources("0.130.0-rolled-back", /"thread_rolled_back"/u),
  ...sources("0.58.0", /"type":"compacted"/u),
  ...sources("0.130.0", /"type":"compacted"/u),
];

describe("of a session without ordinals that was rolled back or compacted", () => {
  it.each([
    ["each line twice", (lines: string[]): string[] => lines.flatMap((line) => [line, line])],
    ["the whole file twice", (lines: string[]): string[] => [...lines, ...lines]],
  ])("%s is sent once after a repair, with nothing more taken back", async (_what, damage) => {
    expect(turned.length).toBeGreaterThan(3);
    for (const source of turned) {
      const damaged = joined(damage(source.lines));
      expect(sent(await repaired(source, damaged)), source.path).toEqual(sent(joined(source.lines)));
    }
  });

  it("a destroyed prompt that was taken back is put in again, for a rollback counts it", async () => {
    const [source] = turned;
    for (const word of ["two", "three"]) {
      const damaged = joined(
        source!.lines.map((line) =>
          new RegExp(`"response_item".*"role":"user".*"text":"${word}"`, "u").test(line)
            ? hidden(line)
            : line,
        ),
      );
      expect(sent(damaged)).not.toEqual(sent(joined(source!.lines)));
      expect(await kinds(source!, damaged)).toContain("lost-message");
      expect(sent(await repaired(source!, damaged))).toEqual(sent(joined(source!.lines)));
    }
  });

  const record = (type: string, payload: object): string =>
    JSON.stringify({ timestamp: "2026-11-21T00:00:00.000Z", type, payload });
  const half = (type: string): string =>
    record("response_item", { type, call_id: "call_1", name: "shell", arguments: "{}", output: "a" });
  const told = record("event_msg", { type: "exec_command_end", call_id: "call_1", command: ["ls"] });
  const blank = " ".repeat(300);

  it.each<[string, (answer: string) => string[], FindingKind[]]>([
    ["an answer", () => [blank], ["lone-reasoning", "lost-message"]],
    ["a call's output", (answer) => [half("function_call"), answer], ["call-without-output"]],
    ["an output's call", (answer) => [half("function_call_output"), answer], ["output-without-call"]],
    ["a call that an event tells", (answer) => [blank, told, blank, answer], ["lost-call"]],
  ])(
    "%s is missed in a turn that counts, and not in one that was taken back",
    async (_what, damage, found) => {
      const [source] = turned;
      const { lines } = source!;
      const missed = new Map<string, FindingKind[]>();
      for (const word of ["one", "two", "three"]) {
        const at = lines.findIndex((line) => line.includes(`"text":"You said: ${word}"`));
        missed.set(word, await kinds(source!, joined(lines.toSpliced(at, 1, ...damage(lines[at]!)))));
      }
      expect(Object.fromEntries(missed)).toEqual({ one: found, two: [], three: [] });
    },
  );

  it("a rollback takes back what Codex takes back, also where the event of a prompt is destroyed", async () => {
    const [source] = turned;
    const { lines } = source!;
    const answer = lines.findIndex((line) => /"response_item".*"assistant".*said: one/u.test(line));
    const damaged = lines
      .toSpliced(answer, 0, half("function_call"))
      .map((line) => (/"user_message","message":"(?:two|three)"/u.test(line) ? hidden(line) : line));
    expect(await kinds(source!, joined(damaged))).toContain("call-without-output");
  });
});

it("a summary that was cut leaves the sealed one before it where it is", async () => {
  const [source] = sources("0.130.0", /"type":"compacted".*"type":"compaction"/u);
  const at = source!.lines.findLastIndex((line) => line.includes('"type":"compacted"'));
  const cut = source!.lines[at]!.replace(/("encrypted_content":"[^"]{40})[^"]*"/u, '$1!!"').replace(
    /"timestamp":"[^"]*"/u,
    '"timestamp":"2026-11-21T00:00:00.000Z"',
  );
  const damaged = source!.lines.toSpliced(at + 1, 0, cut);
  const mended = (await repaired(source!, joined(damaged))).split("\n");
  expect(mended[at]).toBe(source!.lines[at]);
  expect(mended[at + 1]!.trim()).toBe("");
});
