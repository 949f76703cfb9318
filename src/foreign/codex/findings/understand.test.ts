import { expect, it } from "vitest";
import { catalogue } from "./catalogue.ts";
import { understand } from "./understand.ts";

const refusals = Object.entries(catalogue).flatMap(([kind, { causes }]) =>
  causes.startsWith("every resume")
    ? Array.from(causes.matchAll(/"([^"]+)"/gu), ([, words]) => [words!, kind])
    : [],
);

it.each(refusals)("what Codex refuses a file with leads to its damage: %s (%s)", (words, kind) => {
  expect(understand(words, 0).kinds).toContain(kind);
});

it.each([
  [
    "thread/resume failed: failed to load configuration: Model provider `grid` not found (code -32600)",
    /put \[model_providers\.NAME\] back/u,
  ],
  [
    "This chat uses model provider “mock”, which is no longer configured. Restore this provider’s configuration to continue. (code -32600)",
    /put \[model_providers\.NAME\] back.*export --format codex/u,
  ],
  [
    "This chat uses model provider “”, which is no longer configured. Restore this provider’s configuration to continue. (code -32600)",
    /codex exec resume/u,
  ],
  ["failed to load configuration: Model provider `` not found", /codex exec resume/u],
  [
    "Cannot change this thread's model provider from `openai` to `throughline` on resume. (code -32600)",
    /-c model_provider=NAME resume/u,
  ],
])("what Codex says of a session's provider is no provider's refusal of a model: %s", (said, youCan) => {
  const understood = understand(said, 0);
  expect(understood.failure).toBeUndefined();
  expect(understood.kinds).toEqual([]);
  expect(understood.youCan).toMatch(youCan);
});

const sealed = "The encrypted content gAAA...c90= could not be verified.";

it.each([
  "⚠ MCP client for `playwright` failed to start: handshaking with MCP server\n  failed: 401 Unauthorized\n\n⚠ MCP startup incomplete (failed: playwright)\n\n› go on\n\n■ ",
  "■ Conversation interrupted - tell the model what to do differently.\n\n› go on\n\n■ ",
  "Your codex is out of date: 0.150 → 0.169\nERROR: unexpected status 400 Bad Request: ",
])("of a screen that was pasted whole, what stopped the session is told: %j", (before) => {
  const refusal = JSON.stringify({ error: { message: sealed, code: "invalid_encrypted_content" } });
  expect(understand(before + refusal, 0).failure?.class).toBe("sealed-reasoning-rejected");
  const id = "019a0000-0000-7000-8000-000000000001";
  expect(understand(`session id: ${id}\n${before}${refusal}`, 0).named.thread).toBe(id);
  expect(understand(before, 0).failure).toBeUndefined();
  expect(understand((before + refusal).replaceAll("\n", "\n> "), 0).failure?.class).toBe(
    "sealed-reasoning-rejected",
  );
});

it.each([
  [
    "failed to connect to websocket: HTTP error: 401 Unauthorized, url: wss://api.openai.com/v1/responses",
    "auth-denied",
  ],
  [
    "stream disconnected before completion: failed to connect to websocket: HTTP error: 429 Too Many Requests, url: wss://x",
    "rate-limit",
  ],
  ["failed to connect to websocket: IO error: tls handshake eof", "transport-interrupted"],
  ['http 429 Too Many Requests: Some("<html><title>Too Many Requests</title></html>")', "rate-limit"],
  ["HTTP status client error (401 Unauthorized) for url (https://api.openai.com/v1/models)", "auth-denied"],
  ["Request failed with status code 503", "overloaded"],
  ["Error while downloading file. Upstream status code: 407.", "media-invalid"],
])(
  "a status that a client names counts, whatever it was doing, and none of whom the provider asked: %s",
  (said, failureClass) => {
    expect(understand(said, 0).failure?.class).toBe(failureClass);
  },
);

it("words of Codex's that stand on two lines are read as one message", () => {
  expect(understand("MCP\n> startup failed", 0).means).toContain("(MCP)");
});
const body = { error: { message: sealed, type: "invalid_request_error", code: "invalid_encrypted_content" } };
const pretty = JSON.stringify(body, null, 2);
const quotedBody = JSON.stringify(JSON.stringify(body));

