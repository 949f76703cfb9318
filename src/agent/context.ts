import type { Workspace } from "../session/event.ts";
import { messageItem } from "../session/item.ts";

/** The first item of a session: where the agent works. Logged once, so that the prompt's beginning stays the same for the cache. */
export function contextItem(workspace: Workspace, platform: string, today: string): Uint8Array {
  const lines = [`workspace: ${workspace.path}`, `platform: ${platform}`, `date: ${today}`];
  if (workspace.gitBranch) lines.push(`git branch: ${workspace.gitBranch}`);
  return messageItem("developer", `<environment_context>\n${lines.join("\n")}\n</environment_context>`);
}
