import type { Screen, Terminal } from "../command/terminal.ts";
import { type Picked, PickerModel } from "./picker-model.ts";
import { firstRows, sessionSource, type Shelves } from "./picker-source.ts";
import type { PickerRows } from "./picker-state.ts";
import { loadScreen, showScreen } from "./screen.ts";
import { painter } from "./style.ts";

export interface Picking extends Shelves {
  /** The rows to begin with; absent: this workspace's are read. */
  readonly rows?: PickerRows;
  /** Ends the picker. */
  readonly signal: AbortSignal;
}

/** Shows the picker on a screen of its own until a session is picked or the person leaves. Nothing else may draw meanwhile. */
export async function pickSession(
  terminal: Terminal,
  screen: Screen,
  { rows, signal, ...shelves }: Picking,
): Promise<Picked> {
  const { pickerElement } = await loadScreen(terminal, () => import("./picker.ts"));
  const { here } = shelves;
  const first = rows ?? (await firstRows(shelves, here));
  const paint = painter(terminal.colour);
  return showScreen<Picked>(
    screen,
    (done) => {
      const model = new PickerModel(sessionSource(shelves), first, done);
      shelves.waits.tell = (words) => model.wait(words);
      return {
        element: pickerElement({ model, here, paint, suspend: screen.suspend }),
        leave: () => model.do({ kind: "interrupt" }),
      };
    },
    { signal, alternate: true },
  );
}
