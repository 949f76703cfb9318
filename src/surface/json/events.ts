import { z } from "zod";
import { mode, schema } from "./shapes.ts";

/**
 * What `exec`, `exec resume` and `resume` print with `--json`: one event a line, in the shape that users of `codex exec --json` know. An item
 * has the same id in every run over the same session.
 */

const message = z.string().describe("in words");
const itemId = z.string().describe("`item_` and its number in the log");
const status = z
  .enum(["in_progress", "completed", "failed", "denied", "cancelled", "unknown"])
  .describe("of the call; `unknown`: it may have been carried out, verify before repeating");

const item = z
  .discriminatedUnion("type", [
    z.strictObject({
      id: itemId,
      type: z.literal("agent_message"),
      text: z.string().describe("what the model said"),
    }),
    z.strictObject({ id: itemId, type: z.literal("reasoning"), text: z.string().describe("its summary") }),
    z.strictObject({
      id: itemId,
      type: z.literal("command_execution"),
      command: z.string().optional().describe("as the shell gets it"),
      aggregated_output: z.string().describe("what the model gets"),
      exit_code: z.number().nullable().describe("null as long as there is none"),
      status,
    }),
    z.strictObject({
      id: itemId,
      type: z.literal("file_change"),
      changes: z
        .array(
          z.strictObject({
            path: z.string().describe("as the patch names it"),
            kind: z.enum(["add", "update", "delete"]).describe("what is done to it"),
          }),
        )
        .describe("a file each"),
      status,
    }),
    z.strictObject({
      id: itemId,
      type: z.literal("tool_call"),
      tool: z.string().describe("its name"),
      arguments: z.unknown().describe("parsed, where they are JSON"),
      output: z.string().optional().describe("what the model gets"),
      status,
    }),
  ])
  .meta({ id: "item", title: "an item of a turn" });

const usage = z
  .strictObject({
    input_tokens: z.number().describe("tokens of the requests"),
    cached_input_tokens: z.number().describe("of these, read from the provider's cache"),
    output_tokens: z.number().describe("tokens of the answers"),
    reasoning_output_tokens: z.number().describe("of these, reasoning"),
  })
  .describe("tokens of this turn");

export const execEvent = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("thread.started"),
    schema,
    thread_id: z.string().describe("the session's id"),
    resumed: z.boolean().describe("false for a new session"),
  }),
  z.strictObject({ type: z.literal("turn.started"), turn: z.number().describe("its number, from 1") }),
  z.strictObject({ type: z.literal("item.started"), item: item.describe("a call that is carried out now") }),
  z.strictObject({ type: z.literal("item.completed"), item: item.describe("it is in the log") }),
  z.strictObject({ type: z.literal("turn.completed"), usage }),
  z.strictObject({
    type: z.literal("turn.failed"),
    error: z
      .strictObject({
        class: z.string().describe("of the catalogue (docs/failures.md), or `interrupted`"),
        message,
        until: z.string().optional().describe("when a limit ends, ISO 8601"),
      })
      .describe("why the turn did not complete"),
  }),
  z.strictObject({ type: z.literal("session.notice"), message }),
  z.strictObject({
    type: z.literal("session.silent"),
    ms: z.number().describe("for how long the provider has sent nothing"),
  }),
  z.strictObject({
    type: z.literal("session.attempt_failed"),
    class: z.string().describe("of the catalogue (docs/failures.md)"),
    action: z
      .string()
      .describe("what is done about it: retry, repair, try, compact, wait, rotate, park, stop"),
    delay_ms: z.number().optional().describe("until the next attempt"),
    message,
  }),
  z.strictObject({
    type: z.literal("session.recovered"),
    message,
    rung: z.number().describe("of the repair ladder; 0 loses least"),
    items: z.number().describe("how many were set aside"),
  }),
  z.strictObject({
    type: z.literal("session.rotated"),
    from: z.string().describe("the session that was"),
    thread_id: z.string().describe("the one that goes on with it"),
    message,
  }),
  z.strictObject({
    type: z.literal("session.waiting"),
    until: z.string().describe("when it goes on, ISO 8601"),
    message,
  }),
  z.strictObject({
    type: z.literal("followup.delivered"),
    id: z.string().describe("of the follow-up"),
    mode,
    text: z.string().describe("what was queued"),
  }),
]);
export type ExecEvent = z.input<typeof execEvent>;

/** What `gateway --json` prints: where it listens, and then a line for each thing that it does. */
export const gatewayEvent = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("gateway.listening"),
    schema,
    url: z.string().describe("where it listens, as soon as it does"),
  }),
  z.strictObject({
    type: z.literal("gateway.log"),
    at: z.number().describe("milliseconds since 1970"),
    line: z.string().describe("in words"),
  }),
  z.strictObject({
    type: z.literal("gateway.config"),
    schema,
    config: z.string().describe("with `--codex-config`: what goes into Codex's config.toml"),
  }),
]);
export type GatewayEvent = z.input<typeof gatewayEvent>;

/** What `demo --json` prints: one event a line. */
export const demoEvent = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("demo.act"),
    act: z.number().describe("its number, from 1"),
    title: z.string().describe("what it is about"),
    wrong: z.string().describe("what goes wrong"),
    did: z.string().describe("what Throughline did about it"),
    evidence: z
      .array(
        z.strictObject({
          claim: z.string().describe("in words"),
          holds: z.boolean().describe("whether it was so"),
        }),
      )
      .describe("what shows it"),
  }),
  z.strictObject({
    type: z.literal("demo.ended"),
    schema,
    failed: z.number().describe("claims that did not hold"),
    seconds: z.number().describe("how long it took"),
  }),
]);
export type DemoEvent = z.input<typeof demoEvent>;
