import { describe, expect, it } from "vitest";
import { draftOf, emptyDraft } from "./editor.ts";
import { type LiveInput, liveLines } from "./live.ts";
import { emptyView, type Phase, type View } from "./state.ts";
import { painter } from "./style.ts";
import { blockLines } from "./transcript.ts";
import { columnsOf } from "./wrap.ts";

const now = 1_000_000;
const plain = painter(false);

const input = (view: Partial<View>, more: Partial<LiveInput> = {}): LiveInput => ({
  view: { ...emptyView("gpt-5.5/high"), ...view },
  draft: emptyDraft,
  completions: [],
  chosen: 0,
  answering: false,
  columns: 80,
  rows: 24,
  now,
  ...more,
});

const phases: readonly Phase[] = [
  { kind: "resting" },
  { kind: "resting", stop: { kind: "limited", until: now + 7_800_000, wakes: true } },
  { kind: "working", since: now - 65_000, what: "" },
  { kind: "working", since: now, what: "the provider has been silent for 15 s" },
  { kind: "waiting", since: now, until: now + 60_000 },
  { kind: "stopping", since: now },
  { kind: "commanding", since: now, what: "/compact" },
];

const text = "日本語 and a rather long line of words 👩‍👩‍👧 that goes on\tand on ".repeat(20);
const full: Partial<View> = {
  session: { id: "01a1fb7c-0000-7000-8000-000000000000", name: `a name 漢字 ${text}` },
  answer: `# Title\n\n${text}\n\n\`\`\`\n${text}\n\`\`\`\n`.repeat(5),
  thought: text,
  calls: Array.from({ length: 9 }, (_, seq) => ({ seq, text, since: now, printed: text })),
  queued: Array.from({ length: 9 }, (_, at) => ({ id: `${at}`, at, text, mode: "followup", begun: 0 })),
  context: { tokens: 123_456, window: 272_000 },
};

describe("the part of the screen that is drawn anew", () => {
  it("leaves two rows of the screen, and no line is wider, whatever there is to show and whatever its size", () => {
    for (const columns of [10, 20, 40, 80, 200]) {
      for (const rows of [3, 5, 8, 12, 24, 60]) {
        for (const phase of phases) {
          for (const question of [
            undefined,
            { title: text, detail: text.repeat(9), all: true, isAbove: true },
          ]) {
            const view = { ...full, phase, ...(question && { question }) };
            const completions = [...Array(9).keys()].map((at) => ({
              word: `/word${at}`,
              summary: text,
              line: "/w",
            }));
            const live = liveLines(
              input(view, {
                columns,
                rows,
                completions,
                draft: draftOf(text),
                answering: question !== undefined,
              }),
              plain,
            );
            const where = `${columns}x${rows} ${phase.kind}`;
            expect(live.lines.length, where).toBeLessThanOrEqual(Math.max(2, rows - 2));
            for (const line of live.lines)
              expect(columnsOf(line), `${where}: ${line}`).toBeLessThanOrEqual(columns);
            if (live.cursor) expect(live.cursor.y, where).toBeLessThan(live.lines.length);
          }
        }
      }
    }
  });

  it("shows the end of what streams, and what is typed, first of all", () => {
    const answer = Array.from({ length: 99 }, (_, at) => `line ${at}`).join("\n\n");
    const { lines } = liveLines(
      input({ answer, phase: phases[2]! }, { rows: 8, draft: draftOf("my words") }),
      plain,
    );
    expect(lines).toContain("line 98");
    expect(lines.at(-2)).toBe("› my words");
    expect(lines.at(-1)).toMatch(/^working/u);
  });

  it("keeps a code block one while its end streams", () => {
    const answer = `\`\`\`\n${"# no heading\n".repeat(3_000)}`;
    const { lines } = liveLines(input({ answer }), plain);
    expect(lines[0]).toBe("  # no heading");
  });

  it("puts the cursor where the next character goes, and takes it away while a question is open", () => {
    expect(liveLines(input({}, { draft: draftOf("漢字") }), plain).cursor).toEqual({ x: 6, y: 1 });
    const question = { title: "Run it?", detail: "ls", all: true, isAbove: false };
    const asked = liveLines(input({ question }, { answering: true }), plain);
    expect(asked.cursor).toBeUndefined();
    expect(asked.lines.join("\n")).toContain("y yes · n no (Esc) · a always");
    const tiny = { ...input({ question }, { answering: true }), columns: 20, rows: 5 };
    expect(liveLines(tiny, plain).lines[0], "in a window of a few rows").toContain("y yes");
    const short = { ...question, detail: "x".repeat(3 * 36) };
    const small = liveLines(
      { ...input({ question: short }, { answering: true }), columns: 40, rows: 12 },
      plain,
    );
    expect(small.lines.join("").match(/x/gu), "what does not scroll by is seen whole").toHaveLength(3 * 36);
    for (const [isAbove, words] of [
      [true, "… all of it stands above"],
      [false, "… make the window larger"],
    ] as const) {
      const long = { ...question, detail: "ls\n".repeat(40), isAbove };
      expect(liveLines(input({ question: long }), plain).lines.join("\n")).toContain(words);
      const marks = { ...question, detail: `x${"\u0301".repeat(9_000)}y`, isAbove };
      expect(liveLines(input({ question: marks }), plain).lines.join("\n")).toContain(words);
    }
    const typing = liveLines(input({ question }, { draft: draftOf("x") }), plain);
    expect(typing.lines.join("\n")).toContain("Tab answers this");
  });

  it("says how long a limit lasts, how much context is used, and what waits", () => {
    const [phase] = [phases[1]!];
    const status = liveLines(input({ ...full, phase, session: { id: "01a1fb7c-x" } }), plain).lines.at(-1);
    expect(status).toBe("limited, resets in 2 h 10 m · 9 follow-ups waiting · 123k of 272k tokens (45%)");
    expect(liveLines(input({ phase: phases[4]! }), plain).lines.at(-1)).toBe(
      "limited, goes on in 1 m · gpt-5.5/high · new session",
    );
  });
});

