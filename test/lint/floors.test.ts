import { describe, expect, test } from "vitest";
import { findViolations, type SourceFile } from "../../scripts/floors.ts";

function source(path: string, ...specifiers: string[]): SourceFile {
  return { path, imports: specifiers.map((specifier) => ({ specifier, typeOnly: false, line: 1 })) };
}

function messages(...files: SourceFile[]): string[] {
  return findViolations(files).map((violation) => violation.message);
}

describe("an import is refused when it", () => {
  test.each([
    ["goes up", "src/session/event.ts", "../replay/project.ts", "higher floor"],
    ["goes up from a nested folder", "src/tool/shell/run.ts", "../../turn/turn.ts", "higher floor"],
    ["leaves lib", "src/lib/ids.ts", "../failure.ts", "higher floor"],
    ["goes from a contract to the main path", "src/store.ts", "./runtime.ts", "higher floor"],
    ["goes to a neighbour", "src/store/folder/log.ts", "../../provider.ts", "neighbour"],
    ["goes to a neighbour's folder", "src/gateway/healing/heal.ts", "../../simulator/seal.ts", "neighbour"],
    ["takes recovery into turn", "src/turn/turn.ts", "../recovery/policy.ts", "turn never imports recovery"],
    ["picks a store", "src/runtime.ts", "./store/folder/open.ts", "concrete store"],
    ["picks a store that is one file", "src/agent/agent.ts", "../store/memory.ts", "concrete store"],
    [
      "picks a provider",
      "src/surface/cli/exec.ts",
      "../../provider/responses/stream.ts",
      "concrete provider",
    ],
    ["joins two stores", "src/store/folder/log.ts", "../catalog/rows.ts", "concrete store"],
    ["takes Node into a pure folder", "src/replay/project.ts", "node:fs", "pure"],
    ["takes Node's bare name into a pure folder", "src/replay/project.ts", "fs", "pure"],
    ["takes a package into a pure folder", "src/failure.ts", "undici", "pure"],
    ["has no extension", "src/session/event.ts", "./step", "extension"],
    ["names what is emitted", "src/session/event.ts", "./step.js", "extension"],
    ["leaves src", "src/surface/demo.ts", "../../test/kit.ts", "outside src"],
    ["takes a test file", "src/session/event.ts", "./step.test.ts", "test file"],
    [
      "goes up within a folder",
      "src/foreign/codex/rollout/bytes/lines.ts",
      "../../examine/examine.ts",
      "higher floor",
    ],
    [
      "goes up within a room of a folder",
      "src/foreign/codex/rollout/bytes/lines.ts",
      "../record/glance.ts",
      "higher floor",
    ],
    [
      "goes to a neighbour within a folder",
      "src/foreign/codex/list/list.ts",
      "../repair/repair.ts",
      "neighbour",
    ],
    [
      "goes up to what joins a folder",
      "src/foreign/codex/repair/repair.ts",
      "../diagnose.ts",
      "higher floor",
    ],
    ["goes from one surface to the other", "src/surface/tui/app.tsx", "../cli/exec.ts", "neighbour"],
    ["goes up from what surfaces share", "src/surface/workbench.ts", "./cli/exec.ts", "higher floor"],
    ["goes to a room without a floor", "src/foreign/codex/diagnose.ts", "./utils/x.ts", "no floor"],
    ["goes to a folder without a floor", "src/runtime.ts", "./utils/x.ts", "no floor"],
  ])("%s", (_, path, specifier, expected) => {
    expect(messages(source(path, specifier))).toEqual([expect.stringContaining(expected)]);
  });

  test("reaches Node from a pure folder through lib", () => {
    const found = messages(
      source("src/session/lease.ts", "../lib/ids.ts"),
      source("src/lib/ids.ts", "./random.ts"),
      source("src/lib/random.ts", "node:crypto"),
    );
    expect(found).toEqual([expect.stringContaining('"node:crypto" in src/lib/random.ts')]);
  });
});

describe("an import is allowed when it", () => {
  test.each([
    ["goes down", "src/turn/turn.ts", "../tool/ledger.ts"],
    ["stays in its folder", "src/store/folder/log.ts", "./lease.ts"],
    ["goes down within a folder", "src/foreign/codex/diagnose.ts", "./repair/journal.ts"],
    ["goes from a surface to what surfaces share", "src/surface/tui/open.ts", "../workbench.ts"],
    ["goes to its own contract", "src/store/folder/log.ts", "../../store.ts"],
    ["goes from the contract to its own folder", "src/failure.ts", "./failure/catalogue.ts"],
    ["takes zod into a pure folder", "src/session/event.ts", "zod"],
    ["takes Node into a folder with I/O", "src/store/folder/log.ts", "node:fs/promises"],
    ["picks a store in the one place that may", "src/surface/config.ts", "../store/folder/open.ts"],
    ["is in a test", "src/session/event.test.ts", "../store/memory/store.ts"],
  ])("%s", (_, path, specifier) => {
    expect(messages(source(path, specifier))).toEqual([]);
  });

  test("takes only a type from a file of lib that uses Node", () => {
    const lease: SourceFile = {
      path: "src/session/lease.ts",
      imports: [{ specifier: "../lib/ids.ts", typeOnly: true, line: 1 }],
    };
    expect(messages(lease, source("src/lib/ids.ts", "node:crypto"))).toEqual([]);
  });
});

test("a folder without a floor is refused", () => {
  expect(messages(source("src/helpers/x.ts"))).toEqual([expect.stringContaining("no floor")]);
});
