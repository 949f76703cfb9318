// Validators of the wires' rules for a request's items, written from the providers' documents and error texts and sharing nothing with src/replay.

export type Element = { [key: string]: unknown };

/** How a wire was seen to refuse a history. */
export interface WireRules {
  readonly roles: readonly string[];
  /** An item type beyond messages, reasoning, function and custom calls is refused. */
  readonly onlyCommonTypes: boolean;
  readonly itemIds: boolean;
  readonly callId: RegExp;
  /** Two calls of a request may not have one id; false: only of one answer. */
  readonly uniqueCalls: boolean;
  /** Every answer of the assistant with calls is followed at once by all their outputs and nothing else. */
  readonly adjacent: boolean;
  readonly reasoning: "sealed" | "signed" | "plain" | "none";
  readonly images: "anywhere" | "messages" | "nowhere";
  readonly maxImages: number;
  readonly thoughtSignatures: boolean;
  readonly userAtBothEnds: boolean;
}

const responses: WireRules = {
  roles: ["system", "developer", "user", "assistant"],
  onlyCommonTypes: false,
  itemIds: false,
  callId: /^.{0,64}$/su,
  uniqueCalls: false,
  adjacent: false,
  reasoning: "sealed",
  images: "anywhere",
  maxImages: Number.POSITIVE_INFINITY,
  thoughtSignatures: false,
  userAtBothEnds: false,
};

const chat: WireRules = {
  ...responses,
  roles: ["system", "user", "assistant"],
  onlyCommonTypes: true,
  callId: /^[a-zA-Z0-9_-]{1,40}$/u,
  adjacent: true,
  reasoning: "none",
  images: "messages",
};

/** By the name of the contract. */
export const wireRules: Readonly<Record<string, WireRules>> = {
  openai: responses,
  codex: responses,
  xai: responses,
  copilot: { ...responses, reasoning: "none" },
  proxy: responses,
  azure: { ...responses, itemIds: true },
  chat,
  deepseek: { ...chat, reasoning: "plain", images: "nowhere" },
  kimi: { ...chat, reasoning: "plain" },
  anthropic: {
    ...chat,
    roles: ["user", "assistant"],
    callId: /^[a-zA-Z0-9_-]{1,64}$/u,
    uniqueCalls: true,
    reasoning: "signed",
    images: "anywhere",
    maxImages: 100,
    userAtBothEnds: true,
  },
  gemini: { ...chat, thoughtSignatures: true, userAtBothEnds: true },
};

const common = [
  "message",
  "reasoning",
  "function_call",
  "function_call_output",
  "custom_tool_call",
  "custom_tool_call_output",
];
export const callTypes = ["function_call", "custom_tool_call", "local_shell_call"];

export const isCall = (element: Element): boolean => callTypes.includes(String(element["type"]));
export const isOutput = (element: Element): boolean => String(element["type"]).endsWith("_output");
const isUsers = (element: Element): boolean => element["type"] === "message" && element["role"] === "user";
const isInstruction = ({ type, role }: Element): boolean =>
  type === "message" && (role === "system" || role === "developer");
/** Part of what the assistant said. */
const isAssistants = (element: Element): boolean =>
  !isUsers(element) && !isOutput(element) && !isInstruction(element);

/** What the wire refuses about the items, in words; empty when it takes them. Reasoning is checked by `checkReasoning`. */
export function objections(elements: readonly Element[], rules: WireRules): string[] {
  const found: string[] = [];
  let images = 0;
  const ids = new Set<unknown>();
  for (const element of elements) {
    const { type, role, id, call_id: call } = element;
    if (type === "message" && !rules.roles.includes(String(role))) found.push(`unknown role ${String(role)}`);
    if (rules.onlyCommonTypes && !common.includes(String(type)))
      found.push(`unknown item type ${String(type)}`);
    if (id !== undefined && !rules.itemIds) found.push("an item id");
    if (id !== undefined && ids.has(id)) found.push(`duplicate item ${String(id)}`);
    ids.add(id);
    if ((isCall(element) || isOutput(element)) && !rules.callId.test(String(call ?? "")))
      found.push(`call id ${String(call)}`);
    if (element["thought_signature"] !== undefined && !rules.thoughtSignatures)
      found.push("a thought signature");
    const count =
      JSON.stringify(element["content"] ?? element["output"] ?? "").split('"input_image"').length - 1;
    images += count;
    const isMisplaced = rules.images === "nowhere" || (rules.images === "messages" && isOutput(element));
    if (count > 0 && isMisplaced) found.push(`an image in ${String(type)}`);
  }
  if (images > rules.maxImages) found.push(`${images} images`);
  found.push(...pairObjections(elements, rules), ...endObjections(elements, rules));
  return found;
}

function pairObjections(elements: readonly Element[], { adjacent, uniqueCalls }: WireRules): string[] {
  const found: string[] = [];
  if (!adjacent) {
    const open = new Map<string, number>();
    for (const element of elements) {
      if (!isCall(element) && !isOutput(element)) continue;
      const call = String(element["call_id"]);
      const own = `${String(element["type"]).replace(/_output$/u, "")} ${call}`;
      // Codex has no other output for a call of the local shell than a function's.
      const shell = `local_shell_call ${call}`;
      const isShells = element["type"] === "function_call_output" && (open.get(own) ?? 0) === 0;
      const key = isShells && (open.get(shell) ?? 0) > 0 ? shell : own;
      const count = (open.get(key) ?? 0) + (isCall(element) ? 1 : -1);
      if (count < 0) found.push(`output without call: ${key}`);
      open.set(key, count);
    }
    for (const [key, count] of open) if (count > 0) found.push(`call without output: ${key}`);
    return found;
  }
  const used = new Set<unknown>();
  for (let at = 0; at < elements.length;) {
    const calls = new Set<unknown>();
    const types = new Map<unknown, string>();
    for (; at < elements.length && isAssistants(elements[at]!); at++) {
      const { type, call_id: call } = elements[at]!;
      if (!isCall(elements[at]!)) continue;
      if (calls.has(call) || (uniqueCalls && used.has(call))) found.push(`call id twice: ${String(call)}`);
      calls.add(call);
      used.add(call);
      types.set(call, `${String(type)}_output`);
    }
    for (; at < elements.length && isOutput(elements[at]!); at++) {
      const { type, call_id: call } = elements[at]!;
      if (!calls.delete(call)) found.push(`output without its call right before it: ${String(call)}`);
      else if (types.get(call) !== type) found.push(`${String(type)} for another kind of call`);
    }
    if (calls.size > 0) found.push(`calls without output right behind them: ${[...calls].join()}`);
    while (at < elements.length && !isAssistants(elements[at]!) && !isOutput(elements[at]!)) at++;
  }
  return found;
}

function endObjections(elements: readonly Element[], { userAtBothEnds }: WireRules): string[] {
  const turns = elements.filter((element) => !isInstruction(element));
  const [first, last] = [turns[0], turns.at(-1)];
  if (!userAtBothEnds || !first || !last) return [];
  return [
    ...(isUsers(first) ? [] : ["it begins with the assistant"]),
    ...(isAssistants(last) ? ["it ends with the assistant"] : []),
  ];
}

/** What lies between two messages of the user. */
export function exchanges(elements: readonly Element[]): Element[][] {
  const found: Element[][] = [[]];
  for (const element of elements) {
    if (isUsers(element)) found.push([]);
    else found.at(-1)!.push(element);
  }
  return found;
}