describe("what has scrolled away", () => {
  it("is no wider than the screen and holds no control sequence", () => {
    const evil = `\u001b]0;x\u0007\u001b[2J\u202e${text}\n${text}`;
    for (const columns of [12, 40, 80]) {
      const lines = [
        ...blockLines({ kind: "prompt", text: evil }, columns, plain),
        ...blockLines({ kind: "answer", text: evil }, columns, plain),
        ...blockLines({ kind: "note", weight: "repair", text: evil }, columns, plain),
        ...blockLines({ kind: "printed", text: evil, failed: false }, columns, plain),
        ...blockLines(
          {
            kind: "call",
            text: evil,
            patch: `*** Update File: a\n${evil.replaceAll("\n", " ")}\n+${text}`,
            outcome: { status: "failed", exitCode: 1, durationMs: 1_234 },
          },
          columns,
          plain,
        ),
      ];
      for (const line of lines) {
        expect(columnsOf(line), line).toBeLessThanOrEqual(columns);
        expect(line).not.toMatch(/[\u001b\u0007\u202e\n]/u);
      }
    }
  });

  it("keeps the end of a call in sight, however long the call is", () => {
    const block = {
      kind: "call",
      text: "x".repeat(500),
      outcome: { status: "failed", exitCode: 12, durationMs: 61_000 },
    } as const;
    for (const columns of [30, 80]) {
      const [line = ""] = blockLines(block, columns, plain);
      expect(line).toMatch(/… {2}exit 12, 61 s$/u);
    }
  });

  it("cuts a long patch and says by how much", () => {
    const patch = `*** Begin Patch\n*** Add File: a.txt\n${"+line\n".repeat(60)}*** End Patch`;
    const lines = blockLines({ kind: "call", text: "apply_patch a.txt", patch }, 80, plain);
    expect(lines[1]).toBe("  add a.txt");
    expect(lines.at(-1)).toBe("  … 21 more lines: /show");
  });
});
