import { platform, release } from "node:os";
import { systemClock } from "../lib/clock.ts";
import { counted } from "../lib/words.ts";
import { Failure } from "../failure.ts";
import { approver, type Ask } from "../agent/approval.ts";
import { compactor } from "../agent/compaction.ts";
import { contextItem } from "../agent/context.ts";
import { readInstructions } from "../agent/instructions.ts";
import { toolbox } from "../agent/toolbox.ts";
import { readWorkspace } from "../agent/workspace.ts";
import { contractNamed } from "../replay/contracts.ts";
import { closedOnFailure } from "../runtime/open.ts";
import { measuredProvider } from "../runtime/measured-provider.ts";
import { measuring } from "../runtime/measuring.ts";
import { createSession, resumeSession, type Session } from "../runtime.ts";
import type { Equipment, Runtime } from "../runtime/equipment.ts";
import { rewindTo } from "../runtime/rewind.ts";
import type { NewEvent, Settings, Workspace } from "../session/event.ts";
import type { SessionStore } from "../store.ts";
import { toolEnvironment } from "../tool/environment.ts";
import { Journal } from "../turn/journal.ts";
import type { Observe } from "../turn/update.ts";
import { type Invocation, optionText } from "./command/command.ts";
import { watchingFor } from "./store-for.ts";
import { checkName, findSession } from "./pick.ts";
import { takeOverMeant } from "./codex.ts";
import {
  checkScenario,
  type Config,
  loadProvider,
  type MadeProvider,
  makeProvider,
  openStore,
  readConfig,
} from "./config.ts";
import { sameWorkspace, sayWhatChanged, workspaceFor } from "./resumed-workspace.ts";
import { type Telemetry, telemetry } from "./telemetry.ts";
import { patchBody } from "./patch-body.ts";

/** Puts together, from the configuration, the store and everything that a session runs with. */
export interface Workbench {
  /** The configuration that all of it is made from. */
  readonly config: Config;
  readonly store: SessionStore;
  /** Says that a turn will follow soon, so that the code which it needs is imported meanwhile. */
  prepare(): void;
  /**
   * The session that a person means by an id, its beginning, or a name; a Codex session is taken over first. `keep`: it will be resumed at
   * once, so one that is taken over keeps its lease until then. Throws as `findSession`.
   */
  find(reference: string, options?: { keep: boolean }): Promise<string>;
  create(id: string, name?: string, choice?: Choice): Promise<Session>;
  /** `here`: a session of another folder moves to this one. `force`: another process that holds the session is fenced off. */
  resume(id: string, options: Resumption): Promise<Session>;
  close(): Promise<void>;
}

/** How a session is resumed. */
export interface Resumption {
  here: boolean;
  force: boolean;
  /** Goes back to the end of this step first (R12). */
  fromStep?: number;
  /** Added to the instructions from now on (R13). */
  amend?: string;
  choice?: Choice;
}

/** What the next turns are run with, before what the session and the configuration say. */
export interface Choice {
  provider?: string;
  model?: string;
  effort?: string;
}

/** Opens a workbench. `ask`: answers approvals; by default the person at the terminal. */
export async function openWorkbench(
  invocation: Invocation,
  observe: Observe,
  ask: Ask = askWith(invocation),
): Promise<Workbench> {
  if (platform() === "win32") {
    throw new Failure(
      "configuration",
      "Turns run on Linux and macOS; on Windows use WSL. Nothing was changed.",
      {},
    );
  }
  const config = readConfig(invocation.options, invocation.environment, invocation.folder);
  const { store } = openStore(config, watchingFor(invocation));
  return new Bench({ invocation, config, store, observe, ask, measured: await telemetry() });
}

interface Parts {
  readonly invocation: Invocation;
  readonly config: Config;
  readonly store: SessionStore;
  /** Told the workbench's own notices, which aren't measured. */
  readonly observe: Observe;
  readonly ask: Ask;
  readonly measured: Telemetry | undefined;
}

