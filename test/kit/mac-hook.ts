// Loaded before a program: it takes itself, and what it starts with its own Node, for one on macOS.
import child_process from "node:child_process";
import { syncBuiltinESMExports } from "node:module";

Object.defineProperty(process, "platform", { value: "darwin" });
const { spawn } = child_process;
// The wrapper of commands gets none of Node's variables.
child_process.spawn = ((program: string, words: string[], options: child_process.SpawnOptions) =>
  spawn(
    program,
    program === process.execPath ? ["--import", import.meta.filename, ...words] : words,
    options,
  )) as typeof spawn;
syncBuiltinESMExports();
