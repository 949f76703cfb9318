// Removes from dist what no longer has a source in src. The rest stays in place and is overwritten by tsc,
// so a process that runs from dist while another one builds doesn't lose the files under its feet.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const emitted = /(\.js|\.d\.ts)(\.map)?$/;

if (existsSync(dist)) {
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    // What scripts/bundle.ts makes, it tidies itself.
    if (path.startsWith(join(dist, "program"))) continue;
    const stem = join(root, "src", path.slice(dist.length).replace(emitted, ""));
    const hasSource = entry.isDirectory()
      ? existsSync(stem)
      : existsSync(`${stem}.ts`) || existsSync(`${stem}.tsx`) || existsSync(stem);
    if (!hasSource) rmSync(path, { recursive: true, force: true });
  }
}
