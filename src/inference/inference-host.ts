import type { EngineConfig } from "./engines.ts";
import type { EngineFunction } from "./engine.ts";
import type { ToolSpec } from "./tool-registry.ts";

/** What whoever runs the core gives to it; each may be absent, and what asks for it is then refused by name. */
export interface InferenceHost {
  engine?(name: string): EngineFunction | undefined;
  resolveEngine?(config: EngineConfig): EngineFunction | undefined;
  tool?(name: string): ToolSpec | undefined;
}
