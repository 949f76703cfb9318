import { spawn } from "node:child_process";
import { codexHome } from "../test/kit/codex.ts";

const key = "bench";
const sourceKinds = ["cli", "vscode", "exec", "appServer", "unknown"];
/** No page has more (0.169). */
const largestPage = 100;

interface ThreadPage {
  data?: unknown[];
  nextCursor?: string | null;
}

/** `thread/list` of 50 in a new `codex app-server`, from its start to the answer, and how long the next one takes, milliseconds. */
export function listTwice(binary: string, home: string): Promise<{ first: number; second: number }> {
  return inAppServer(binary, home, async (page, start) => {
    const counted = async (): Promise<number> => {
      const { data } = await page(50);
      if (data?.length !== 50) throw new Error(`codex listed ${data?.length ?? "no"} threads, not 50`);
      return performance.now();
    };
    const first = await counted();
    return { first: first - start, second: (await counted()) - first };
  });
}

/** Milliseconds from the start of a `codex app-server` to the last page of its list of threads, of which there have to be `count`. */
export function listAll(binary: string, home: string, count: number): Promise<number> {
  return inAppServer(binary, home, async (page, start) => {
    let seen = 0;
    let cursor: string | undefined;
    do {
      const { data, nextCursor } = await page(largestPage, cursor);
      seen += data?.length ?? 0;
      cursor = nextCursor ?? undefined;
    } while (cursor !== undefined);
    if (seen !== count) throw new Error(`codex listed ${seen} threads of ${count}`);
    return performance.now() - start;
  });
}

type Page = (limit: number, cursor?: string) => Promise<ThreadPage>;

/** `use` is given the time at which the process was started. */
async function inAppServer<Result>(
  binary: string,
  home: string,
  use: (page: Page, start: number) => Promise<Result>,
): Promise<Result> {
  codexHome(binary, home, { url: "http://127.0.0.1:9/v1", apiKey: key });
  const start = performance.now();
  const child = spawn(binary, ["app-server"], {
    env: { PATH: process.env["PATH"], HOME: home, CODEX_HOME: home, LOOPBACK_KEY: key },
    stdio: ["pipe", "pipe", "ignore"],
  });
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const failed = new Promise<never>((_, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`codex app-server ended with ${code}`)));
  });
  const answers = new Map<number, (result: ThreadPage) => void>();
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      const message = JSON.parse(text.slice(0, end)) as { id?: number; result?: ThreadPage };
      text = text.slice(end + 1);
      answers.get(message.id ?? 0)?.(message.result ?? {});
    }
  });
  const send = (message: object): void => void child.stdin.write(`${JSON.stringify(message)}\n`);
  const ask = (method: string, params: object): Promise<ThreadPage> => {
    const id = answers.size + 1;
    const answer = new Promise<ThreadPage>((resolve) => answers.set(id, resolve));
    send({ id, method, params });
    return Promise.race([answer, failed]);
  };
  try {
    await ask("initialize", { clientInfo: { name: "bench", version: "1" } });
    send({ method: "initialized" });
    const page: Page = (limit, cursor) =>
      ask("thread/list", { limit, cursor, sourceKinds, modelProviders: [] });
    return await use(page, start);
  } finally {
    failed.catch(() => undefined);
    child.kill();
    await closed;
  }
}
