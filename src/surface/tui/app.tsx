import { Static, Text, useApp, useCursor, useInput, usePaste, useWindowSize } from "ink";
import { type ReactNode, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { systemClock } from "../../lib/clock.ts";
import { printable } from "../../lib/printable.ts";
import type { Screen } from "../cli/terminal.ts";
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
  const { finished } = scene.view;
  useEffect(() => desk.open(done), [desk, done]);
  useEffect(() => {
    desk.scrolled = finished.length;
  }, [desk, finished.length]);
  useInput((input, key) => {
    for (const command of readKeys(input, key)) {
      if (command.kind === "suspend") suspendTerminal(() => screen.suspend()).catch(desk.trouble);
      else desk.key(command);
    }
  });
  usePaste((text) => desk.key({ kind: "edit", edit: { do: "insert", text: printable(text) } }));
  const live = scene.isLeft
    ? { lines: [] }
    : liveLines({ ...scene, ...scene.composer, columns, rows, now }, paint);
  setCursorPosition(live.cursor);
  useWrapping(live, screen.output, wrapsAgain);
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

/** Corrects the cursor when a narrower window has wrapped the drawn lines, before Ink's own listener erases them (`afterWrapping`). */
function useWrapping(live: Live, output: Screen["output"], wrapsAgain: boolean): void {
  const drawn = useRef(live);
  useEffect(() => {
    drawn.current = live;
  });
  useEffect(() => {
    let { columns } = output;
    const wrapped = (): void => {
      if (wrapsAgain && output.columns < columns)
        output.write(afterWrapping(drawn.current, columns, output.columns));
      ({ columns } = output);
    };
    output.prependListener("resize", wrapped);
    return () => void output.off("resize", wrapped);
  }, [output, wrapsAgain]);
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
