// Makes src/lib/json-scan-code.ts, which isn't in git, of assembly/json-scan.ts: WebAssembly as a text that any bundler takes along.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { main } from "assemblyscript/asc";

const root = fileURLToPath(new URL("..", import.meta.url));
const target = join(root, "src/lib/json-scan-code.ts");
let binary: Uint8Array | undefined;
const options =
  "--outFile json-scan.wasm --runtime stub --enable simd --importMemory --noExportMemory --noAssert -O3 --converge";
const { error, stderr } = await main(["assembly/json-scan.ts", "--baseDir", root, ...options.split(" ")], {
  writeFile: (_name, contents) => void (binary = Buffer.from(contents)),
});
if (error || !binary) throw new Error(`assembly/json-scan.ts: ${stderr.toString()}`);
const text = `// Made by scripts/assemble.ts of assembly/json-scan.ts.\nexport const code =\n  "${Buffer.from(binary).toString("base64")}";\n`;
writeFileSync(target, text);
