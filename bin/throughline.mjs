#!/usr/bin/env node
// Plain JavaScript that old versions of Node can parse too, so that they can say what is wrong.
const needed = 24;

if (Number.parseInt(process.versions.node, 10) < needed) {
  Promise.all([import("child_process"), import("fs"), import("url")]).then(
    ([{ spawn }, fs, { fileURLToPath }]) => {
      // What `npm ci` brings in a clone.
      const pinned = fileURLToPath(new URL("../node_modules/node/bin/node", import.meta.url));
      if (!fs.existsSync(pinned)) {
        process.stderr.write(
          "throughline needs Node " +
            needed +
            " or newer, and this is Node " +
            process.versions.node +
            ": install Node " +
            needed +
            ", or run `npm ci` in a clone, which brings it.\n",
        );
        process.exitCode = 2;
        return;
      }
      const program = spawn(pinned, [fileURLToPath(import.meta.url)].concat(process.argv.slice(2)), {
        stdio: "inherit",
      });
      // A terminal sends Ctrl-C to both; what is sent to this process alone is passed on.
      process.on("SIGINT", () => undefined);
      for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => program.kill(signal));
      program.on("exit", (status, signal) => {
        process.exitCode = signal === null ? status : 1;
      });
    },
  );
} else {
  // The first versions of Node 24 call SQLite experimental each time a program uses it, which says nothing to a person here.
  const { emitWarning } = process;
  process.emitWarning = (warning, ...more) => {
    if (!String(warning).startsWith("SQLite is an experimental")) emitWarning.call(process, warning, ...more);
  };
  // The compile cache must be on before the first module of ours loads: it is what makes the start quick.
  process.getBuiltinModule("node:module").enableCompileCache();
  // A long session is read into a hundred thousand records that all stay: a young generation that grows with them is memory for nothing.
  process.getBuiltinModule("node:v8").setFlagsFromString("--semi-space-growth-factor=1");
  import("../dist/program/main.js")
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
