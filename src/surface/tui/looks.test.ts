import { afterEach, expect, it } from "vitest";
import { Looks } from "./looks.ts";

let looks: Looks;
afterEach(() => looks.stop());

it("what looks fail with is told once, until one succeeds or fails with something else", async () => {
  const told: string[] = [];
  let fails: string | undefined;
  looks = new Looks(
    async () => {
      if (fails !== undefined) throw new Error(fails);
    },
    (error) => (error as Error).message,
    (trouble) => told.push(trouble),
  );
  for (fails of ["disk", "disk", "rights", "disk", undefined, "disk", "disk"]) await looks.look();
  expect(told).toEqual(["disk", "rights", "disk", "disk"]);
});

it("a look that is asked for while another is taken is that one", async () => {
  let taken = 0;
  looks = new Looks(
    async () => void taken++,
    () => undefined,
    () => undefined,
  );
  await Promise.all([looks.look(), looks.look()]);
  await looks.look();
  expect(taken).toBe(2);
});
