// A repair, or its undoing, that was cut off: it is finished or taken back, whatever Codex has written since.
import {
  appendFileSync,
  cpSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  damaged,
  damagedBeforeEach,
  own,
  path,
  refused,
  repair,
  writeBehind,
} from "../../../../test/kit/damaged-rollout.ts";
import { isUnfinished, repairsOf } from "./journal.ts";
import { finishRepair, undoRepair } from "./repair.ts";

damagedBeforeEach();

describe("a repair that was cut off", () => {
  /** As it is when the process ends while the repair is being written. */
  async function cutOff(): Promise<ReturnType<typeof repairsOf>[number]> {
    await repair();
    const { folder, journal } = repairsOf(own, path).at(-1)!;
    cpSync(path, folder.repaired);
    folder.write({ ...journal, state: "writing" });
    writeFileSync(path, damaged);
    return repairsOf(own, path)[0]!;
  }

  it("is neither finished nor taken back where the file was changed since", async () => {
    const known = await cutOff();
    const changed = Buffer.concat([damaged.subarray(0, -90), Buffer.from("{}\n"), damaged]);
    writeFileSync(path, changed);
    expect((await refused(finishRepair(known, path), known.folder.original)).equals(changed)).toBe(true);
    expect((await refused(undoRepair(path, { home: own }), known.folder.original)).equals(changed)).toBe(
      true,
    );
  });

  it("is noted as taken back where Codex has gone on in the file as it was", async () => {
    for (const end of [repair, () => undoRepair(path, { home: own })]) {
      const known = await cutOff();
      appendFileSync(path, '{"type":"event_msg"}\n');
      const gone = readFileSync(path);
      await end();
      expect(known.folder.read()?.state).toBe("undone");
      expect(repairsOf(own, path).some(isUnfinished)).toBe(false);
      if (end !== repair) expect(readFileSync(path).equals(gone)).toBe(true);
      rmSync(own, { recursive: true });
      writeFileSync(path, damaged);
    }
  });

  it("is finished where the file was written before, and Codex has gone on in it; and is taken back then", async () => {
    const known = await cutOff();
    const later = Buffer.from('{"type":"event_msg"}\n');
    const gone = Buffer.concat([readFileSync(known.folder.repaired), later]);
    writeFileSync(path, gone);
    const done = await finishRepair(known, path);
    expect(done.journal.state).toBe("done");
    expect(readFileSync(path).equals(gone)).toBe(true);
    expect(readdirSync(done.folder.path).toSorted()).toEqual(["journal.json", "original.jsonl"]);
    await undoRepair(path, { home: own });
    expect(readFileSync(path).equals(Buffer.concat([damaged, Buffer.from("\n"), later]))).toBe(true);
  });

  it("leaves what Codex writes while it is finished, and is finished with that when it is asked for again", async () => {
    const known = await cutOff();
    const later = Buffer.from('{"type":"event_msg"}\n');
    const gone = Buffer.concat([readFileSync(known.folder.repaired), later]);
    writeFileSync(path, gone);
    const finishing = finishRepair(known, path);
    writeBehind(join(known.folder.path, "found.jsonl"), later);
    const after = await refused(finishing, "was changed while its repair was finished");
    expect(after.equals(Buffer.concat([gone, later]))).toBe(true);
    expect((await finishRepair(known, path)).journal.state).toBe("done");
    expect(readFileSync(path).equals(after)).toBe(true);
  });

  it("is not finished from half a copy, and is taken back from the whole one", async () => {
    const known = await cutOff();
    truncateSync(known.folder.repaired, 500);
    expect((await refused(finishRepair(known, path), known.folder.repaired)).equals(damaged)).toBe(true);
    await undoRepair(path, { home: own });
    expect(readFileSync(path).equals(damaged)).toBe(true);
  });

  it("is left as it is without the copy that tells how far it came", async () => {
    const known = await cutOff();
    const half = readFileSync(known.folder.repaired).subarray(0, -10);
    writeFileSync(path, half);
    rmSync(known.folder.repaired);
    expect((await refused(finishRepair(known, path), known.folder.repaired)).equals(half)).toBe(true);
    expect((await refused(undoRepair(path, { home: own }), known.folder.original)).equals(half)).toBe(true);
  });
});

