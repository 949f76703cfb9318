import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "node:tls";
import { afterEach, expect, it, vi } from "vitest";
import { isFailureOf } from "../../failure.ts";
import { connectionWords, dispatcherFor } from "./connection.ts";

afterEach(() => void vi.unstubAllEnvs());

const url = new URL("https://provider.example/v1");

it.each(["127.0.0.1:3128", "proxy:3128", "nope", "ftp://proxy"])(
  "%j, which curl may take for a proxy, is told as a mistake of the environment",
  async (value) => {
    for (const name of ["https_proxy", "http_proxy", "HTTP_PROXY"]) vi.stubEnv(name, undefined);
    vi.stubEnv("HTTPS_PROXY", value);
    expect(() => dispatcherFor(url, 1_000)).toThrow(
      expect.toSatisfy(
        (error) => isFailureOf(error, "configuration") && error.message.startsWith("HTTPS_PROXY "),
      ),
    );
    // What is on this machine is never asked through one.
    await dispatcherFor(new URL("http://127.0.0.1/v1"), 1_000).close();
    vi.stubEnv("HTTPS_PROXY", "http://proxy.example:3128");
    await dispatcherFor(url, 1_000).close();
  },
);

it("says of a server without TLS behind an https address what it is, not where OpenSSL has noticed", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const [error] = (await once(connect({ port, host: "127.0.0.1" }), "secureConnect").catch(
    (cause: unknown) => [cause],
  )) as [Error];
  expect(connectionWords(error)).toBe("what answers there speaks no TLS: its address may begin with http://");
  server.close();
});