class Bench implements Workbench {
  readonly config: Config;
  readonly store: SessionStore;
  readonly #parts: Parts;
  readonly #runtime: Runtime;
  /** Close the providers that were made. */
  readonly #closing: (() => Promise<void>)[] = [];
  /** One for all turns: it counts the requests after which its scenario's faults come. */
  #simulated: MadeProvider | undefined;
  /** Sessions that were taken over and whose lease is still held, by id. */
  readonly #owned = new Map<string, Journal>();

  constructor(parts: Parts) {
    const { invocation, config, store, observe, measured } = parts;
    this.#parts = parts;
    this.config = config;
    this.store = store;
    this.#runtime = {
      store,
      clock: systemClock,
      random: Math.random,
      observe: measured ? measuring(measured.meter, observe) : observe,
      wait: invocation.options["wait"] === true,
    };
  }

  prepare(): void {
    loadProvider(this.config, this.config.provider);
  }

  async find(reference: string, options: { keep: boolean } = { keep: false }): Promise<string> {
    const { config, store } = this;
    const { environment, signal } = this.#parts.invocation;
    const say = (text: string): void => this.#say(text);
    const taken = await takeOverMeant({ store, config, environment, signal }, reference, say, options);
    if (taken?.kept) {
      const { log, history } = taken.kept;
      this.#owned.set(taken.id, new Journal(log, history));
    }
    return taken?.id ?? findSession(store, reference, environment);
  }

  async create(id: string, name?: string, choice: Choice = {}): Promise<Session> {
    if (name !== undefined) await checkName(this.store, name);
    const workspace = await readWorkspace(this.#parts.invocation.folder);
    const equipment = await this.#equip(chosenSettings({ ...this.config, ...choice }), workspace);
    const start = {
      id,
      workspace,
      context: this.#contextOf(workspace),
      ...(name !== undefined && { name }),
    };
    return createSession(this.#runtime, start, equipment);
  }

  async resume(id: string, options: Resumption): Promise<Session> {
    const { here, force, choice = {} } = options;
    let before: Workspace | undefined;
    let changes: Change[] = [];
    const taken = this.#owned.get(id);
    this.#owned.delete(id);
    const session = await resumeSession(this.#runtime, taken ?? id, { force }, async (history) => {
      before = history.workspace;
      const workspace = await workspaceFor(id, before, this.#parts.invocation, here);
      const { amend } = options;
      const equipment = await this.#equip(
        { ...resumedSettings(this.config, history.settings), ...choice },
        workspace,
        amend === undefined ? history.amendments : [...history.amendments, amend],
      );
      changes = await changesOf(this.store, history.id, options);
      return {
        ...equipment,
        changes: changes.map(({ event }) => event),
        ...(!sameWorkspace(before, workspace) && { workspace }),
      };
    });
    // Only now that the changes are in the log.
    for (const { words } of changes) this.#say(words);
    if (before) {
      const { observe, invocation } = this.#parts;
      sayWhatChanged(observe, before, session.history.workspace, invocation.folder);
    }
    // Without context: its owner died before logging that, or the session was cleared.
    const { turn, cleared, items } = session.history;
    if ((turn === 0 || cleared) && items.length === 0) {
      const context = this.#contextOf(session.history.workspace);
      await closedOnFailure(session, () => session.addInput(context));
    }
    return session;
  }

  async close(): Promise<void> {
    for (const { log } of this.#owned.values()) await log.release();
    for (const close of this.#closing) await close();
    await this.store.close();
    await this.#parts.measured?.flush();
  }

  async #equip(
    settings: Omit<Settings, "instructionsHash">,
    workspace: Workspace,
    amendments: readonly string[] = [],
  ): Promise<Equipment> {
    const { config, store } = this;
    const { invocation, ask, measured } = this.#parts;
    const { environment } = invocation;
    const instructions = await readInstructions(workspace.path, workspace.gitRoot, amendments);
    for (const text of instructions.notices) this.#say(text);
    const scenario = optionText(invocation, "scenario");
    // The command line's scenario is meant for the first session, not for others that are opened later in the terminal interface.
    if (this.#closing.length === 0) checkScenario(config, settings.provider, scenario);
    const isSimulated = config.providers[settings.provider]?.kind === "simulator";
    let made = isSimulated ? this.#simulated : undefined;
    if (!made) {
      made = await makeProvider(config, settings.provider, environment, scenario);
      this.#closing.unshift(made.close);
    }
    if (isSimulated) this.#simulated = made;
    const keys = Object.values(config.providers).flatMap(({ keyVariable }) => keyVariable ?? []);
    return {
      provider: measured ? measuredProvider(made.provider, measured.meter) : made.provider,
      contract: contractNamed(made.provider.contract),
      instructions: instructions.text,
      settings: { ...settings, instructionsHash: instructions.hash },
      environment: {
        tools: toolbox(() => store.list()),
        workspace: workspace.path,
        env: toolEnvironment(environment, config.passEnv, keys),
        approve: approver(settings.approval, ask),
      },
      compact: compactor(config.compactAt === undefined ? {} : { compactAt: config.compactAt }),
    };
  }

  #contextOf(workspace: Workspace): Uint8Array {
    const today = new Date(this.#runtime.clock.now()).toISOString().slice(0, 10);
    return contextItem(workspace, `${platform()} ${release()}`, today);
  }

  #say(text: string): void {
    this.#parts.observe({ type: "notice", text });
  }
}

/** What a resumption changes about the session, and how it is told. */
interface Change {
  readonly event: NewEvent;
  readonly words: string;
}

async function changesOf(
  store: SessionStore,
  id: string,
  { amend, fromStep }: Resumption,
): Promise<Change[]> {
  const changes: Change[] = [];
  if (amend !== undefined)
    changes.push({
      event: { type: "instructions-amended", text: amend },
      words: "the instructions are amended, from now on",
    });
  if (fromStep === undefined) return changes;
  const { event, later, last } = await rewindTo(store, id, fromStep);
  const kept =
    later === 0
      ? "none is later"
      : `${counted(later, "later step")} ${later === 1 ? "stays" : "stay"} in the log: throughline fork ${id} --from-step ${last}`;
  return [...changes, { event, words: `went back to the end of step ${fromStep}; ${kept}` }];
}

function chosenSettings(config: Config): Omit<Settings, "instructionsHash"> {
  const { provider, model, effort, approval } = config;
  return { provider, model, ...(effort !== undefined && { effort }), approval };
}

/** A resumed session's settings: its own, except for what the command line or the environment names. */
function resumedSettings(config: Config, own: Settings): Omit<Settings, "instructionsHash"> {
  const effort = config.chosen.has("effort") ? config.effort : own.effort;
  // A log that lost its first line before any turn ended doesn't say its settings.
  const isKnown = own.provider !== "";
  return {
    provider: config.chosen.has("provider") || !isKnown ? config.provider : own.provider,
    model: config.chosen.has("model") || !isKnown ? config.model : own.model,
    ...(effort !== undefined && { effort }),
    approval: config.chosen.has("approval") || !isKnown ? config.approval : own.approval,
  };
}

function askWith({ terminal }: Invocation): Ask {
  const { ask } = terminal;
  return (
    ask &&
    (({ title, detail, patch }, signal) => {
      const lines = [detail, ...(patch === undefined ? [] : [patchBody(patch)])].join("\n").split("\n");
      // What has scrolled off the screen would be allowed unseen, empty lines having been put after it.
      // A terminal that nobody told its size has none.
      const columns = terminal.screen?.output.columns || fewColumns;
      const rows = lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(mostColumns(line) / columns)), 0);
      const again = rows > fewRows ? `${title}? All of it stands above, on ${rows} lines or so` : "";
      return ask(`${title}?\n${lines.map((line) => `  ${line}\n`).join("")}${again}`, signal);
    })
  );
}

/** Rows of a question that every terminal shows at once, and columns that every one has. */
const [fewRows, fewColumns] = [15, 40];
/** Columns that a line of a question takes at most: from U+1100 on a character may take two. Marks that take none are text all the same. */
const mostColumns = (line: string): number =>
  2 + line.replaceAll("\t", " ".repeat(8)).replace(/[\u1100-\u{10ffff}]/gu, "xx").length;
