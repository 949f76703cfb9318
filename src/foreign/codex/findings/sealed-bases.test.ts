// Sealed content in the files that a rollout goes on from: its own repair doesn't reach it, and says which one does.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { diagnose } from "../diagnose.ts";
import { needsRepair } from "./finding.ts";
import type { SealChoice } from "./seal-choice.ts";
import { repairRollout } from "../repair/repair.ts";

const root = temporaryFolder();
const folder = join(root, "codex", "sessions", "2026", "11", "21");
const thread = "01a1fd7f-7f19-7713-9a44-8f943967cbfd";
const timestamp = "2026-11-21T09:45:53.780Z";
const now = Date.parse("2026-11-22");
const blob = Buffer.concat([Buffer.from("800000000069204a5c", "hex"), Buffer.alloc(112, 7)]).toString(
  "base64url",
);
const of = (rollout: string): string =>
  join(folder, `rollout-2026-11-21T09-45-53-${thread}${rollout === thread ? "" : `_${rollout}`}.jsonl`);
const message = (role: string, text: string): object => ({
  type: "message",
  role,
  content: [{ type: role === "user" ? "input_text" : "output_text", text }],
});

/** A turn whose reasoning has such an id and a seal. */
const turn = (nth: string): object[] => [
  message("user", `prompt ${nth}`),
  { type: "reasoning", id: `rs_${nth}`, summary: [], encrypted_content: blob },
  { ...message("assistant", `answer ${nth}`), id: `msg_${nth}` },
];

interface File {
  rollout: string;
  /** What it goes on from: the file before it, and how many of that one's records. */
  after?: { rollout: string; records: number };
  items: readonly object[];
  error?: string;
}

const lines = new Map<string, string[]>();

function write({ rollout, after, items, error }: File): string {
  const before = after && lines.get(after.rollout)!.slice(0, after.records);
  const base = before && {
    thread_id: after.rollout,
    end_ordinal_exclusive: after.records,
    end_byte_offset: Buffer.byteLength(before.join("")),
  };
  const own = { id: thread, timestamp, cwd: "/w", originator: "codex_exec", cli_version: "0.169.0" };
  const payload = { ...own, history_mode: "paginated", ...(base && { history_base: base }) };
  const end = { type: "task_complete", turn_id: "t", last_agent_message: null, error: { message: error } };
  const records = [
    { type: "session_meta", payload },
    ...items.map((item) => ({
      type: "replacement_history" in item ? "compacted" : "response_item",
      payload: item,
    })),
    ...(error === undefined ? [] : [{ type: "event_msg", payload: end }]),
  ];
  const first = after?.records ?? 0;
  const written = records.map(
    (record, nth) => `${JSON.stringify({ timestamp, ordinal: first + nth, ...record })}\n`,
  );
  lines.set(rollout, written);
  mkdirSync(folder, { recursive: true });
  writeFileSync(of(rollout), written.join(""));
  return of(rollout);
}

const refusal = (name: string): string =>
  JSON.stringify({
    error: {
      message: `The encrypted content ${name}could not be verified. Reason: Encrypted content could not be decrypted or parsed.`,
      type: "invalid_request_error",
      code: "invalid_encrypted_content",
    },
  });

const second = "01a1fd80-0000-7000-8000-000000000002";
const third = "01a1fd80-0000-7000-8000-000000000003";

/** A thread that was reverted twice: three files, the first cut off behind its first turn. */
function reverted(error: string | undefined): { first: string; middle: string; last: string } {
  const first = write({ rollout: thread, items: [...turn("a"), ...turn("gone")] });
  const middle = write({ rollout: second, after: { rollout: thread, records: 4 }, items: turn("b") });
  const after = { rollout: second, records: 4 };
  const last = write({ rollout: third, after, items: turn("c"), ...(error !== undefined && { error }) });
  return { first, middle, last };
}

const home = join(root, "own");
const repair = (path: string, which: "dead" | "all" | "none"): ReturnType<typeof repairRollout> =>
  repairRollout(path, { home, now, seals: { which } satisfies SealChoice });

