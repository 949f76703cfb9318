import { Static, Text, useApp, useCursor, useInput, usePaste, useWindowSize } from "ink";
import { type ReactNode, useEffect, useState, useSyncExternalStore } from "react";
import { systemClock } from "../../lib/clock.ts";
import { printable } from "../../lib/printable.ts";
import type { Desk, Leaving, Scene } from "./desk.ts";
import { readKeys } from "./keys.ts";
import { liveLines } from "./live.ts";
import type { Paint } from "./style.ts";
import { blockLines } from "./transcript.ts";

interface AppProps {
  desk: Desk;
  paint: Paint;
  /** Stops the program until it is told to go on. */
  suspend: () => Promise<void>;
  done: (leaving: Leaving) => void;
}

/** The conversation's screen: what is over scrolls away above, and beneath it a few lines are drawn anew. */
export function App({ desk, paint, suspend, done }: AppProps): ReactNode {
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
      if (command.kind === "suspend") suspendTerminal(suspend).catch(desk.trouble);
      else desk.key(command);
    }
  });
  usePaste((text) => desk.key({ kind: "edit", edit: { do: "insert", text: printable(text) } }));
  const live = scene.isLeft
    ? { lines: [] }
    : liveLines({ ...scene, ...scene.composer, columns, rows, now }, paint);
  setCursorPosition(live.cursor);
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

/** Between two looks at the clock: quick while something moves, slow while something is counted down. In milliseconds. */
const [quick, slow] = [120, 1_000];

/** The time, as often as what is drawn tells it; what rests for good tells none. */
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
