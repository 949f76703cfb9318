// What earlier builds left on disk, opened by this one.
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { type Rig, withRig } from "../kit/rig.ts";

const older = (name: string): string => fileURLToPath(new URL(`older/${name}`, import.meta.url));

function placeLog(rig: Rig, id: string, name: string): void {
  const folder = join(rig.home, "sessions", "2026-11", id);
  mkdirSync(folder, { recursive: true });
  copyFileSync(older(name), join(folder, "log.jsonl"));
}

it("a session taken over when seals in arguments and outputs were not known sends none that can't be opened", () =>
  withRig({}, async (rig) => {
    const id = "01a1fab6-ff00-7983-a205-6e376fef4c00";
    placeLog(rig, id, "sealed-within.jsonl");
    const { status, err } = await rig.run(["resume", id, "--here", "Go on."]);
    expect(status, err).toBe(0);
    const sent = JSON.stringify(rig.simulator.requests[0]!.body);
    expect(sent).not.toContain("gAAAA");
    // The call, its output and the answers are there.
    for (const word of ["spawn_agent", '"text":"ok"', "More done.", "Go on."]) expect(sent).toContain(word);
  }));
