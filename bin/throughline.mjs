#!/usr/bin/env node
// Plain JavaScript that old versions of Node can parse too, so that they can say what is wrong.
const needed = 24;

if (Number.parseInt(process.versions.node, 10) < needed) {
  process.stderr.write(
    "throughline needs Node " +
      needed +
      " or newer, and this is Node " +
      process.versions.node +
      ": install Node " +
      needed +
      ", or run `npx throughline` in a clone, which uses the pinned one.\n",
  );
  process.exitCode = 2;
} else {
  // The compile cache must be on before the first module of ours loads: it is what makes the start quick.
  Promise.all([import("node:module"), import("node:v8")])
    .then(([nodeModule, v8]) => {
      nodeModule.enableCompileCache();
      // A long session is read into a hundred thousand records that all stay: a young generation that grows with them is memory for nothing.
      v8.setFlagsFromString("--semi-space-growth-factor=1");
      return import("../dist/program/main.js");
    })
    .then((cli) => cli.main(process.argv.slice(2)))
    .then((status) => {
      process.exitCode = status;
    })
    .catch((error) => {
      const missing = error && error.code === "ERR_MODULE_NOT_FOUND";
      process.stderr.write(
        missing
          ? "throughline isn't built: run `npm ci` in its folder.\n"
          : "throughline can't start: " + error + "\n",
      );
      process.exitCode = 1;
    });
}
