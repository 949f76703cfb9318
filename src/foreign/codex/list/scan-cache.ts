import { createHash } from "node:crypto";
import { join } from "node:path";
import { isJsonObject } from "../../../lib/json.ts";
import { readCacheFile, writeCacheFile } from "../../../lib/cache-file.ts";
import type { RolloutFile } from "../home/places.ts";
import type { RolloutFacts } from "./scan.ts";

/** Version of the cache's format; with another number everything is scanned anew. */
const format = 13;

type Row = readonly [path: string, bytes: number, mtime: number, facts: RolloutFacts];

/**
 * What was found in rollouts, by path, size and time of change: true for exactly these. One file for each Codex home, which can be deleted
 * at any time.
 */
export class ScanCache {
  readonly #path: string;
  readonly #rows = new Map<string, Row>();

  /** `folder`: where caches lie. `home`: the Codex home that is scanned. */
  constructor(folder: string, home: string) {
    const name = createHash("sha256").update(home).digest("hex").slice(0, 16);
    this.#path = join(folder, `codex-${name}.json`);
    for (const row of readRows(this.#path)) this.#rows.set(row[0], row);
  }

  get({ path, bytes, mtime }: RolloutFile): RolloutFacts | undefined {
    const row = this.#rows.get(path);
    return row && row[1] === bytes && row[2] === mtime ? row[3] : undefined;
  }

  /**
   * Writes what was found for these files, those that couldn't be opened for their rights apart, and nothing else. Returns why it could
   * not be written; that costs time and nothing more.
   */
  write(found: readonly { file: RolloutFile; facts: RolloutFacts }[]): string | undefined {
    const rows = found.flatMap(({ file: { path, bytes, mtime }, facts }): Row[] =>
      facts.refused ? [] : [[path, bytes, mtime, facts]],
    );
    const trouble = writeCacheFile(this.#path, { format, rows });
    return trouble && `what was found in Codex's rollouts can't be kept in ${this.#path}: ${trouble}`;
  }
}

function readRows(path: string): Row[] {
  const held = readCacheFile(path);
  if (!isJsonObject(held) || held["format"] !== format || !Array.isArray(held["rows"])) return [];
  return (held["rows"] as unknown[]).filter(isRow);
}

function isRow(row: unknown): row is Row {
  return (
    Array.isArray(row) &&
    typeof row[0] === "string" &&
    typeof row[1] === "number" &&
    typeof row[2] === "number" &&
    isJsonObject(row[3]) &&
    Array.isArray(row[3]["flaws"]) &&
    typeof row[3]["updated"] === "number"
  );
}
