import { expect, it } from "vitest";
import { typedHere } from "./run-slash.ts";

const id = "01a1fc34-2225-7b1e-9c40-5d2f8a6e3b17";

it.each([
  [
    `session ${id} is cleared. Begin anew: throughline resume ${id} "…"`,
    `session ${id} is cleared. Begin anew: type a message`,
  ],
  [
    `queued x for session ${id} (1 waiting). Deliver it with: throughline resume ${id}`,
    `queued x for session ${id} (1 waiting).`,
  ],
  [`next: throughline --home '/a b' resume ${id} --wait`, "next: /wait"],
  [`next: throughline resume ${id}`, "next: Enter goes on"],
  [`Nothing. See what waits: throughline --home /a queue list ${id}`, "Nothing. See what waits: /queue list"],
  [
    `next: wait for pid ${process.pid}, or take over: throughline resume ${id} --force`,
    "next: Esc stops what runs here",
  ],
  [`next: wait for pid ${process.pid + 1}, or take over: throughline resume ${id} --force`, undefined],
  [`Go on with: throughline resume ${id.replace("01", "02")} "…"`, undefined],
  [`  › throughline show ${id}\nnext: none`, undefined],
])(
  "a command's hint is for somebody who has the session open, not for somebody at a shell: %s",
  (shell, here) => {
    expect(typedHere(`${shell}\n`, id)).toBe(here ?? shell);
  },
);
