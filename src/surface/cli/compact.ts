import { openWorkbench } from "../workbench.ts";
import { printJson } from "../json/print.ts";
import type { Invocation } from "../command/command.ts";
import { findSession } from "../pick.ts";
import { textRenderer } from "./render-text.ts";

/** `throughline compact`: one request for a summary, one event in the log. Throws when the request fails; the session is then unchanged. */
export async function compact(invocation: Invocation): Promise<number> {
  const { args, options, signal, terminal } = invocation;
  const isJson = options["json"] === true;
  const bench = await openWorkbench(invocation, textRenderer(invocation));
  try {
    const id = await findSession(bench.store, args[0] ?? "", invocation.environment);
    const session = await bench.resume(id, {
      here: options["here"] === true,
      force: options["force"] === true,
    });
    try {
      const made = await session.compact(signal);
      if (made.kind === "failed") throw made.failure;
      const notice = made.kind === "compacted" ? made.notice : "nothing to summarise: the context is short";
      if (isJson)
        printJson<"compact">(terminal, { session: session.id, compacted: made.kind === "compacted", notice });
      else if (made.kind === "nothing") terminal.err(`· ${notice}\n`);
      return 0;
    } finally {
      await session.close();
    }
  } finally {
    await bench.close();
  }
}
