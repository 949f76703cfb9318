import fs, { mkdirSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { scratch } from "../../test/kit/tool-context.ts";
import { makeSpool } from "./spool.ts";

const real = { openSync: fs.openSync, fsyncSync: fs.fsyncSync };
/** The paths that were made durable, in order. */
let synced: string[];

beforeEach(() => {
  synced = [];
  const paths = new Map<number, string>();
  fs.openSync = (path, ...how) => {
    const fd = real.openSync(path, ...how);
    paths.set(fd, String(path));
    return fd;
  };
  fs.fsyncSync = (fd) => {
    real.fsyncSync(fd);
    synced.push(paths.get(fd) ?? "");
  };
  syncBuiltinESMExports();
});

afterEach(() => {
  Object.assign(fs, real);
  syncBuiltinESMExports();
});

describe("the folder of a call", () => {
  const spool = join(scratch(), "spool", "7");

  it("has a durable name, as have the folders that were made above it", () => {
    makeSpool(spool);
    expect(synced).toEqual([dirname(spool), dirname(dirname(spool))]);
  });

  it("has one too where it was made before, as it is before the intent of a call is logged", () => {
    const made = join(scratch(), "spool", "8");
    mkdirSync(made, { recursive: true });
    makeSpool(made);
    expect(synced).toEqual([dirname(made)]);
  });
});
