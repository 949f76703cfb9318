import { isSealedCompaction } from "../../runtime/sealed-compaction.ts";
import { isJsonObject, parseJsonBytes } from "../../lib/json.ts";
import { jsonValues } from "../../lib/json-values.ts";
import { printableLine } from "../../lib/printable.ts";
import { counted } from "../../lib/words.ts";
import { callInput, itemText } from "../../session/item.ts";
import { holdsNothing } from "../../session/history.ts";
import { contractNamed } from "../../replay/contracts.ts";
import { project } from "../../replay/project.ts";
import { countByRule } from "../../replay/report.ts";
import { requestInput } from "../../replay/request-input.ts";
import type { SessionStore } from "../../store.ts";
import { noSessionIn } from "../../store/damage.ts";
import { historyOf } from "../../store/fold.ts";
import { type Config, makeProvider } from "../config.ts";
import { printJsonList } from "../json/print.ts";
import { type Invocation, optionText } from "../command/command.ts";
import { callLine } from "../update-words.ts";

/**
 * The input of the session's next request, without a new prompt, and which items of the window would be left out or changed, and why. A
 * provider is made for it, because its key decides which seals may be sent, but nothing is sent.
 */
export async function showRequest(
  invocation: Invocation,
  config: Config,
  store: SessionStore,
  id: string,
): Promise<void> {
  const history = await historyOf(store, id);
  const { items, settings, quarantines } = history;
  if (holdsNothing(history)) throw noSessionIn(id, `The log of session ${id}`);
  const name = settings.provider === "" ? config.provider : settings.provider;
  const made = await makeProvider(config, name, invocation.environment, optionText(invocation, "scenario"));
  try {
    const { contract, issuer } = made.provider;
    const sealed = made.provider.takesSealed?.(settings) ?? true;
    const projection = project(
      contractNamed(contract),
      { issuer, model: settings.model, sealed, quarantines },
      items,
    );
    const input = await requestInput(projection, (refs) => store.bodies(id, refs));
    const changes = [...projection.report()];
    const { terminal, options } = invocation;
    const { model, effort } = settings;
    if (options["json"] === true) {
      const request = { provider: name, contract, model, ...(effort !== undefined && { effort }) };
      const told = { session: id, ...request, bytes: input.bytes, changes };
      await printJsonList<"show", "input">(terminal, told, "input", input.chunks());
      return;
    }
    terminal.out(
      `The next request of ${id} to ${printableLine(name)} (${printableLine(model)}) carries ${counted(input.items, "item")}, ${input.bytes} bytes, and then the prompt:\n`,
    );
    for await (const item of jsonValues(input.chunks())) terminal.out(`${sentLine(item)}\n`);
    const told = countByRule(changes).map(
      ({ count, firstSeq, why }) => `  ${count} × ${why} (the first is line ${firstSeq} of the log)`,
    );
    const left = told.length > 0 ? ["left out or changed:", ...told] : ["nothing is left out or changed"];
    const changed = new Set(changes.map(({ seq }) => seq));
    if (items.some((record) => changed.has(record.event.seq) && isSealedCompaction(record)))
      left.push("  in the place of a sealed compaction the turn puts what the log shows before it, as text");
    terminal.out(`${left.join("\n")}\n`);
  } finally {
    await made.close();
  }
}

function sentLine(bytes: Uint8Array): string {
  const item = parseJsonBytes(bytes);
  if (!isJsonObject(item)) return "  ?";
  const kind = String(item["type"] ?? "message");
  const input = callInput(item);
  const words = input === "" ? itemText(item) || sealOf(item) : callLine(String(item["name"] ?? ""), input);
  const role = typeof item["role"] === "string" ? ` ${item["role"]}` : "";
  return `  ${printableLine(`${kind}${role}`, 40)}: ${printableLine(words, 140)}`;
}

const sealOf = (item: Record<string, unknown>): string =>
  typeof item["encrypted_content"] === "string"
    ? `sealed, ${item["encrypted_content"].length} characters`
    : "";
