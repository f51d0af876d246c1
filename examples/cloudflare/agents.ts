import { createScriptRuntime, quickjs, scriptAgent } from "turnwire/script";
import { quickJsWasm } from "turnwire/script/workerd";
import { approval } from "../playground/agents/approval.ts";
import { fails } from "../playground/agents/fails.ts";
import { plain } from "../playground/agents/plain.ts";
import type { PlaygroundAgent } from "../playground/agents/playground-agent.ts";
import { slow } from "../playground/agents/slow.ts";
import { tools } from "../playground/agents/tools.ts";

export type AgentList = Readonly<Record<string, PlaygroundAgent>>;

/** Stands for what a tenant has saved: JavaScript that answers turns, run in a VM inside the object. */
const source = `
  export default async (turn, ctx) => {
    const words = ("A tenant's own script answers: " + turn.message.toUpperCase()).split(" ");
    for (const word of words) await ctx.text(word + " ");
  };
`;

// On Workers nothing can be compiled, so the VM is given what the bundle carries.
const runtime = createScriptRuntime({ engine: quickjs({ wasmModule: quickJsWasm }) });

const script: PlaygroundAgent = {
  title: "Script",
  about: "A tenant's own JavaScript, in a VM that cannot hurt anyone.",
  example: "Can you shout?",
  agent: scriptAgent({ source, runtime, replay: "safe" }),
};

export const agents: AgentList = { plain, slow, tools, approval, fails, script };