it.each([
  ["as Codex prints it", `■ ${pretty}`],
  ["without its end (openai/codex #8138)", `■ ${pretty.slice(0, -1)}`],
  ["behind what the turn did", `• Explored\n  └ Read {name}.ts, {}\n\n■ ${pretty}`],
  ["before what the next turn did", `■ ${pretty}\n\n• Read {name}.ts (400)`],
  ["twice", `${pretty}\n${pretty}`],
  ["with colours", `\u001B[31m■ \u001B[0m${pretty.replaceAll("error", "\u001B[1merror\u001B[22m")}`],
  ["quoted in a mail", `■ ${pretty}`.replaceAll(/^/gmu, "> ")],
  ["in a terminal's frame", `■ ${pretty}`.replaceAll(/^/gmu, "│ ").replaceAll(/$/gmu, "   │")],
  ["wrapped by a terminal", `■ ${pretty}`.replace("could not", "could\n  not")],
  ["with Windows' line ends", pretty.replaceAll("\n", "\r\n")],
  ["quoted for a shell", `'${JSON.stringify(body)}'`],
  ["quoted by another JSON text", quotedBody.slice(1, -1)],
  ["as an event of exec --json", `{"type":"turn.failed","error":{"message":${quotedBody}}}`],
  ["as a line of a rollout", `{"type":"event_msg","payload":{"type":"error","message":${quotedBody}}}`],
  [
    "by LiteLLM, wrapped (openai/codex #8100)",
    `■ {"error":{"message":"litellm.BadRequestError: OpenAIException - ${JSON.stringify(pretty).slice(1, -1)}. Received Model\nGroup=gpt","type":null,"code":"400"}}`,
  ],
])("a refused seal is one however it was pasted: %s", (_how, pasted) => {
  const understood = understand(pasted, 0);
  expect(understood.failure?.class).toBe("sealed-reasoning-rejected");
  expect(understood.seals).toEqual({ which: "named", tail: "c90=" });
});

it.each([
  ["invalid_encrypted_content", "sealed-reasoning-rejected"],
  [
    "BadRequestError: Error code: 400 - {'error': {'message': 'No tool output found for function call call_aBcDeFgH.', 'code': None}}",
    "call-without-output",
  ],
  [
    "stream disconnected before completion: error sending request for url (https://chatgpt.com/backend-api/codex/responses)",
    "transport-interrupted",
  ],
  [
    "2026-03-02T17:05:11.672329Z  WARN codex_core::session: stream disconnected - retrying sampling request (2/5 in 405ms)...",
    "transport-interrupted",
  ],
  [
    "2026-11-20T10:00:00.123456Z ERROR session_loop{thread_id=01a1}:turn{turn.id=1}: codex_core::session::turn: Turn error: You've hit your usage limit. Upgrade to Pro or try again at 5:10 PM.",
    "usage-limit",
  ],
  [
    "2026-11-20T10:00:00Z ERROR codex_core::codex: Rate limit reached for gpt-5.5 in organization org-a on tokens per min (TPM): Limit 500000.",
    "rate-limit",
  ],
  [
    "stream disconnected before completion: An error occurred while processing your request. You can retry your request.",
    "overloaded",
  ],
  [
    "stream disconnected before completion: Rate limit reached for gpt-5.1-codex in organization org-a on tokens per min (TPM): Limit 500000. Please try again in 2.4s.",
    "rate-limit",
  ],
  ["■ Codex ran out of room in the model’s context window. Start a new thread.", "context-overflow"],
  [
    "■ You've hit your usage limit. Upgrade to Pro (https://openai.com/chatgpt/pricing) or try again in 5 days 22 hours 11\nminutes.",
    "usage-limit",
  ],
])("words without a code say what failed: %s", (said, failure) => {
  expect(understand(said, 0).failure?.class).toBe(failure);
});

it.each([
  [`■ {"status":500,"errors":[{"type":"api_error","message":"Internal server error"}]}`, "overloaded"],
  [
    `unexpected status 500 Internal Server Error: {"error":{"message":"write /root/.ollama/x: no space left on device"}}, url: http://127.0.0.1:11434/v1/responses`,
    "overloaded",
  ],
  [`{"status":503,"error":{"message":"frobnication"}}`, "overloaded"],
  [`unexpected status 503 Service Unavailable: frobnication, url: http://127.0.0.1/v1`, "overloaded"],
  [`unexpected status 401 Unauthorized: {"error":{"message":"frobnication"}}`, "auth-denied"],
  [`unexpected status 400 Bad Request: {"detail":"Unsupported content type"}`, "sealed-reasoning-rejected"],
  ["exceeded retry limit, last status: 429 Too Many Requests, request id: 4b1", "rate-limit"],
  [`• Read {name}.ts\n■ {"error":{"code":"insufficient_quota","message":"frobni`, "billing"],
])("what a provider says beside its words counts: %s", (said, failure) => {
  expect(understand(said, 0).failure?.class).toBe(failure);
});

