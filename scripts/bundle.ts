// Makes dist/program: the command line with everything that it needs, in few files. Linking two hundred modules one by one took half of the
// time in which a short command ran (decisions/0008). The library stays as tsc emits it.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { keepReplaced } from "./replaced-chunks.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, "dist", "program");

const importOfBuiltin =
  /^import (?:(?<all>[\w$]+)(?:, )?)?(?:\{(?<some>[^}]*)\} )?\s*from "(?<name>node:[\w/]+)";$/gmu;

function withoutRarities(...found: unknown[]): string {
  const { all, some, name } = found.at(-1) as { all?: string; some?: string; name: string };
  const builtin = `globalThis.process.getBuiltinModule("${name}")`;
  const lines = [
    all === undefined ? "" : `const ${all} = ${builtin};`,
    some === undefined ? "" : `const {${some.replaceAll(" as ", ": ")}} = ${builtin};`,
  ];
  return lines.filter((line) => line !== "").join(" ");
}

const bundle = await rolldown({
  input: {
    main: join(root, "dist/surface/program/main.js"),
    // A process of its own beside each command of the agent's (tool/shell/wrapper-process.ts).
    wrapper: join(root, "dist/tool/shell/wrapper.js"),
  },
  platform: "node",
  // The user's own instance of OpenTelemetry is the one to count with; Ink asks for React's tools only when DEV is set.
  external: [/^node:/u, "@opentelemetry/api", "react-devtools-core"],
  transform: { define: { "process.env.NODE_ENV": '"production"' } },
  plugins: [
    {
      name: "yoga-without-fetch",
      // Ink's layout engine fetches its own `data:` URL, for which Node loads all of fetch: a third of the time until the first screen. Without
      // one it decodes the text itself.
      transform: {
        filter: { id: /yoga-wasm-base64-esm\.js$/u },
        handler: (code) => `var fetch;\n${code}`,
      },
    },
    {
      name: "builtins-without-their-rarities",
      // To import one name of a built-in module Node reads all of its names, and so loads what hardly anybody uses: workers and a differ for
      // `util`, reports for `process`, WebCrypto for `crypto`, streams for `fs`. A tenth of a short command's time.
      renderChunk: (code) => ({ code: code.replaceAll(importOfBuiltin, withoutRarities) }),
    },
    {
      name: "undici-without-http2",
      // HTTP/1.1 only (provider/wire/connection.ts): without `allowH2` no server is offered anything else.
      transform: {
        filter: { id: /undici\/lib\/dispatcher\/client-h2\.js$/u },
        handler: () => 'module.exports = () => { throw new Error("HTTP/2 is not in this program"); };\n',
      },
    },
  ],
});
const { output } = await bundle.write({ dir: folder, format: "esm", chunkFileNames: "[name]-[hash].js" });
await bundle.close();

keepReplaced(folder, [...output.map(({ fileName }) => fileName), "THIRD-PARTY.txt"], Date.now());
const modules = output.flatMap((chunk) => (chunk.type === "chunk" ? chunk.moduleIds : []));
writeFileSync(join(folder, "THIRD-PARTY.txt"), notices(modules));

/** The licences of the packages that the bundle holds. */
function notices(paths: readonly string[]): string {
  const mark = `${sep}node_modules${sep}`;
  const packages = new Set<string>();
  for (const path of paths) {
    const at = path.lastIndexOf(mark);
    if (at < 0) continue;
    const [first = "", second = ""] = path.slice(at + mark.length).split(sep);
    packages.add(path.slice(0, at + mark.length) + (first.startsWith("@") ? join(first, second) : first));
  }
  return [...packages].sort().map(notice).join("\n");
}

function notice(path: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(path, "package.json"), "utf8")) as Record<
    string,
    string
  >;
  const file = readdirSync(path).find((entry) => /^licen[cs]e/iu.test(entry));
  const text = file ? readFileSync(join(path, file), "utf8") : "";
  return `${name} ${version} (${license})\n\n${text}\n`;
}
