import { Static, Text, useApp, useCursor, useInput, usePaste, useWindowSize } from "ink";
import { type ReactNode, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { systemClock } from "../../lib/clock.ts";
import { printable } from "../../lib/printable.ts";
import type { Screen } from "../command/terminal.ts";
import type { Desk, Leaving, Scene } from "./desk.ts";
import { readKeys } from "./keys.ts";
import { type Live, liveLines } from "./live.ts";
import { afterWrapping } from "./reflow.ts";
import type { Paint } from "./style.ts";
import { blockLines } from "./transcript.ts";

interface AppProps {
  desk: Desk;
  paint: Paint;
  /** Whether the terminal wraps its lines anew when it becomes narrower. */
  wrapsAgain: boolean;
  screen: Screen;
  done: (leaving: Leaving) => void;
}

/** The conversation's screen: finished blocks scroll away above, and below them the live part is drawn anew with every change. */
export function App({ desk, paint, wrapsAgain, screen, done }: AppProps): ReactNode {
  const scene = useSyncExternalStore(desk.subscribe, desk.scene);
  const { columns, rows } = useWindowSize();
  const now = useNow(scene);
  const { suspendTerminal } = useApp();
  const { setCursorPosition } = useCursor();
  const [from] = useState(desk.scrolled);
  const { finished, question } = scene.view;
  useEffect(() => desk.open(done), [desk, done]);
  useEffect(() => {
    desk.scrolled = finished.length;
  }, [desk, finished.length]);
  useEffect(() => {
    if (question) desk.seen(question);
  }, [desk, question]);
  useInput((input, key) => {
    for (const command of readKeys(input, key)) {
      if (command.kind === "suspend") suspendTerminal(() => screen.suspend()).catch(desk.trouble);
      else desk.key(command);
    }
  });
  usePaste((text) => desk.key({ kind: "edit", edit: { do: "insert", text: printable(text) } }));
  const drawn = useRef<Live>({ lines: [] });
  const isNarrowing = useNarrowing(drawn, screen.output, wrapsAgain);
  const live =
    scene.isLeft || isNarrowing
      ? { lines: [] }
      : liveLines({ ...scene, ...scene.composer, columns, rows, now }, paint);
  setCursorPosition(live.cursor);
  useEffect(() => {
    drawn.current = live;
  });
  return (
    <>
      <Static items={finished.slice(from)}>
        {(block, index) => (
          <Text key={from + index} wrap="truncate">
            {blockLines(block, columns, paint).join("\n")}
          </Text>
        )}
      </Static>
      <Text wrap="truncate">{live.lines.join("\n")}</Text>
    </>
  );
}

/**
 * How long a window has to keep its width until the live part is drawn again. tmux (3.3) wraps its lines at once and tells of it 250 ms later
 * where it has told of another width shortly before. Milliseconds.
 */
const settledMs = 300;

/**
 * Corrects the cursor when a narrower window has wrapped the drawn lines, before Ink's own listener erases them (`afterWrapping`). Returns
 * whether the window may become narrower still, as while its edge is dragged: what is drawn between the terminal's wrapping and the word of
 * it stays for good, so that nothing is to be drawn then.
 */
function useNarrowing(
  drawn: { readonly current: Live },
  output: Screen["output"],
  wrapsAgain: boolean,
): boolean {
  const [isNarrowing, setNarrowing] = useState(false);
  useEffect(() => {
    let { columns } = output;
    let settling: NodeJS.Timeout | undefined;
    const wrapped = (): void => {
      if (wrapsAgain && output.columns < columns) {
        output.write(afterWrapping(drawn.current, columns, output.columns));
        setNarrowing(true);
        clearTimeout(settling);
        settling = setTimeout(() => setNarrowing(false), settledMs);
      }
      ({ columns } = output);
    };
    output.prependListener("resize", wrapped);
    return () => {
      clearTimeout(settling);
      output.off("resize", wrapped);
    };
  }, [drawn, output, wrapsAgain]);
  return isNarrowing;
}

/** Milliseconds between two drawings for the clock's sake: while something moves, and while a limit is counted down. */
const [quick, slow] = [120, 1_000];

/** The current time, updated as often as the scene shows it; not at all while the session rests without a countdown. */
function useNow({ view: { phase } }: Scene): number {
  const [now, setNow] = useState(() => systemClock.now());
  const every = phase.kind !== "resting" ? quick : phase.stop?.kind === "limited" ? slow : undefined;
  useEffect(() => {
    setNow(systemClock.now());
    if (every === undefined) return undefined;
    const timer = setInterval(() => setNow(systemClock.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}