/** What mends each thing that is wrong with the rollout. */
async function mends(path: string): Promise<(string | undefined)[]> {
  for await (const { findings } of diagnose([path], { home, now }))
    return findings.filter(needsRepair).map((found) => found.mends);
  throw new Error("nothing was said");
}

const ofBase = (path: string): string => `throughline repair ${path} --sealed --write`;

it.each([
  { wording: "names the first of them", name: "for item rs_a " },
  { wording: "names none", name: "" },
])("are told with the repair of each file that holds any, where the refusal $wording", async ({ name }) => {
  const { first, middle, last } = reverted(refusal(name));
  const others = [ofBase(first), ofBase(middle)];
  expect(await mends(last)).toEqual(["repair", ...others]);
  const done = await repair(last, "dead");
  expect(done?.journal.mended["seal-refused"]).toBe(1);
  expect(done?.plan?.after.map((left) => left.mends)).toEqual(others);
  expect(await mends(last)).toEqual(others);
  await repair(middle, "all");
  expect(await mends(last)).toEqual([ofBase(first)]);
  await repair(first, "all");
  expect(await mends(last)).toEqual([]);
  expect(await mends(first)).toEqual([]);
});

it("those before the one that the refusal names can be opened, and stay", async () => {
  const { middle, last } = reverted(refusal("for item rs_b "));
  expect(await mends(last)).toEqual(["repair", ofBase(middle)]);
});

const sealedSummary = Buffer.concat([Buffer.from("800000000069204a5c", "hex"), Buffer.alloc(112, 9)])
  .toString("base64url")
  .concat("==");
const summary = { type: "compaction", id: "cmp_0123456789", encrypted_content: sealedSummary };
const compacted = { message: "", replacement_history: [message("user", "prompt"), summary] };

it.each([
  { place: "in the rollout", nth: 2, name: "for item cmp_0123456789 " },
  { place: "in a file before it", nth: 1, name: "for item cmp_0123456789 " },
  {
    place: "in a file before it, which only its end tells",
    nth: 1,
    name: `gAAA...${sealedSummary.slice(-4)} `,
  },
])(
  "a summary that is refused $place stood for what is sealed before it: that is told, too",
  async ({ nth, name }) => {
    const first = write({ rollout: thread, items: turn("a") });
    const kept = nth === 1 ? [compacted] : [];
    const middle = write({
      rollout: second,
      after: { rollout: thread, records: 4 },
      items: [...turn("b"), ...kept],
    });
    const last = write({
      rollout: third,
      after: { rollout: second, records: 4 + kept.length },
      items: [...turn("c"), ...(nth === 2 ? [compacted] : [])],
      error: refusal(name),
    });
    const others = [ofBase(first), ofBase(middle)];
    expect(await mends(last)).toEqual(["repair", ...others]);
    await repair(last, "dead");
    expect(await mends(last)).toEqual(others);
  },
);

it("what stands behind the place at which a file is gone on from is not sent, and not told", async () => {
  const gone = [message("user", "prompt"), message("assistant", "answer")];
  write({ rollout: thread, items: [...gone, ...turn("gone")] });
  const after = { rollout: thread, records: 3 };
  const last = write({ rollout: second, after, items: turn("b"), error: refusal("") });
  rmSync(of(third), { force: true });
  expect(await mends(last)).toEqual(["repair"]);
});

it("a refusal that names the rollout's own, or none at all, says nothing of the others", async () => {
  expect(await mends(reverted(refusal("for item rs_c ")).last)).toEqual(["repair"]);
  expect(await mends(reverted(undefined).last)).toEqual([]);
});

it("a repair that takes out all sealed content names the other files, one that keeps it doesn't", async () => {
  const { first, middle, last } = reverted(undefined);
  const done = await repair(last, "all");
  expect(done?.plan?.after.map((left) => left.mends)).toEqual([ofBase(first), ofBase(middle)]);
  expect(await repair(reverted(refusal("")).last, "none")).toBeUndefined();
});
