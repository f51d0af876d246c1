import type { EngineContext, EngineFunction } from "../../inference/engine.ts";
import {
  assembleInference,
  type Extras,
  type Inference,
  type InferenceSetup,
} from "../../inference/assemble-inference.ts";
import type { EngineConfig } from "../../inference/engines.ts";
import type { InferenceHost } from "../../inference/inference-host.ts";
import { fromJS } from "../../inference/middleware.ts";
import type { Middlewares } from "../../inference/middlewares.ts";
import type { Clock } from "../../internal/clock.ts";
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

/** What the text of the extras gives. */
type ExtrasText = Omit<Extras, "middlewares"> & Omit<Middlewares, "fromJS">;

// The names of host-globals.ts.
interface HostGlobals {
  readonly turnwireHostEngine?: (asked: string | EngineConfig, turn: Turn, context: EngineContext) => Promise<Turn>;
  readonly eval: (text: string) => (give: (extras: ExtrasText) => void) => void;
  readonly turnwireHostTool?: (name: string, args: unknown, context: object) => Promise<unknown>;
}

export interface Guest extends Inference {
  readonly createInference: (setup?: InferenceSetup) => Inference;
}

/** `extrasSource` is the text of a function that gives the extras away: it is parsed when the first of them is needed. */
export function createGuest(given: GuestHost, extrasSource: string): Guest {
  // Taken before any script can put something else in their place.
  const { turnwireHostEngine: askEngine, turnwireHostTool: callTool, eval: evaluate } = globalThis as HostGlobals;
  const { setTimeout, clearTimeout } = globalThis;
  // However long: the VM's timers are its host's.
  const clock: Clock = {
    now: Date.now,
    after(ms, callback) {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
  };
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
  let parsed: ExtrasText | undefined;
  const late = <Name extends keyof ExtrasText>(...names: readonly Name[]): Pick<ExtrasText, Name> => {
    const call =
      (name: Name) =>
      (...args: never[]): unknown => {
        // Our own text, inside of the VM.
        if (parsed === undefined) evaluate(extrasSource)((made) => (parsed = made));
        return ((parsed as ExtrasText)[name] as (...args: never[]) => unknown)(...args);
      };
    return Object.fromEntries(names.map((name) => [name, call(name)])) as Pick<ExtrasText, Name>;
  };
  const lazily: Extras = {
    ...late("compileSchema", "createSessionBuilder", "forgiveHooks", "waitWithin"),
    middlewares: { fromJS, ...late("systemPrompt", "reorderToolResults", "logging") },
  };
  const createInference = (setup: InferenceSetup = {}): Inference => assembleInference(setup, lazily, clock);
  return { ...createInference({ host }), createInference };
}
