import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../lib/json.ts";
import type { RolloutRecord } from "../rollout/record/record.ts";
import { lostCall, lostOutput } from "./rebuild-pair.ts";

const event = (payload: JsonObject): RolloutRecord => ({
  readable: true,
  era: "envelope",
  type: "event_msg",
  kind: String(payload["type"]),
  payload,
});
const completed = (item: JsonObject): RolloutRecord => event({ type: "item_completed", item });
const call = (kind: string, told: RolloutRecord | undefined): JsonObject =>
  lostCall({ call: "call_1", kind }, told);

describe("a call whose record is gone", () => {
  const changes = {
    "/work/a.txt": { type: "add", content: "one\ntwo\n" },
    "/work/b.txt": { type: "delete", content: "gone\n" },
    "/work/c.txt": {
      type: "update",
      unified_diff:
        "@@ -1,2 +1,2 @@\n one\n-two\n\\ No newline at end of file\n+three\n\\ No newline at end of file\n",
      move_path: "/work/d.txt",
    },
  };
  const patch = [
    "*** Begin Patch",
    "*** Add File: /work/a.txt",
    "+one",
    "+two",
    "*** Delete File: /work/b.txt",
    "*** Update File: /work/c.txt",
    "*** Move to: /work/d.txt",
    "@@",
    " one",
    "-two",
    "+three",
    "*** End Patch",
  ].join("\n");

  it.each([
    ["0.169", completed({ type: "FileChange", id: "call_1", changes })],
    ["0.130", event({ type: "patch_apply_end", call_id: "call_1", changes })],
  ])("is the patch that its event tells (%s)", (_version, told) => {
    const input = { type: "custom_tool_call", call_id: "call_1", name: "apply_patch", input: patch };
    expect(call("custom_tool_call_output", told)).toEqual(input);
  });

  const given = { text: "three" };
  it.each([
    [
      "0.169",
      completed({ type: "McpToolCall", id: "call_1", server: "echo me", tool: "say", arguments: given }),
    ],
    [
      "0.146",
      event({ type: "mcp_tool_call_end", invocation: { server: "echo me", tool: "say", arguments: given } }),
    ],
  ])("names the tool and the arguments that its event tells (%s)", (_version, told) => {
    const made = {
      type: "function_call",
      call_id: "call_1",
      name: "mcp__echo_me__say",
      arguments: '{"text":"three"}',
    };
    expect(call("function_call_output", told)).toEqual(made);
  });

  it.each([
    ["0.169", completed({ type: "ImageView", id: "call_1", path: "file:///work/p.png" })],
    ["0.130", event({ type: "view_image_tool_call", call_id: "call_1", path: "/work/p.png" })],
  ])("is the look at a picture that its event tells (%s)", (_version, told) => {
    expect(call("function_call_output", told)).toMatchObject({
      name: "view_image",
      arguments: '{"path":"/work/p.png"}',
    });
  });

  it.each([
    ["run by a shell", ["/bin/zsh", "-c", "ls -l | wc"], "ls -l | wc"],
    ["run by a login shell", ["/bin/bash", "-lc", "ls -l | wc"], "ls -l | wc"],
    ["of three words", ["git", "log", "-1"], "git log -1"],
    ["of more words after the flag", ["bash", "-c", "echo $0", "a"], "bash -c echo $0 a"],
    ["of one word", ["ls"], "ls"],
  ])("is the command that its event tells: %s", (_what, command, cmd) => {
    const told = event({ type: "exec_command_end", call_id: "call_1", command });
    expect(call("function_call_output", told)).toMatchObject({
      name: "exec_command",
      arguments: JSON.stringify({ cmd }),
    });
  });

  it.each<[string, JsonObject]>([
    ["a command without words", { type: "exec_command_end", command: [] }],
    ["a tool without its server", { type: "mcp_tool_call_end", invocation: { tool: "say" } }],
    ["a server without its tool", { type: "mcp_tool_call_end", invocation: { server: "echo" } }],
    ["a look without a picture", { type: "view_image_tool_call" }],
    ["a path without a look", { type: "other_tool_call", path: "/work/p.png" }],
    ["a change that is no object", { type: "patch_apply_end", changes: { "/work/a.txt": null } }],
  ])("is called lost where its event tells %s", (_what, told) => {
    expect(call("function_call_output", event(told))).toMatchObject({ name: "lost_call" });
  });

  it("is a patch that leaves a new file as empty as it was", () => {
    const told = event({ type: "patch_apply_end", changes: { "/work/a.txt": { type: "add", content: "" } } });
    expect(call("custom_tool_call_output", told)).toMatchObject({
      input: "*** Begin Patch\n*** Add File: /work/a.txt\n*** End Patch",
    });
  });

  it.each([
    ["nothing was changed", {}],
    ["of one file it isn't known how", { ...changes, "/work/e.txt": { add: { content: "x\n" } } }],
  ])("is no patch where %s", (_what, changed) => {
    const told = event({ type: "patch_apply_end", changes: changed });
    expect(call("custom_tool_call_output", told)).toMatchObject({ name: "lost_call" });
  });

  it("is called lost where no event tells it, and where what it tells is no text of the tool's", () => {
    const lost = "the record of this call was damaged";
    expect(call("custom_tool_call_output", undefined)).toMatchObject({ name: "lost_call", input: lost });
    const told = completed({ type: "CommandExecution", command: ["bash", "-lc", "ls"] });
    expect(call("custom_tool_call_output", told)).toMatchObject({ name: "lost_call", input: '{"cmd":"ls"}' });
    expect(call("function_call_output", told)).toMatchObject({
      name: "exec_command",
      arguments: '{"cmd":"ls"}',
    });
  });
});

describe("an output whose record is gone", () => {
  const output = (kind: string, told?: RolloutRecord): JsonObject =>
    lostOutput({ call: "call_1", kind }, told);
  const unknown = "outcome unknown; verify before repeating";

  it.each<[string, RolloutRecord, string]>([
    [
      "a command's, with its exit code",
      event({ type: "exec_command_end", aggregated_output: "ok\n", stdout: "other", exit_code: 1 }),
      "Exit code: 1\nOutput:\nok\n",
    ],
    [
      "a command's, of 0.169",
      completed({ type: "CommandExecution", aggregated_output: "ok\n", exit_code: 0 }),
      "Exit code: 0\nOutput:\nok\n",
    ],
    [
      "a command's that ended without a code",
      completed({ type: "CommandExecution", aggregated_output: "ok\n", exit_code: null }),
      "Output:\nok\n",
    ],
    ["a patch's", event({ type: "patch_apply_end", stdout: "Success." }), "Output:\nSuccess."],
    [
      "another server's tool's, which is no text",
      event({ type: "mcp_tool_call_end", result: { Ok: { content: [] } } }),
      'Output:\n{"Ok":{"content":[]}}',
    ],
    [
      "a command's that printed nothing",
      event({ type: "exec_command_end", aggregated_output: "" }),
      "Output:\n",
    ],
    [
      "nobody's: it ended in nothing that is told",
      event({ type: "mcp_tool_call_end", result: null }),
      unknown,
    ],
  ])("is what its event tells: %s", (_what, told, text) => {
    expect(output("function_call", told)).toEqual({
      type: "function_call_output",
      call_id: "call_1",
      output: text,
    });
  });

  it("is of its call's kind, and says that nobody knows where no event tells it", () => {
    expect(output("custom_tool_call")).toMatchObject({ type: "custom_tool_call_output", output: unknown });
    expect(output("local_shell_call")).toMatchObject({ type: "function_call_output", output: unknown });
  });
});
