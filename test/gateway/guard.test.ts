import { afterEach, describe, expect, it } from "vitest";
import { ask, closeAll, gatewayTo, raw } from "./kit.ts";
import { recording } from "./recording.ts";

afterEach(closeAll);

describe("who may ask", () => {
  it("a page in a browser, or one that rebound a name, may not", async () => {
    const { url, requests } = await recording();
    const gateway = await gatewayTo(url);
    const status = async (headers: string): Promise<string> =>
      (
        await raw(
          gateway.port,
          `POST /v1/responses HTTP/1.1\r\n${headers}\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}`,
        )
      ).slice(9, 12);
    expect(await status("host: evil.example")).toBe("421");
    expect(await status("host: 127.0.0.1.evil.example:80")).toBe("421");
    expect(await status("host: localhost\r\norigin: http://localhost:3000")).toBe("403");
    expect(await status("host: localhost\r\nsec-fetch-site: cross-site")).toBe("403");
    expect(requests).toHaveLength(0);
    expect(await status("host: LOCALHOST:1")).toBe("200");
    expect(await status("host: [::1]:1")).toBe("200");
  });

  it("needs the token where there is one, which goes nowhere else", async () => {
    const { url, requests } = await recording();
    const gateway = await gatewayTo(url, { token: "secret-token" });
    expect((await ask(gateway)).status).toBe(401);
    expect((await ask(gateway, "{}", { headers: { "x-throughline-token": "secret-tokem" } })).status).toBe(
      401,
    );
    expect((await ask(gateway, "{}", { headers: { "x-throughline-token": "secret-token" } })).status).toBe(
      200,
    );
    expect(requests.at(-1)!.request.headers.authorization).toBe("Bearer key-1");
    expect((await ask(gateway, "{}", { headers: { authorization: "Bearer secret-token" } })).status).toBe(
      200,
    );
    expect(requests.at(-1)!.request.headers.authorization).toBeUndefined();
    for (const name of ["api-key", "x-api-key"])
      expect((await ask(gateway, "{}", { headers: { [name]: "secret-token" } })).status).toBe(200);
    expect(JSON.stringify(requests.map(({ request }) => request.headers))).not.toContain("secret-token");
  });

  it("TRACE is not passed on: the upstream would answer with the gateway's own key", async () => {
    const { url, requests } = await recording();
    const gateway = await gatewayTo("", { upstreams: [{ url, key: "own-key-of-the-gateway" }] });
    const got = await raw(gateway.port, "TRACE /v1 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    expect(got).toMatch(/^HTTP\/1\.1 405 /u);
    expect(requests).toHaveLength(0);
  });

  it("is loopback alone without a token", async () => {
    await expect(gatewayTo("http://127.0.0.1:1", { host: "0.0.0.0" })).rejects.toThrow(/--token/u);
    await expect(gatewayTo("http://127.0.0.1:1", { upstreams: [] })).rejects.toThrow(/--upstream/u);
    await expect(gatewayTo("ftp://x")).rejects.toThrow(/base URL/u);
    await expect(gatewayTo("http://localhost:8790/v1", { port: 8790 })).rejects.toThrow(/itself/u);
  });

  it("a path that leads out of the upstream's is refused", async () => {
    const { url, requests } = await recording();
    const gateway = await gatewayTo(url);
    const paths = [
      "/v1/../admin",
      "/v1/%2e%2E/admin",
      "/v1/..%2fadmin",
      "/v1/x%5C..\\admin",
      "/v1/..;/admin",
      "/v1/..#",
    ];
    for (const path of [...paths, "ftp://localhost/v1/models"])
      expect(
        (
          await raw(gateway.port, `GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`)
        ).slice(9, 12),
      ).toBe("400");
    expect(requests).toHaveLength(0);
    const query = "/v1/files?path=%2Fa%2F..%2Fb&as=/../c";
    expect((await fetch(new URL(query, gateway.url))).status).toBe(200);
    expect(requests.map(({ request }) => request.url)).toEqual([query]);
  });
});
