// Pages in a browser: what the Fetch standard's CORS protocol asks of a server that one page may use, and no other.
import { afterEach, describe, expect, it } from "vitest";
import { startGateway } from "../../src/gateway/server.ts";
import { bodyOf, completed, created, serve } from "../wire/upstream.ts";
import { ask, closeAll, gatewayTo, type Tried } from "./kit.ts";

afterEach(closeAll);

const page = "http://localhost:3000";
const cors = (answer: Response): string[] =>
  [...answer.headers].flatMap(([name, value]) =>
    name.startsWith("access-control-") ? `${name.slice(15)}: ${value}` : [],
  );

async function behind(
  status: number,
  allowedOrigins: readonly string[] = [page],
  token?: string,
): Promise<{ gateway: Tried; asked: (string | undefined)[] }> {
  const asked: (string | undefined)[] = [];
  const url = await serve(async (request, response) => {
    await bodyOf(request);
    asked.push(request.headers.origin);
    const type = status === 200 ? "text/event-stream" : "application/json";
    // Its own pages, and not this gateway's.
    const own = {
      "access-control-allow-origin": "https://upstream.example",
      "access-control-allow-credentials": "true",
    };
    response.writeHead(status, { "content-type": type, ...own });
    response.end(
      status === 200 ? created + completed : '{"error":{"message":"Invalid schema for function"}}',
    );
  });
  return { gateway: await gatewayTo(url, { allowedOrigins, ...(token !== undefined && { token }) }), asked };
}

const preflight = (gateway: Tried, origin: string, path = "responses"): Promise<Response> =>
  fetch(`${gateway.url}/${path}`, {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,content-type,x-throughline-token",
      "access-control-request-private-network": "true",
    },
  });

describe("a page that may ask", () => {
  it.each([200, 400])("reads what is answered (%i), and the upstream isn't told of it", async (status) => {
    const { gateway, asked } = await behind(status);
    const headers = { origin: page, "sec-fetch-site": "cross-site" };
    const answer = await ask(gateway, "{}", { headers });
    expect([answer.status, cors(answer)]).toEqual([status, [`allow-origin: ${page}`, "expose-headers: *"]]);
    const other = await fetch(`${gateway.url}/files`, { headers });
    expect(cors(other)).toEqual([`allow-origin: ${page}`, "expose-headers: *"]);
    expect(asked).toEqual([undefined, undefined]);
  });

  it("is told before a request what it may send; nothing is asked for that", async () => {
    const { gateway, asked } = await behind(200);
    const answer = await preflight(gateway, page);
    expect(answer.status).toBe(204);
    expect(cors(answer)).toEqual([
      "allow-headers: authorization,content-type,x-throughline-token",
      "allow-methods: POST",
      `allow-origin: ${page}`,
      "allow-private-network: true",
      "max-age: 7200",
    ]);
    expect(answer.headers.get("vary")).toBe("origin");
    expect(asked).toEqual([]);
  });

  it("needs the token where there is one, and reads that it does", async () => {
    const { gateway, asked } = await behind(200, [page], "secret-token");
    expect((await preflight(gateway, page)).status).toBe(204);
    const refused = await ask(gateway, "{}", { headers: { origin: page } });
    expect([refused.status, cors(refused)[0]]).toEqual([401, `allow-origin: ${page}`]);
    const headers = { origin: page, "x-throughline-token": "secret-token" };
    expect((await ask(gateway, "{}", { headers })).status).toBe(200);
    expect(asked).toHaveLength(1);
  });
});

describe("any other page", () => {
  it.each([
    "http://localhost:3001",
    "https://localhost:3000",
    "http://localhost:3000.evil.example",
    "http://localhost:3000/",
    `${page}, http://evil.example`,
    "null",
  ])("(%s) is refused, and reads nothing", async (origin) => {
    const { gateway, asked } = await behind(200);
    for (const answer of [
      await preflight(gateway, origin),
      await ask(gateway, "{}", { headers: { origin } }),
    ]) {
      expect([answer.status, cors(answer)]).toEqual([403, []]);
    }
    expect(asked).toEqual([]);
  });

  it("can't be allowed by a name that many have", async () => {
    for (const origin of [
      "*",
      "null",
      "localhost:3000",
      "http://*.example",
      "http://a.example/x",
      "file:///x",
      "http://a@b",
    ])
      await expect(
        startGateway({ upstreams: [{ url: "http://127.0.0.1:1/v1" }], allowedOrigins: [origin] }),
      ).rejects.toThrow("--allow-origin");
    const { gateway } = await behind(200, ["HTTP://LocalHost:80/", "tauri://localhost"]);
    for (const origin of ["http://localhost", "tauri://localhost"])
      expect((await preflight(gateway, origin)).status).toBe(204);
  });
});
