import { existsSync } from "node:fs";
import { platform, release } from "node:os";
import { systemClock } from "../lib/clock.ts";
import { counted, quoted } from "../lib/words.ts";
import { Failure } from "../failure.ts";
import { approver, type Ask } from "../agent/approval.ts";
import { compactor } from "../agent/compaction.ts";
import { contextItem } from "../agent/context.ts";
import { readInstructions } from "../agent/instructions.ts";
import { toolbox } from "../agent/toolbox.ts";
import { readWorkspace } from "../agent/workspace.ts";
import { contractNamed } from "../replay/contracts.ts";
import { closedOnFailure } from "../runtime/open.ts";
import { measuredProvider, measuring } from "../runtime/telemetry.ts";
import {
  createSession,
  type Equipment,
  resumeSession,
  rewindTo,
  type Runtime,
  type Session,
} from "../runtime.ts";
import type { NewEvent, Settings, Workspace } from "../session/event.ts";
import type { SessionStore } from "../store.ts";
import { toolEnvironment } from "../tool/environment.ts";
import { Journal } from "../turn/journal.ts";
import type { Observe } from "../turn/update.ts";
import { type Invocation, optionText } from "./cli/command.ts";
import { watchingFor } from "./cli/store-for.ts";
import { checkName, findSession } from "./cli/pick.ts";
import { takeOverMeant } from "./codex.ts";
import { type Config, loadProvider, makeProvider, openStore, readConfig } from "./config.ts";
import { standsIn } from "./belongs.ts";
import { telemetry } from "./telemetry.ts";
import { patchBody } from "./patch-body.ts";
import { packageVersion } from "./version.ts";

/** A store and everything that a session runs with, put together from the configuration. */
export interface Workbench {
  /** What it is put together from. */
  readonly config: Config;
  readonly store: SessionStore;
  /** A turn is to follow soon: what it needs of the program is loaded while something else is waited for. */
  prepare(): void;
  /**
   * The session that a person means: id, unique beginning, or name; a Codex session is taken over first. `keep`: it is resumed at once, and
   * one that is taken over now is not given back before. Throws as `findSession`.
   */
  find(reference: string, options?: { keep: boolean }): Promise<string>;
  create(id: string, name?: string, choice?: Choice): Promise<Session>;
  /** `here`: the session may belong to another folder and moves to this one. `force`: whoever holds it is fenced off. */
  resume(id: string, options: Resumption): Promise<Session>;
  close(): Promise<void>;
}

export interface Resumption {
  here: boolean;
  force: boolean;
  /** Goes back to the end of this step first (R12). */
  fromStep?: number;
  /** Added to the instructions from now on (R13). */
  amend?: string;
  choice?: Choice;
}

/** What is asked from the next turn on, whatever the configuration and the session have. */
export interface Choice {
  provider?: string;
  model?: string;
  effort?: string;
}