describe("a taking back that was cut off", () => {
  it("ends where the file was written before, and Codex has gone on in it", async () => {
    await repair();
    const { folder, journal } = repairsOf(own, path).at(-1)!;
    cpSync(path, folder.repaired);
    cpSync(folder.original, folder.restored);
    folder.write({ ...journal, state: "undoing" });
    const gone = Buffer.concat([damaged, Buffer.from('\n{"type":"event_msg"}\n')]);
    writeFileSync(path, gone);
    expect((await undoRepair(path, { home: own })).journal.state).toBe("undone");
    expect(readFileSync(path).equals(gone)).toBe(true);
    expect(readdirSync(folder.path).toSorted()).toEqual(["journal.json", "original.jsonl"]);
  });

  it("is told with the copy of all that was there before, where Codex has gone on in half of it", async () => {
    await repair();
    const { folder, journal } = repairsOf(own, path).at(-1)!;
    const since = Buffer.from('{"type":"event_msg"}\n');
    writeFileSync(folder.repaired, Buffer.concat([readFileSync(path), since]));
    writeFileSync(folder.restored, Buffer.concat([damaged, Buffer.from("\n"), since]));
    folder.write({ ...journal, state: "undoing" });
    const half = Buffer.concat([damaged.subarray(0, -10), readFileSync(folder.repaired), since]);
    writeFileSync(path, half);
    expect(
      (await refused(undoRepair(path, { home: own }), `is kept: ${folder.repaired}.`)).equals(half),
    ).toBe(true);
  });

  it.each([["run again"], ["finished as a repair"]])("ends with what was written since, %s", async (way) => {
    await repair();
    const { folder, journal } = repairsOf(own, path).at(-1)!;
    const since = Buffer.from('{"type":"event_msg"}\n');
    appendFileSync(path, since);
    const repaired = readFileSync(path);
    const restored = Buffer.concat([damaged, Buffer.from("\n"), since]);
    for (const [file, bytes] of [
      [folder.repaired, repaired],
      [folder.restored, restored],
    ] as const)
      writeFileSync(file, bytes);
    folder.write({ ...journal, state: "undoing" });
    const cut = damaged.length - 90;
    writeFileSync(path, Buffer.concat([restored.subarray(0, cut), repaired.subarray(cut)]));
    const known = repairsOf(own, path)[0]!;
    const done = await (way === "run again" ? undoRepair(path, { home: own }) : finishRepair(known, path));
    expect(done.journal.state).toBe("undone");
    expect(readFileSync(path).equals(restored)).toBe(true);
    expect(readdirSync(folder.path).toSorted()).toEqual(["journal.json", "original.jsonl"]);
    await expect(undoRepair(path, { home: own })).rejects.toThrow("There is no repair of");
  });
});

/** The file with a byte in the first thing said that is no text. */
const garbled = (file: Buffer): Buffer => {
  const at = file.indexOf('"text":"') + 12;
  return Buffer.from(file).fill(0xff, at, at + 1);
};
/** The file as a program leaves it that writes each record on lines of its own. */
const indented = (file: Buffer): Buffer => {
  const records = file.toString().trimEnd().split("\n");
  return Buffer.from(records.map((each) => `${JSON.stringify(JSON.parse(each), undefined, 2)}\n`).join(""));
};
describe.each<[string, Buffer]>([
  ["of the same length", garbled(damaged.subarray(0, -100))],
  ["that makes it shorter", indented(damaged.subarray(0, -100))],
  ["that makes it longer", damaged.subarray(damaged.indexOf(0x0a) + 1, -100)],
])("a rollout that was half written by a repair %s, and Codex has gone on in it,", (_what, broken) => {
  const later = Buffer.from('{"type":"event_msg","payload":{"type":"later"}}\n{"type":"event_msg"}\n{"half');
  /** A file as it is when its writing is cut off after so many bytes, and, behind a torn line, what newer versions of Codex write. */
  const halfWritten = (from: Buffer, to: Buffer, at: number, then: Buffer): Buffer => {
    const half = Buffer.concat([to.subarray(0, at), from.subarray(at)]);
    return Buffer.concat([half, Buffer.from(half.at(-1) === 0x0a ? "" : "\n"), then]);
  };
  const withLater = (bytes: Buffer): Buffer =>
    Buffer.concat([bytes, Buffer.from(bytes.at(-1) === 0x0a ? "" : "\n"), later]);

  it.each(["writing", "undoing"] as const)("%s it, has it all when that is finished", async (state) => {
    for (const part of [0, 0.6, 0.999])
      for (const killed of [false, true])
        for (const end of ["finished", "taken back"]) {
          rmSync(own, { recursive: true, force: true });
          writeFileSync(path, broken);
          await repair();
          const repaired = readFileSync(path);
          const { folder, journal } = repairsOf(own, path)[0]!;
          cpSync(path, folder.repaired);
          if (state === "undoing") cpSync(folder.original, folder.restored);
          folder.write({ ...journal, state });
          const [from, to] = state === "writing" ? [broken, repaired] : [repaired, broken];
          const fresh = to.findIndex((byte, nth) => byte !== from[nth]) + 1;
          const at = fresh + Math.floor(part * (to.length - fresh));
          writeFileSync(path, halfWritten(from, to, at, later));
          if (killed) {
            // As the finishing leaves it that is killed in its turn: between what it found and what it makes.
            const found = readFileSync(path);
            const merged = withLater(to);
            writeFileSync(folder.found, found);
            writeFileSync(folder.merged, merged);
            folder.write({ ...journal, state, goneOn: true });
            const middle = Math.floor((1 - part) * merged.length);
            writeFileSync(path, Buffer.concat([merged.subarray(0, middle), found.subarray(middle)]));
          }
          await (end === "finished"
            ? finishRepair(repairsOf(own, path)[0]!, path)
            : undoRepair(path, { home: own }));
          const isRepaired = state === "writing" && end === "finished";
          const told = `${part} ${killed} ${end}`;
          expect(readFileSync(path).equals(withLater(isRepaired ? repaired : broken)), told).toBe(true);
          expect(readdirSync(folder.path).toSorted(), told).toEqual(["journal.json", "original.jsonl"]);
          expect(folder.read(), told).not.toHaveProperty("goneOn");
        }
  });
});
