// Several processes queue work for one session while its owners are killed and it is rotated: all of it is delivered, once, in order.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import {
  chainFrom,
  deliveredTo,
  expectOneSession,
  expectSoundChain,
  lastInput,
  saidTo,
} from "../kit/chain.ts";
import { randomNumbers, type Rig, until, withRig } from "../kit/rig.ts";

/** `npm run test:crash` asks for 100 follow-ups by 4 senders through 3 rotations and 20 kills. */
const followUps = Number(process.env["THROUGHLINE_FOLLOW_UPS"] ?? 20);
const senders = followUps >= 100 ? 4 : 2;
const rotations = followUps >= 100 ? 3 : 1;
const kills = followUps >= 100 ? 20 : 4;
const seed = Number(process.env["THROUGHLINE_SEED"] ?? Date.now() % 2 ** 31);

const childProgram = fileURLToPath(new URL("../kit/session-child.ts", import.meta.url));

interface Child {
  pid: number;
  kill(): void;
  printed(): string[];
  ended: Promise<number | null>;
}

function child(rig: Rig, task: "rotate" | "send", id: string, ...more: string[]): Child {
  const words = ["--no-warnings", childProgram, rig.home, rig.simulator.url, task, id, ...more];
  const started = spawn(process.execPath, words, {
    stdio: ["ignore", "pipe", "inherit"],
    cwd: rig.workspace,
  });
  let out = "";
  started.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  const ended = new Promise<number | null>((resolve, reject) => {
    started.once("error", reject);
    started.once("close", resolve);
  });
  const printed = (): string[] => out.split("\n").filter((line) => line !== "");
  return { pid: started.pid!, kill: () => started.kill("SIGKILL"), printed, ended };
}

describe("work that is queued by several processes", () => {
  it(
    `${followUps} follow-ups by ${senders} senders through ${rotations} rotations and ${kills} kills: delivered once, in order (THROUGHLINE_SEED=${seed})`,
    { timeout: 600_000 },
    () =>
      withRig({ turn: [], stream: { delta_every: "1ms", delta_size: 8 } }, async (rig) => {
        const random = randomNumbers(seed);
        expect((await rig.run(["exec", "Hello.", "--name", "work"])).status).toBe(0);
        const first = rig.id();
        const each = followUps / senders;
        const sending = Array.from({ length: senders }, (_, at) =>
          child(rig, "send", first, `s${at}`, String(each)),
        );
        let killed = 0;
        let sent = false;
        const allSent = Promise.all(sending.map(({ ended }) => ended)).then((statuses) => {
          sent = true;
          return statuses;
        });
        const isDone = (): boolean => deliveredTo(rig, chainFrom(rig, first)).length >= followUps;
        for (let round = 0; ; round++) {
          const rotated = chainFrom(rig, first).length - 1;
          if (sent && killed >= kills && rotated >= rotations && isDone()) break;
          // Rotations are spread over the kills, and some are killed themselves.
          const isDue = rotated < rotations && killed >= ((rotated + 1) * kills) / (rotations + 1);
          const run = isDue ? child(rig, "rotate", first) : rig.start(["resume", first, "--json"]);
          if (killed < kills && (!isDue || random() < 0.5)) {
            const after = performance.now() + 150 + random() * 700;
            await until(() => performance.now() > after, "the moment");
            if ("child" in run) run.child.kill("SIGKILL");
            else run.kill();
            killed++;
          }
          await run.ended;
          expect(round, "it comes to an end").toBeLessThan(20 * (kills + followUps));
        }
        expect(await allSent).toEqual(sending.map(() => 0));

        const chain = chainFrom(rig, first);
        expect(chain).toHaveLength(rotations + 1);
        const delivered = deliveredTo(rig, chain);
        expect(delivered).toHaveLength(followUps);
        for (const [at, { printed }] of sending.entries()) {
          expect(printed()).toHaveLength(each);
          expect(delivered.filter((text) => text.startsWith(`s${at}-`))).toEqual(printed());
        }
        // The model was told each of them once, in the same order.
        const isOurs = (text: string): boolean => /^s\d-\d+$/u.test(text);
        expect(saidTo(rig, chain.at(-1)!).filter(isOurs)).toEqual(delivered);
        expectSoundChain(rig, chain);
        await expectOneSession(rig, chain);
        const list = JSON.parse((await rig.run(["queue", "list", first, "--json"])).out) as object;
        expect(list).toMatchObject({ queued: [], dead: [] });
        expect(lastInput(rig).length).toBeGreaterThan(followUps);
        console.log(
          `${delivered.length} delivered, ${chain.length - 1} rotations, ${killed} kills, ${rig.ids().length - chain.length} successors that were never named`,
        );
        await until(() => rig.processes().length === 0, "every process to end");
      }),
  );
});
