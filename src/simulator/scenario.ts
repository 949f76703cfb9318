import { z } from "zod";
import { faultSchema } from "./fault.ts";
import { duration } from "./duration.ts";
import { sealRefusalNames } from "./seal-refusal.ts";

/** A regular expression in text; `.` does not cross lines, `^` and `$` stand for lines. */
const pattern = z.string().superRefine((text, context) => {
  try {
    RegExp(text, "mu");
  } catch (error) {
    context.addIssue({ code: "custom", message: `is no regular expression: ${(error as Error).message}` });
  }
});

const callSchema = z
  .strictObject({
    /** A command for whatever shell tool the client offers (`shell_command`, `exec_command`, `shell`, `bash`). */
    shell: z.string().min(1).optional(),
    workdir: z.string().optional(),
    timeout_ms: z.int().positive().optional(),
    /** A patch for `apply_patch`, from "*** Begin Patch" to "*** End Patch". */
    patch: z.string().min(1).optional(),
    /** Any other tool by its name, with `arguments` (a function) or `input` (a custom tool). */
    tool: z.string().min(1).optional(),
    arguments: z.record(z.string(), z.unknown()).optional(),
    input: z.string().optional(),
  })
  .superRefine((call, context) => {
    const given = [call.shell, call.patch, call.tool].filter((value) => value !== undefined).length;
    if (given !== 1)
      context.addIssue({ code: "custom", message: "a call has exactly one of shell, patch and tool" });
    if (call.shell === undefined && (call.workdir !== undefined || call.timeout_ms !== undefined)) {
      context.addIssue({ code: "custom", message: "workdir and timeout_ms go with shell" });
    }
    if (call.tool === undefined && (call.arguments !== undefined || call.input !== undefined)) {
      context.addIssue({ code: "custom", message: "arguments and input go with tool" });
    }
    if (call.arguments !== undefined && call.input !== undefined) {
      context.addIssue({
        code: "custom",
        message: "a call has arguments (a function) or input (a custom tool), not both",
      });
    }
  });

const nextSchema = z.strictObject({
  /** Tested against the outputs of this step's calls, joined by newlines; absent: always. */
  when: pattern.optional(),
  /** A step of the same turn by its name, or "end": a short closing text. */
  go: z.string().min(1),
});

/** One response of the model: reasoning, then text, then calls (all of them in parallel). */
const stepSchema = z
  .strictObject({
    name: z.string().min(1).optional(),
    reason: z.string().optional(),
    /** `{{prompt}}`, `{{output}}`, `{{last_line}}` and `{{exit_code}}` stand for the prompt and the newest tool output. */
    say: z.string().min(1).optional(),
    call: z.array(callSchema).default([]),
    /** The first rule that applies decides; with none, the step below follows. */
    next: z.array(nextSchema).default([]),
  })
  .superRefine((step, context) => {
    if (step.say === undefined && step.call.length === 0) {
      context.addIssue({
        code: "custom",
        message: "a step says something (say) or calls a tool (call), or both",
      });
    }
  });

const turnSchema = z
  .strictObject({
    /** Matched against the last user message. */
    prompt: pattern.optional(),
    /** The n-th prompt of the session, from 1; prompts that were never answered count together with the next one. */
    number: z.int().positive().optional(),
    step: z.array(stepSchema).min(1),
  })
  .superRefine((turn, context) => {
    const names = turn.step.flatMap((step) => (step.name === undefined ? [] : [step.name]));
    for (const [at, step] of turn.step.entries()) {
      if (step.name !== undefined && names.indexOf(step.name) !== names.lastIndexOf(step.name)) {
        context.addIssue({
          code: "custom",
          path: ["step", at, "name"],
          message: `"${step.name}" names two steps of this turn`,
        });
      }
      for (const [rule, { go }] of step.next.entries()) {
        if (go === "end" || names.includes(go)) continue;
        const known = ["end", ...names].map((name) => `"${name}"`).join(", ");
        context.addIssue({
          code: "custom",
          path: ["step", at, "next", rule, "go"],
          message: `there is no step "${go}"; known: ${known}`,
        });
      }
    }
  });

/**
 * What the simulated model says and what goes wrong. Written as TOML (`[[turn]]`, `[[turn.step]]`, `[[fault]]`) or as an object in
 * TypeScript; a request that no turn matches is answered by the built-in script.
 */
export const scenarioSchema = z
  .strictObject({
    name: z.string().min(1).optional(),
    seal: z
      .strictObject({
        /** How old fresh blobs look. */
        age: duration.default(0),
        refusal: z.enum(sealRefusalNames).default("coded-reason"),
        /** How many earlier keys still open. */
        accept_previous: z.int().nonnegative().default(0),
      })
      .prefault({}),
    limits: z
      .strictObject({
        /** The context window, in tokens of 4 bytes of request body. */
        context_tokens: z.int().positive().optional(),
        overflow: z.enum(["http", "event", "failed"]).default("http"),
      })
      .prefault({}),
    stream: z
      .strictObject({
        /** Pause between deltas. */
        delta_every: duration.default(0),
        /** Characters of a delta. */
        delta_size: z.int().positive().default(24),
      })
      .prefault({}),
    /** How the Chat Completions wire differs from OpenAI's own. */
    chat: z
      .strictObject({
        /** "shown" as `reasoning_content`; "required": DeepSeek's and Kimi's thinking mode, which also demands it back. */
        reasoning: z.enum(["hidden", "shown", "required"]).default("hidden"),
        /** "repeated": every call is `call_0`, as some local servers have it. */
        call_ids: z.enum(["unique", "repeated"]).default("unique"),
      })
      .prefault({}),
    turn: z.array(turnSchema).default([]),
    fault: z.array(faultSchema).default([]),
  })
  .superRefine(({ turn, fault }, context) => {
    const names = new Set(turn.flatMap(({ step }) => step.flatMap(({ name }) => name ?? [])));
    for (const [at, { step }] of fault.entries()) {
      if (step === undefined || names.has(step)) continue;
      const known =
        names.size === 0
          ? "no step has a name"
          : `known: ${[...names].map((name) => `"${name}"`).join(", ")}`;
      const message = `there is no step "${step}", so that it would never happen; ${known}`;
      context.addIssue({ code: "custom", path: ["fault", at, "step"], message });
    }
  });

/** A scenario as it is written. */
export type ScenarioInput = z.input<typeof scenarioSchema>;
/** A scenario as it was validated: defaults filled in, durations in milliseconds. */
export type Scenario = z.output<typeof scenarioSchema>;
export type Turn = Scenario["turn"][number];
export type Step = Turn["step"][number];
export type ScriptedCall = Step["call"][number];
/** What the model does at the prompts that a turn is for: `[[turn]]` of docs/simulator.md. */
export type TurnInput = NonNullable<ScenarioInput["turn"]>[number];
/** One response of the model: `[[turn.step]]`. */
export type StepInput = TurnInput["step"][number];
/** What goes wrong, and when: `[[fault]]`. */
export type FaultInput = NonNullable<ScenarioInput["fault"]>[number];
