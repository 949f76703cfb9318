// Words that people report of Codex since 2026-04 (openai/codex#16049, #19567, #20317, #22934, #27202, #38240, #39434, #41814, #42027, #43689, #45385, #46223 …).
import { expect, it } from "vitest";
import { understand } from "./understand.ts";

const thread = "019a0000-0000-7000-8000-000000000001";

it.each<[string, string[], string | RegExp]>([
  [
    `thread/fork failed during TUI bootstrap: thread/fork failed:\nfailed to prepare paginated fork: thread-store internal error:\nthread history projection for ${thread} expected ordinal 2937, got 2936\n(code -32603)`,
    ["ordinal-regressed", "index-stale"],
    "has had",
  ],
  [
    "创建任务时出错\nfailed to read thread: thread-store internal error: failed to read thread\n/Users/me/.codex: Is a directory (os error 21)",
    ["state-moved"],
    "names no file",
  ],
  [
    "failed to read thread: thread-store internal error: failed to read thread \\\\?\\C:\\Users\\me\\.codex: Access is denied. (os error 5)",
    ["state-moved"],
    "names no file",
  ],
  [
    "thread-store internal error: 系统找不到指定的文件 (os error 2)",
    ["state-moved", "two-files-one-id", "name-differs"],
    "isn't any more",
  ],
  [
    `failed to read thread: thread-store internal error: failed to read thread /c/sessions/rollout-2026-01-01T00-00-00-${thread}.jsonl: No such file or directory (os error 2)`,
    ["state-moved", "two-files-one-id", "name-differs"],
    "isn't any more",
  ],
  [
    `cannot resume running thread ${thread} with stale path: requested \`/a.jsonl\`, active \`/b.jsonl\``,
    [],
    "daemon stop",
  ],
  [
    `failed to unarchive session: thread-store internal error:\nfailed to read unarchived thread /r.jsonl`,
    [],
    "--archived",
  ],
  [`rollout migration failed: thread ${thread} is missing its SQLite metadata`, [], "migrate again"],
  [
    "thread/resume response decode error: AbsolutePathBuf deserialized without a base path",
    [],
    "throughline resume",
  ],
  ["Current working directory missing\nThis chat's working directory no longer exists", [], "-C FOLDER"],
  [
    "ERROR: No saved session found with ID my-session. Run `codex resume` without an ID to choose from existing sessions.",
    [],
    "--search NAME",
  ],
  [
    `ERROR: No saved session found with ID ${thread}.`,
    ["state-moved", "two-files-one-id", "name-differs"],
    "isn't any more",
  ],
  ["paginated threads do not support thread/rollback", [], "update that program"],
  [`■ Agent thread ${thread} is no longer available.`, [], "parent"],
  [
    "failed to read thread metadata: error returned from database: (code: 4874) disk I/O error",
    [],
    "CODEX_SQLITE_HOME",
  ],
  ["Data error (cyclic redundancy check). (os error 23)", [], "with the copy's path"],
  ["failed to initialize rollout recorder: Read-only file system (os error 30)", [], "CODEX_HOME"],
  ["Error: Read-only file system (os error 30)", [], "CODEX_HOME"],
  [
    "failed to read thread: thread-store internal error: failed to read thread /data/codex: Is a directory (os error 21)",
    ["state-moved"],
    "names no file",
  ],
  [
    '■ Error running remote compact task: unexpected status 404 Not Found: {"detail":"Not Found"}, url: https://chatgpt.com/backend-api/codex/responses/compact',
    [],
    "update Codex",
  ],
  ["client error (Connect): invalid\npeer certificate: UnknownIssuer", [], "SSL_CERT_FILE"],
  ["thread not found", [], "open it anew"],
  [
    `ERROR codex_core::session: failed to record rollout items: thread ${thread} not found`,
    [],
    "throughline export",
  ],
  [
    "ERROR codex_core::codex: failed to record rollout items: failed to queue rollout items: channel closed",
    [],
    "make room",
  ],
  [
    `2026-02-12T20:29:52.847775Z ERROR codex_core::rollout::list: state db missing rollout path for thread ${thread}`,
    ["state-moved"],
    "looked for in its folders",
  ],
  ["Error: turn/start failed in TUI", [], "daemon stop"],
  ["Error: thread/list failed during TUI session lookup", [], "daemon stop"],
  [
    `thread/resume failed: failed to resolve rollout path \`/home/me/.codex/sessions/2026/08/09/rollout-2026-08-09T10-00-00-${thread}.jsonl\`: file does not exist (code -32600)`,
    ["state-moved", "two-files-one-id", "name-differs"],
    "isn't any more",
  ],
  [
    `failed to load rollout '/home/me/.codex/sessions/rollout-2026-03-01T10-00-00-${thread}.jsonl' for thread ${thread}: empty session file`,
    ["empty-file", "not-a-rollout"],
    "no record",
  ],
  [
    "Error resuming thread: This thread was created with a different ChatGPT account or workspace. Sign in with the original account to resume it.",
    [],
    "throughline export --format codex",
  ],
  [
    `WARN codex_thread_store::local::live_writer: failed to project durable rollout during shutdown for ${thread}: invalid type: map, expected f64`,
    ["ordinal-regressed", "index-stale"],
    "the model still gets",
  ],
  ["■ Failed to read thread goal: thread/goal/get failed in TUI", [], "goals_1.sqlite"],
  ["Error running remote compact task: timeout waiting for child process to exit", [], "throughline resume"],
  [
    "A JavaScript error occurred in the main process\nUncaught Exception: RangeError: Invalid string length",
    [],
    "codex resume",
  ],
])("what Codex says of its own files and programs is known: %s", (said, kinds, told) => {
  const { failure, means = "", youCan = "", kinds: found } = understand(said, 0);
  expect([failure, found]).toEqual([undefined, kinds]);
  expect(`${means} ${youCan}`).toMatch(told);
});