/** `ask`: who is asked for approvals; whoever sits at the terminal, if nobody is given. */
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
  const measured = await telemetry();
  const told = measured ? measuring(measured.meter, observe) : observe;
  const keys = Object.values(config.providers).flatMap(({ keyVariable }) => keyVariable ?? []);
  const closing: (() => Promise<void>)[] = [
    () => store.close(),
    ...(measured ? [() => measured.flush()] : []),
  ];
  /** What was taken over and is owned still. */
  const owned = new Map<string, Journal>();
  const runtime: Runtime = {
    store,
    clock: systemClock,
    random: Math.random,
    observe: told,
    wait: invocation.options["wait"] === true,
  };
  const equip = async (
    settings: Omit<Settings, "instructionsHash">,
    workspace: Workspace,
    amendments: readonly string[] = [],
  ): Promise<Equipment> => {
    const instructions = await readInstructions(workspace.path, workspace.gitRoot, amendments);
    const made = await makeProvider(
      config,
      settings.provider,
      invocation.environment,
      optionText(invocation, "scenario"),
    );
    closing.unshift(made.close);
    return {
      provider: measured ? measuredProvider(made.provider, measured.meter) : made.provider,
      contract: contractNamed(made.provider.contract),
      instructions: instructions.text,
      settings: { ...settings, instructionsHash: instructions.hash },
      environment: {
        tools: toolbox(() => store.list()),
        workspace: workspace.path,
        env: toolEnvironment(invocation.environment, config.passEnv, keys).env,
        approve: approver(settings.approval, ask),
        observe: told,
      },
      compact: compactor(config.compactAt === undefined ? {} : { compactAt: config.compactAt }),
    };
  };
  const contextOf = (workspace: Workspace): Uint8Array =>
    contextItem(
      workspace,
      `${platform()} ${release()}`,
      new Date(runtime.clock.now()).toISOString().slice(0, 10),
    );
  return {
    store,
    config,
    prepare: () => loadProvider(config, config.provider),
    find: async (reference, options = { keep: false }) => {
      const say = (text: string): void => observe({ type: "notice", text });
      const taking = { store, config, environment: invocation.environment };
      const taken = await takeOverMeant(taking, reference, say, options);
      if (taken?.kept) {
        const { log, history } = taken.kept;
        owned.set(taken.id, new Journal(log, history));
      }
      return taken?.id ?? findSession(store, reference, invocation.environment);
    },
    create: async (id, name, choice = {}) => {
      if (name !== undefined) await checkName(store, name);
      const workspace = await readWorkspace(invocation.folder);
      const equipment = await equip(chosenSettings({ ...config, ...choice }), workspace);
      const start = {
        id,
        workspace,
        version: packageVersion(),
        context: contextOf(workspace),
        ...(name !== undefined && { name }),
      };
      return createSession(runtime, start, equipment);
    },
    resume: async (id, { here, force, fromStep, amend, choice = {} }) => {
      let before: Workspace | undefined;
      // Told once it is logged.
      const done: string[] = [];
      const taken = owned.get(id);
      owned.delete(id);
      const session = await resumeSession(runtime, taken ?? id, { force }, async (history) => {
        before = history.workspace;
        const workspace = await workspaceFor(id, before, invocation, here);
        const equipment = await equip(
          { ...resumedSettings(config, history.settings), ...choice },
          workspace,
          amend === undefined ? history.amendments : [...history.amendments, amend],
        );
        const changes: NewEvent[] = [];
        if (amend !== undefined) {
          changes.push({ type: "instructions-amended", text: amend });
          done.push("the instructions are amended, from now on");
        }
        if (fromStep !== undefined) {
          const { event, later, last } = await rewindTo(store, history.id, fromStep);
          changes.push(event);
          const kept =
            later === 0
              ? "none is later"
              : `${counted(later, "later step")} ${later === 1 ? "stays" : "stay"} in the log: throughline fork ${history.id} --from-step ${last}`;
          done.push(`went back to the end of step ${fromStep}; ${kept}`);
        }
        return { ...equipment, changes, ...(!sameWorkspace(before, workspace) && { workspace }) };
      });
      for (const text of done) observe({ type: "notice", text });
      if (before) sayWhatChanged(observe, before, session.history.workspace);
      // Its owner died before it had said where it works, or it was cleared.
      const { turn, cleared, items } = session.history;
      if ((turn === 0 || cleared) && items.length === 0) {
        await closedOnFailure(session, () => session.addInput(contextOf(session.history.workspace)));
      }
      return session;
    },
    close: async () => {
      for (const { log } of owned.values()) await log.release();
      for (const close of closing) await close();
    },
  };
}

function chosenSettings(config: Config): Omit<Settings, "instructionsHash"> {
  const { provider, model, effort, approval } = config;
  return { provider, model, ...(effort !== undefined && { effort }), approval };
}

/** A session goes on with what it had; what the command line or the environment names overrides it. */
function resumedSettings(config: Config, own: Settings): Omit<Settings, "instructionsHash"> {
  const effort = config.chosen.has("effort") ? config.effort : own.effort;
  // A log that lost its first line before its first turn ended doesn't say what it was made with.
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
      return ask(`${title}?\n${lines.map((line) => `  ${line}\n`).join("")}`, signal);
    })
  );
}

/**
 * Where a resumed session works: its own folder, as it is today, when the person stands in it, below it or in the same repository;
 * otherwise this folder, if the person says so (R9).
 */
async function workspaceFor(
  id: string,
  own: Workspace,
  invocation: Invocation,
  here: boolean,
): Promise<Workspace> {
  const folder = await readWorkspace(invocation.folder);
  if (folder.path === own.path) return folder;
  if (own.path === "" && here) return folder;
  if (own.path === "")
    throw new Failure(
      "session-elsewhere",
      `Session ${id} doesn't say to which folder it belongs, because the head of its log is damaged. Nothing was sent and nothing was run. Go on with it in ${folder.path} with --here.`,
      { workspace: own.path },
    );
  const gone = !existsSync(own.path);
  if (!here && !gone && standsIn(own, folder.path)) return readWorkspace(own.path);
  const question = `Session ${id} belongs to ${own.path}${gone ? ", which is gone" : ""}. Go on with it in ${folder.path}?`;
  if (here || (await invocation.terminal.ask?.(question, invocation.signal))) return folder;
  throw new Failure(
    "session-elsewhere",
    `Session ${id} belongs to ${own.path}${gone ? ", which is gone" : ""}, not to ${folder.path}. Nothing was sent and nothing was run. ` +
      `${gone ? "Take" : `Go there (cd ${quoted(own.path)}), or take`} it along to this folder with --here.`,
    { workspace: own.path },
  );
}

function sameWorkspace(left: Workspace, right: Workspace): boolean {
  return (
    left.path === right.path &&
    left.gitBranch === right.gitBranch &&
    left.gitCommit === right.gitCommit &&
    left.gitRoot === right.gitRoot &&
    left.gitCommon === right.gitCommon
  );
}

function sayWhatChanged(observe: Observe, own: Workspace, now: Workspace): void {
  const say = (text: string): void => observe({ type: "notice", text });
  if (own.path !== now.path) say(`the session moves from ${own.path} to ${now.path}`);
  else if (own.gitBranch !== now.gitBranch) {
    say(`the git branch is ${now.gitBranch ?? "gone"} now; the session was on ${own.gitBranch ?? "none"}`);
  }
}
