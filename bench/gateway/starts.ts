import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { root } from "../processes.ts";
import { freePort, startServer, type Way } from "./ways.ts";

const usual = { path: "/v1/responses", headers: ["authorization", "Bearer sk-bench"] } as const;

export const direct = (port: number): Way => ({ name: "direct", port, ...usual, stop: () => undefined });

/** What is shipped, as a user starts it: with all that it recovers from. */
export async function startOurs(upstream: number, folder: string): Promise<Way> {
  const port = await freePort();
  const child = await startServer(port, process.execPath, [
    join(root, "bin/throughline.mjs"),
    "gateway",
    `--listen=${port}`,
    `--upstream=http://127.0.0.1:${upstream}/v1`,
    `--home=${folder}`,
  ]);
  return { name: "throughline", port, ...usual, pid: child.pid!, stop: () => void child.kill() };
}

/** nginx, as one would set it up in front of a model: connections kept, and nothing buffered on the way back. */
export async function startNginx(upstream: number, folder: string): Promise<Way> {
  const found = ["nginx", "/usr/sbin/nginx"].find((name) => spawnSync(name, ["-v"]).status === 0);
  if (found === undefined) throw new Error("there is none here (Debian: apt-get install nginx)");
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${join(folder, name)};`,
  );
  const file = join(folder, "nginx.conf");
  writeFileSync(
    file,
    `daemon off; worker_processes auto; pid ${join(folder, "pid")}; error_log stderr error;
${userInfo().uid === 0 ? "user root;" : ""}
events { worker_connections 4096; }
http {
  access_log off; ${temporary.join(" ")}
  client_max_body_size 256m; client_body_buffer_size 256k; keepalive_requests 1000000;
  upstream model { server 127.0.0.1:${upstream}; keepalive 256; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${port} backlog=1024;
    location / {
      proxy_pass http://model; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off; proxy_read_timeout 300s;
    }
  }
}
`,
  );
  const child = await startServer(port, found, ["-c", file, "-p", folder]);
  return { name: "nginx", port, ...usual, pid: child.pid!, stop: () => void child.kill() };
}
