import { approval } from "./approval.ts";
import { crashes } from "./crashes.ts";
import { fails } from "./fails.ts";
import { modelAgent } from "./model.ts";
import { plain } from "./plain.ts";
import type { PlaygroundAgent } from "./playground-agent.ts";
import { slow } from "./slow.ts";
import { tools } from "./tools.ts";

/** The agents that one can pick, in the order in which the page offers them. */
export function playgroundAgents(environment: NodeJS.ProcessEnv): Readonly<Record<string, PlaygroundAgent>> {
  const model = modelAgent(environment);
  return { ...(model === undefined ? {} : { model }), plain, slow, tools, approval, fails, crashes };
}
