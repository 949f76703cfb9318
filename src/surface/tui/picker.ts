import { Text, useApp, useInput, usePaste, useWindowSize } from "ink";
import { createElement, type ReactNode, useEffect, useState, useSyncExternalStore } from "react";
import type { Place } from "../../session/place.ts";
import type { Screen } from "../command/terminal.ts";
import { keysIn } from "./keys.ts";
import { pickerKey } from "./picker-keys.ts";
import { pickerLines, pickerRoom } from "./picker-lines.ts";
import type { PickerModel } from "./picker-model.ts";
import type { Paint } from "./style.ts";

export interface PickerProps {
  readonly model: PickerModel;
  /** Where the person stands. */
  readonly here: Place;
  readonly paint: Paint;
  /** Gives the terminal back to the shell until the person comes back. */
  readonly suspend: Screen["suspend"];
}

/** How often the ages, and the times until limits reset, are drawn anew. Milliseconds. */
const tickMs = 10_000;

/** The picker, as large as the window. It has the keyboard while it is drawn; the model's `done` tells what was picked. */
function Picker({ model, here, paint, suspend }: PickerProps): ReactNode {
  const { suspendTerminal } = useApp();
  const state = useSyncExternalStore(
    (listener) => model.subscribe(listener),
    () => model.state,
  );
  const { columns, rows } = useWindowSize();
  const [now, setNow] = useState(() => Date.now());
  const [trouble, setTrouble] = useState<unknown>();
  if (trouble !== undefined) throw trouble;
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), tickMs);
    return () => clearInterval(timer);
  }, []);
  useEffect(() => model.do({ kind: "page", lines: pickerRoom(rows).list }), [model, rows]);
  useInput((typed, pressed) => {
    for (const press of keysIn(typed, pressed)) {
      const command = pickerKey(press, model.state);
      if (command?.kind === "suspend") suspendTerminal(suspend).catch(setTrouble);
      else if (command) model.do(command);
    }
  });
  usePaste(
    (text) =>
      model.state.asking?.kind !== "delete" && model.do({ kind: "type", text: text.replace(/\s+/gu, " ") }),
  );
  const lines = pickerLines({ state, preview: model.preview, here, columns, rows, now }, paint);
  return createElement(Text, { wrap: "truncate" }, lines.join("\n"));
}

export const pickerElement = (props: PickerProps): ReactNode => createElement(Picker, props);
