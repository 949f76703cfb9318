import { describe, expect, it } from "vitest";
import { sealedBlob, textOf, WrittenLog } from "../../test/property/written-log.ts";
import type { ReplayContract } from "./contract.ts";
import { contracts } from "./contracts.ts";
import { project } from "./project.ts";
import { countByRule, ruleWords } from "./report.ts";
import { requestInput } from "./request-input.ts";

interface Backend {
  readonly issuer: string;
  readonly contract: ReplayContract;
  readonly model: string;
}

const openai: Backend = {
  issuer: "https://api.openai.com/v1#one",
  contract: contracts["openai"]!,
  model: "m",
};
const otherAccount: Backend = { ...openai, issuer: "https://api.openai.com/v1#two" };
const otherUrl: Backend = { ...openai, issuer: "https://gateway.example/v1#one" };
const otherModel: Backend = { ...openai, model: "n" };
const claude: Backend = {
  issuer: "https://api.anthropic.com#one",
  contract: contracts["anthropic"]!,
  model: "c",
};
const deepseek: Backend = {
  issuer: "https://api.deepseek.com#one",
  contract: contracts["deepseek"]!,
  model: "d",
};

/** One exchange with a tool, as the backend would deliver it. */
function exchange(log: WrittenLog, { issuer, contract }: Backend, turn: number): void {
  log.addItem(
    { type: "message", role: "user", content: `turn ${turn}` },
    { turn, step: turn, origin: "input" },
  );
  const place = { turn, step: turn, issuer };
  const words = [{ type: "reasoning_text", text: `thought ${turn}` }];
  const reasoning = { type: "reasoning", id: `rs_${turn}`, summary: [] };
  if (contract.name === "deepseek") log.addItem({ ...reasoning, content: words }, place);
  else if (contract.name === "anthropic")
    log.addItem(
      { ...reasoning, content: words, encrypted_content: `Eq${turn}`, format: "anthropic-thinking-v1" },
      place,
    );
  else log.addItem({ ...reasoning, encrypted_content: sealedBlob(turn, issuer) }, place);
  log.addItem({ type: "function_call", call_id: `c${turn}`, name: "t", arguments: "{}" }, place);
  log.addItem(
    { type: "function_call_output", call_id: `c${turn}`, output: "o" },
    { turn, step: turn, origin: "tool" },
  );
  log.addItem(
    { type: "message", role: "assistant", content: [{ type: "output_text", text: "done" }] },
    place,
  );
}

/** The turns whose reasoning is sent, and everything that is sent. */
async function request(
  log: WrittenLog,
  { issuer, contract, model }: Backend,
): Promise<{ turns: number[]; text: string }> {
  const projection = project(
    contract,
    { issuer, model, quarantines: log.history.quarantines },
    log.history.items,
  );
  const text = await textOf((await requestInput(projection, log.bodies())).chunks());
  const turns = [...projection.elements()].flatMap(({ record: { event } }) =>
    event.kind === "reasoning" && event.type === "item-added" ? [event.turn] : [],
  );
  return { turns, text };
}

describe("a session that changes its backend", () => {
  it.each([
    ["account", otherAccount],
    ["base URL", otherUrl],
    ["wire", claude],
    ["wire without seals", deepseek],
  ])(
    "to another %s and back sends each only what it can read, and the blobs work again",
    async (_what, other) => {
      const log = new WrittenLog();
      exchange(log, openai, 1);
      const before = await request(log, openai);
      exchange(log, other, 2);
      const away = await request(log, other);
      expect(away.turns).toEqual([2]);
      expect(away.text).not.toContain(sealedBlob(1, openai.issuer));
      exchange(log, openai, 3);
      const back = await request(log, openai);
      expect(back.turns).toEqual([1, 3]);
      // The beginning of the prompt is what it was, for the cache.
      expect(back.text.startsWith(before.text)).toBe(true);
      for (const turn of [1, 2, 3]) expect(back.text).toContain(`turn ${turn}`);
    },
  );

  it("to another model keeps the seals: who seals is the issuer", async () => {
    const log = new WrittenLog();
    exchange(log, openai, 1);
    expect((await request(log, otherModel)).turns).toEqual([1]);
  });

  it("through every backend and back loses no message, no call and no output", async () => {
    const log = new WrittenLog();
    const tour = [openai, claude, deepseek, otherAccount, claude, openai];
    for (const [at, backend] of tour.entries()) exchange(log, backend, at + 1);
    for (const backend of tour) {
      const { text, turns } = await request(log, backend);
      const elements = JSON.parse(`[${text}]`) as { type: string }[];
      expect(elements.filter(({ type }) => type !== "reasoning")).toHaveLength(4 * tour.length);
      expect(turns.every((turn) => tour[turn - 1] === backend || backend === deepseek)).toBe(true);
    }
  });
});

describe("a report", () => {
  it("says what another backend isn't sent, by rule", () => {
    const log = new WrittenLog();
    for (const turn of [1, 2]) exchange(log, openai, turn);
    const { issuer, contract } = claude;
    const report = project(contract, { issuer, quarantines: [] }, log.history.items).report();
    expect(countByRule(report)).toEqual([
      { rule: "sealed-elsewhere", count: 2, firstSeq: 1, why: ruleWords["sealed-elsewhere"] },
    ]);
  });
});

describe("a blob that was cut or edited", () => {
  it.each([
    ["cut with an ellipsis", "gAAAAAB…"],
    ["cut with dots", "gAAAAAB...c90="],
    ["no base64", "gAAAA AB"],
    ["empty", ""],
    ["an object", { data: "gAAAAAB" }],
  ])("(%s) is left out before it is sent, whatever the contract", async (_what, blob) => {
    const log = new WrittenLog();
    log.addItem(
      { type: "reasoning", id: "rs_1", summary: [], encrypted_content: blob },
      { turn: 1, step: 1, issuer: openai.issuer },
    );
    exchange(log, openai, 1);
    for (const contract of Object.values(contracts)) {
      const { text } = await request(log, { ...openai, contract });
      expect(text).not.toContain(JSON.stringify(blob));
    }
    expect((await request(log, openai)).text).toContain(sealedBlob(1, openai.issuer));
  });
});