it.each([
  ["Error loading config.toml: Is a directory (os error 21)", "config.toml"],
  ["apply_patch verification failed: Failed to read file to update /w/src: Is a directory (os error 21)", ""],
  ["failed to read thread D:\\x\\rollout.jsonl: The device is not ready. (os error 21)", ""],
  ["error: could not create `Cargo.lock`: Read-only file system (os error 30)", ""],
  ["Failed to write file /etc/hosts: Read-only file system (os error 30)", ""],
])("what the system says of another file is not told of Codex's own: %s", (said, told) => {
  const { means = "", kinds } = understand(said, 0);
  expect(kinds).toEqual([]);
  expect(means).not.toMatch(/state database|Codex's home/u);
  expect(means).toContain(told);
});

it.each([
  ["ERROR codex: failed to refresh available models: unexpected status 403 Forbidden", "list of models"],
  ["ERROR codex_core::codex: failed to record rollout items: channel closed", "session's file"],
])("what is told by the way hides no reason that stands beside it: %s", (aside, means) => {
  expect(understand(aside, 0).means).toContain(means);
  expect(understand(`${aside}\n■ You've hit your usage limit.`, 0).failure?.class).toBe("usage-limit");
});

it.each([
  ["We’re currently experiencing high demand, which may cause temporary errors.", "overloaded"],
  [
    "Error running remote compact task: We're currently experiencing high demand, which may cause temporary errors.",
    "overloaded",
  ],
  [
    "stream disconnected before completion: No connection could be made because the target machine actively refused it. (os error 10061)",
    "transport-interrupted",
  ],
  [
    "Failed to refresh token: 400 Bad Request: Invalid 'refresh_token': empty string. Expected a string with minimum length 1",
    "auth-expired",
  ],
  [
    "CC Switch local proxy failed while handling Codex endpoint /responses. Provider: P; model: m; upstream_status: HTTP 400; cause: The encrypted content gAAA...c90= could not be verified.",
    "sealed-reasoning-rejected",
  ],
  ["You’re out of Codex messages\nYour rate limit resets on Apr 19, 2026, 12:08 AM.", "usage-limit"],
  ["workspace_member_credits_depleted", "billing"],
])("what people of 2026 paste is known: %s", (said, failure) => {
  expect(understand(said, 0).failure?.class).toBe(failure);
});

it.each([
  ["exceeded retry limit, last status: 401 Unauthorized, request id: 9a57", "codex login"],
  ['unexpected status 400 Bad Request: {"detail":"Bad Request"}', "throughline resume"],
  ["Invalid schema for function 'automation_update': None is not valid.", "gateway install-codex"],
])("who works with Codex is told what helps there: %s", (said, youCan) => {
  expect(understand(said, 0).youCan).toContain(youCan);
});
