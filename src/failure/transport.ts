import type { FailureSignal } from "../failure.ts";
import type { FailureData } from "./catalogue.ts";

type Reason = FailureData["transport-interrupted"]["reason"];

/** Codes of Node's net, dns and tls and of undici, and five of our own: CUT, ENDED, IDLE, INCOMPLETE, PROXY_REFUSED. */
const reasons: Readonly<Record<string, Reason>> = {
  CUT: "cut",
  ENDED: "cut",
  // "other side closed", "terminated": the provider ended the connection before its answer was whole.
  UND_ERR_SOCKET: "cut",
  IDLE: "idle",
  INCOMPLETE: "incomplete",
  ECONNREFUSED: "refused",
  EHOSTUNREACH: "refused",
  ENETUNREACH: "refused",
  EHOSTDOWN: "refused",
  UND_ERR_CONNECT_TIMEOUT: "refused",
  ENOTFOUND: "unresolved",
  EAI_AGAIN: "unresolved",
  EAI_FAIL: "unresolved",
  UND_ERR_HEADERS_TIMEOUT: "idle",
  UND_ERR_BODY_TIMEOUT: "idle",
};

// A certificate that isn't trusted stays so however often it is tried (Node's tls codes), and so does a proxy's refusal.
const settled =
  /^(?:PROXY_REFUSED|CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH)/u;

/** The failure of a connection. It may be tried again, unless a certificate isn't trusted or a proxy refuses. */
export function transportFailure(
  signal: FailureSignal,
):
  | { class: "transport-interrupted"; data: FailureData["transport-interrupted"] }
  | { class: "configuration"; data: FailureData["configuration"] } {
  const code = signal.code ?? "";
  if (settled.test(code)) return { class: "configuration", data: {} };
  return { class: "transport-interrupted", data: { reason: reasons[code] ?? "reset" } };
}