it.each([
  [
    "Error: 400 Item 'fc_1' of type 'function_call' was provided without its required 'reasoning' item: 'rs_1'.",
    "reasoning-unpaired",
  ],
  ["Streaming response failed: [503] The request queue is full.", "overloaded"],
  ['API Error: 529 {"type":"error","error":{"message":"busy"}}', "overloaded"],
  ["failed to connect to websocket: IO error: tls handshake eof", "transport-interrupted"],
  ["加密内容 gAAA...c90= 无法验证。invalid_encrypted_content", "sealed-reasoning-rejected"],
  ["您已达到使用上限。You've hit your usage limit.", "usage-limit"],
  ["由于您已登出或登录了其他账户，无法刷新您的访问令牌。请重新登录。", "auth-expired"],
  ["my session only says invalid_encrypted_content since Tuesday", "sealed-reasoning-rejected"],
  ["■ No tool out\nput found for function call call_aBcDeFgH.", "call-without-output"],
  ["中转站 Invalid 'input\\[5\\].id': '06b2\\_rs'. Expected an ID that begins with 'rs'.", "item-id-invalid"],
  [
    "Error: Codex error event: Invalid 'input[7].content[1].image_url'. Expected a base64-encoded data URL",
    "media-invalid",
  ],
  [
    '⎿ API Error: 400 {"type":"error","error":{"type":"invalid_request_error","mes\n    sage":"messages.30: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1."}}',
    "call-without-output",
  ],
])(
  "a client's own words, another language, a fold or Markdown don't hide what is known: %s",
  (said, failure) => {
    expect(understand(said, 0).failure?.class).toBe(failure);
  },
);

it.each([
  ["⚠ MCP client for `exa` failed to start: MCP startup failed: connection closed", "mcp_servers"],
  ["bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted", "user namespaces"],
  ['Error loading config.toml: `wire_api = "chat"` is no longer supported.', "correct the setting"],
  ["Missing environment variable: `OPENROUTER_API_KEY`.", "set the variable"],
  ["This task is active elsewhere. Close it there, then retry here.", "close it there"],
  ["Codex couldn't start because another Codex process is using its local data.", "close every Codex"],
  ['{"detail":"The \'gpt-5.5\' model requires a newer version of Codex."}', "update Codex"],
  [
    "Error running remote compact task: Fatal error:\nremote compaction v2 expected exactly one compaction output item",
    "throughline resume",
  ],
  ["• Reconnecting... 5/5 (8s • esc to interrupt)\n› Reconnecting... 5/5", "the message after that"],
  ["• Reconnecting... 5/5 (1m 02s • esc to interrupt)", "the message after that"],
  ["ERROR: Reconnecting... waiting for network", "throughline gateway starts it"],
  ["frobnication", "give more of it"],
])("what no provider says is no provider's refusal: %s", (said, youCan) => {
  const understood = understand(said, 0);
  expect(understood.failure).toBeUndefined();
  expect(understood.youCan).toContain(youCan);
});

it.each([
  [
    "ERROR: Reconnecting... 1/5 (unexpected status 401 Unauthorized: Incorrect API key provided)",
    "auth-denied",
  ],
  ["■ stream disconnected before completion: Transport error\nReconnecting... 5/5", "transport-interrupted"],
])("that Codex tries again hides no reason that stands beside it: %s", (said, failure) => {
  expect(understand(said, 0).failure?.class).toBe(failure);
});

it.each(["The upstream's stream ended (cut)", "The gateway was ended"])(
  "a cut that a client of the gateway prints in its words alone is known: %s",
  (cut) => {
    const said = `${cut} after output had begun; what was sent counts, and nothing was asked again (transport-interrupted, throughline gateway)`;
    expect(understand(said, 0).failure?.class).toBe("transport-interrupted");
  },
);

it("an id that a terminal's edge has cut is found whole", () => {
  const said =
    "rollout at /r/rollout-2026-05-14T02-43-17-019e232f-d47e-7ac0-8ec2-dd2853e4\n2cf9.jsonl is empty";
  expect(understand(said, 0).named).toMatchObject({
    file: "rollout-2026-05-14T02-43-17-019e232f-d47e-7ac0-8ec2-dd2853e42cf9.jsonl",
    thread: "019e232f-d47e-7ac0-8ec2-dd2853e42cf9",
  });
});

it("a full disk that Codex tells of itself is said to be full, and is no failure of the provider's", () => {
  const { failure, means } = understand("failed to write rollout: No space left on device (os error 28)", 0);
  expect([failure, means]).toEqual([undefined, expect.stringContaining("The disk is full")]);
});

