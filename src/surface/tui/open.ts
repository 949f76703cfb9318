import { counted } from "../../lib/words.ts";
import type { Settings } from "../../session/event.ts";
import type { Invocation } from "../command/command.ts";
import { inHome } from "../command/in-home.ts";
import type { Screen } from "../command/terminal.ts";
import { checkProvider, type Config, readConfig, undecidedWords } from "../config.ts";
import { placeOf } from "../place.ts";
import { packageVersion } from "../version.ts";
import type { Resumption, Workbench } from "../workbench.ts";
import { Conversation } from "./conversation.ts";
import { Desk, type Leaving } from "./desk.ts";
import { pickSession } from "./pick-session.ts";
import { openShelves } from "./picker-source.ts";
import { wrapsAgain } from "./reflow.ts";
import { loadScreen, showScreen } from "./screen.ts";
import { type Block, note } from "./state.ts";
import { painter } from "./style.ts";
import { modelWords } from "../session-words.ts";

/** What the terminal interface begins with: a session to go on with, and a message to send at once. */
export interface Beginning {
  session?: { find: (bench: Workbench) => Promise<string>; resumption: Resumption };
  prompt?: string;
}

/**
 * Runs the terminal interface until the person leaves it; resolves to the exit status. What keeps the session from being opened is thrown
 * before anything is drawn.
 */
export async function openInterface(
  invocation: Invocation,
  screen: Screen,
  { session, prompt }: Beginning,
): Promise<number> {
  const { terminal, environment, folder, options, signal } = invocation;
  const config = readConfig(options, environment, folder);
  const desk = new Desk();
  const model = modelWords(config);
  const conversation = await Conversation.open(invocation, { usual: config, changed: desk.changed });
  try {
    if (session) {
      const { find, resumption } = session;
      const past = await conversation.enter(async (bench) => ({ id: await find(bench), resumption }));
      desk.sit(conversation, past);
    } else {
      conversation.tell(welcome(folder, model, config.approval));
      if (config.undecided !== undefined) conversation.tell(note(undecidedWords(config, folder)));
      desk.sit(conversation, []);
    }
    const { App } = await loadScreen(terminal, () => import("./app.tsx"));
    const { createElement } = await import("react");
    const paint = painter(terminal.colour);
    conversation.questions.isShown = true;
    if (prompt !== undefined) desk.send(prompt);
    else if (!session) {
      tellProvider(conversation, config, environment);
      void tellSessions(conversation, folder);
    }
    while (!signal.aborted) {
      const leaving = await showScreen<Leaving>(
        screen,
        (done) => ({
          element: createElement(App, { desk, paint, wrapsAgain: wrapsAgain(environment), screen, done }),
          leave: () => {
            desk.leave("quit");
            done("quit");
          },
        }),
        { signal },
      );
      if (leaving === "quit") break;
      const { shelves, close } = openShelves(invocation, config);
      const picked = await pickSession(terminal, screen, { ...shelves, signal }).finally(close);
      if (picked.kind === "picked") await desk.enter(picked.row.id);
    }
  } finally {
    conversation.questions.isShown = false;
    await conversation.close();
  }
  if (conversation.id !== undefined)
    terminal.err(
      inHome(invocation, `The session is kept. Go on with it:\n  throughline resume ${conversation.id}\n`),
    );
  return signal.aborted ? 130 : 0;
}

/** Tells at once that the provider can't be asked (no key, no such provider), rather than after the first message was typed. */
function tellProvider(
  conversation: Conversation,
  config: Config,
  environment: Invocation["environment"],
): void {
  try {
    checkProvider(config, config.provider, environment);
  } catch (error) {
    conversation.tellTrouble(error);
  }
}

/** Tells how many sessions there are to go on with, unless the person has begun something meanwhile. */
async function tellSessions(conversation: Conversation, folder: string): Promise<void> {
  const told = conversation.view.finished.length;
  try {
    const listed = await conversation.store.list({ workspace: placeOf(folder) });
    const count = listed.filter(({ archived }) => archived === undefined).length;
    const { finished, phase } = conversation.view;
    if (count === 0 || finished.length > told || phase.kind !== "resting") return;
    conversation.tell(note(`${counted(count, "session")} in this workspace: /resume goes on with one`));
  } catch (error) {
    conversation.tellTrouble(error);
  }
}

function welcome(folder: string, model: string, approval: Settings["approval"]): Block {
  const asks = {
    ask: "commands and patches are asked about",
    all: "commands and patches run without asking",
    none: "commands and patches are denied",
  };
  return {
    kind: "banner",
    title: `Throughline ${packageVersion()}`,
    lines: [`${model} · ${folder}`, `${asks[approval]} · /help shows commands and keys`],
  };
}
