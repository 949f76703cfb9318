import { adviceWords } from "./advice.ts";
import { catalogue, type FailureClass, failureClasses } from "./catalogue.ts";
import type { FailureArea } from "./entry.ts";
import { patterns } from "./patterns.ts";
import { signalFromEvent, signalFromHttp } from "./signal.ts";
import type { Sample } from "./pattern.ts";

const areas: Readonly<Record<FailureArea, string>> = {
  replay: "What a request replays is refused",
  limit: "Limits",
  outage: "Outages",
  account: "Accounts and models",
  model: "What the model or its policy refuses",
  store: "The session store",
  input: "The command line",
};

/** `docs/failures.md`, made from the catalogue and from the recorded answers beside the patterns. */
export function catalogueDocument(): string {
  const parts = [
    "# Failures",
    "",
    "Made by `npm run docs` from `src/failure`; change it there.",
    "",
    "Whatever ends an attempt has one of these classes. It stands in the message, in `--json` output and in the log. The class is told from",
    "status, code, type, parameter and the provider's own message, never from what an answer quotes.",
    "",
    "Exit status of `exec`: 0 done, 1 the turn failed, 2 usage, 3 the session is in use, 4 stopped by a limit, 5 not recoverable,",
    "130 interrupted.",
  ];
  for (const [area, title] of Object.entries(areas)) {
    parts.push(
      "",
      `## ${title}`,
      "",
      "| class | what happened | what Throughline does | what you can do | exit |",
      "|---|---|---|---|---|",
    );
    for (const name of failureClasses.filter((candidate) => catalogue[candidate].area === area)) {
      const { means, does, youCan, exit } = catalogue[name];
      parts.push(`| \`${name}\` | ${[means, does, adviceWords(youCan)].map(cell).join(" | ")} | ${exit} |`);
    }
  }
  parts.push(
    "",
    "## Answers that were seen",
    "",
    "Recorded from public reports, 2025–2026; each is a test.",
    "",
    "| class | seen at | answer |",
    "|---|---|---|",
  );
  for (const name of failureClasses) parts.push(...seen(name));
  return `${parts.join("\n")}\n`;
}

function seen(name: FailureClass): string[] {
  return patterns
    .filter((pattern) => pattern.class === name)
    .flatMap((pattern) =>
      pattern.samples.map((sample) => `| \`${name}\` | ${cell(sample.source)} | ${cell(answer(sample))} |`),
    );
}

/** A recorded answer in one line: status or event, code or type, and message, as the classifier sees them. */
function answer(sample: Sample): string {
  const text = typeof sample.body === "string" ? sample.body : JSON.stringify(sample.body);
  const signal = sample.event
    ? signalFromEvent(sample.event, sample.body, text)
    : signalFromHttp(sample.status ?? 400, {}, text);
  const code = signal.code ?? signal.type;
  const limit = Object.keys(sample.headers ?? {})[0];
  const facts = [sample.event ? `event \`${sample.event}\`` : String(sample.status)];
  if (code) facts.push(`\`${code}\``);
  if (signal.message) facts.push(`“${signal.message.slice(0, 160)}”`);
  else if (limit) facts.push(`header \`${limit}\``);
  return facts.join(" ");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
}