it.each([
  ["thread/resume failed: thread 1 already has an\nactive writer (code -32600)", "live"],
  ["rollout at /r/rollout-1.jsonl has no usable header record", "header-broken"],
  ["failed to load rollout: rollout at /r/x is\nempty", "empty-file"],
  ["paginated rollout path `/r/x.jsonl` does not have a canonical rollout filename", "name-differs"],
  [
    'unexpected status 400 Bad Request: {"error":{"message":"Invalid value: \'input_text\'. Supported values are: \'output_text\' and \'refusal\'.","param":"input[1].content[0]"}}',
    "unread-item",
  ],
])("what Codex says itself may be wrapped: %s", (said, kind) => {
  expect(understand(said, 0).kinds).toContain(kind);
});

it.each<[string, string[]]>([
  [
    "■ {\"error\":{\"message\":\"[ApiIdParam] [input[13].id] [invalid_id_prefix] Invalid 'input[13].id': 'review_rollout_user'. Expected an ID that begins with 'msg'.\"}}",
    ["invalid-id"],
  ],
  ["Duplicate item found with id review_rollout_user.", ["doubled-record", "invalid-id"]],
  ["Invalid 'input[15].call_id': string too long. Expected a string with maximum length 64.", []],
])("a refusal of an id says what is wrong with the file: %s", (said, kinds) => {
  expect(understand(said, 0).kinds).toEqual(kinds);
});

it.each([
  "Invalid 'input[646].name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.",
  "[StringParam] [input[308].arguments] [string_above_max_length] Invalid 'input[308].arguments': string too long.",
  "Invalid 'input[284].output[1].image_url'. Expected a valid URL, but got a value with an invalid format.",
  'unexpected status 400 Bad Request: {"error":{"message":"Invalid value: \'other\'.","param":"input[522].action.type"}}',
  'input.12: item type "compaction" is not supported',
  "The image data you provided does not represent a valid image.",
])("of an item that is refused with every request nobody is told to go on in Codex: %s", (said) => {
  const { kinds, youCan } = understand(said, 0);
  expect([kinds, youCan]).toEqual([[], expect.stringContaining("throughline resume")]);
});

it("an id that was shortened names nothing that could be found (openai/codex #35334)", () => {
  const said =
    "turn 019f5604-0000-7213-811a-0fbdd9b68ac8: The encrypted content for item cmp_34....7bd could not be verified.\n\nSession ID 019f5604-4cf2-7543-811a-0fbdd9b68ac8";
  const { seals, named } = understand(said, 0);
  expect(seals).toEqual({ which: "all" });
  expect(named.thread).toBe("019f5604-4cf2-7543-811a-0fbdd9b68ac8");
});

it("a limit that is pasted later ends when it was said to end, not as long after as was left then", () => {
  const resetsAt = 1_780_000_000_000;
  const error = { type: "usage_limit_reached", resets_at: resetsAt / 1_000, resets_in_seconds: 13_872 };
  const headers = {
    "x-codex-primary-used-percent": "100",
    "x-codex-primary-reset-at": resetsAt / 1_000,
    "x-codex-primary-reset-after-seconds": 13_872,
  };
  for (const said of [{ error }, { type: "error", error, status: 429, headers }])
    for (const after of ["", "\n\n• Read {name}.ts", "\n{}"])
      expect(
        understand(JSON.stringify(said) + after, resetsAt - 600_000).failure?.data,
        `before: ${after}`,
      ).toMatchObject({ resetsAt });
});

const parted = "of type 'message' was provided without its required";
it.each([
  [
    "an item",
    "The encrypted content for item rs_0123456789 could not be verified.",
    { which: "named", id: "rs_0123456789" },
  ],
  ["nothing", "invalid_encrypted_content", { which: "all" }],
  [
    "an item whose reasoning isn't there",
    `Item 'msg_1' ${parted} 'reasoning' item: 'rs_0123456789'.`,
    undefined,
  ],
  [
    "reasoning that stands alone",
    "Item 'rs_1' of type 'reasoning' was provided without its required following item.",
    { which: "named", id: "rs_1" },
  ],
  ["a call", "No tool output found for function call call_0123456789.", undefined],
])("a refusal that names %s is mended by no more seals than it means", (_what, said, seals) => {
  expect(understand(said, 0).seals).toEqual(seals);
});

it("a paste of blank lines is read at once", () => {
  expect(understand(`MCP startup failed${"\n".repeat(120_000)}x`, 0).means).toContain("(MCP)");
}, 8_000);
