import type { EngineContext, EngineFunction } from "../../inference/engine.ts";
import { createInference, type Inference } from "../../inference/create-inference.ts";
import type { EngineConfig } from "../../inference/engines.ts";
import type { InferenceHost } from "../../inference/inference-host.ts";
import type { ToolDefinition } from "../../inference/tool-registry.ts";
import type { Turn } from "../../inference/turn.ts";

/*
 * The inference core's home inside the VM. This file and all that it imports are bundled into the module that scripts import
 * as `turnwire` (npm run generate). What the host gives is known from the start by name; using it is a call of the host.
 */

/** What the host gives: the data of the module `turnwire:host`. */
export interface GuestHost {
  readonly engines: readonly string[];
  /** Whether the host makes engines of configurations. */
  readonly resolvesEngines: boolean;
  readonly tools: readonly ToolDefinition[];
}

// The names of host-globals.ts.
interface HostGlobals {
  readonly turnwireHostEngine?: (asked: string | EngineConfig, turn: Turn, context: EngineContext) => Promise<Turn>;
  readonly turnwireHostTool?: (name: string, args: unknown, context: object) => Promise<unknown>;
}

export function createGuest(given: GuestHost): Inference {
  // Taken before any script can put something else in their place.
  const { turnwireHostEngine: askEngine, turnwireHostTool: callTool } = globalThis as HostGlobals;
  const engine =
    (asked: string | EngineConfig): EngineFunction =>
    (turn, context) =>
      askEngine?.(asked, turn, context);
  const host: InferenceHost = {
    engine: (name) => (given.engines.includes(name) ? engine(name) : undefined),
    resolveEngine: (config) => (given.resolvesEngines ? engine(config) : undefined),
    tool(name) {
      const found = given.tools.find((one) => one.name === name);
      if (found === undefined) return undefined;
      return { ...found, handler: (args: unknown, context) => callTool?.(name, args, context) };
    },
  };
  return createInference({ host });
}
