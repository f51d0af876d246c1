import { systemClock } from "../internal/clock.ts";
import { assembleInference, type Inference, type InferenceSetup } from "./assemble-inference.ts";
import { forgiveHooks } from "./forgive-hooks.ts";
import { compileSchema } from "./json-schema.ts";
import { createSessionBuilder } from "./session-builder.ts";
import { middlewares } from "./middlewares.ts";
import { waitWithin } from "./wait-within.ts";

/**
 * The inference core over a host of one's own. The functions of the module itself are this over no host.
 *
 * @example
 * ```ts
 * import { createInference } from "turnwire/inference";
 *
 * const { createSession, engines, turns } = createInference({
 *   host: { engine: (name) => (name === "fast" ? (turn) => turns.appendBlock(turn, turns.newAssistantBlock("Hi")) : undefined) },
 * });
 * const session = createSession({ engine: engines.host("fast") });
 * session.run(turns.newTurn({ blocks: [turns.newUserBlock("Hello")] }));
 * ```
 */
export function createInference(setup: InferenceSetup = {}): Inference {
  return assembleInference(
    setup,
    { compileSchema, createSessionBuilder, forgiveHooks, middlewares, waitWithin },
    systemClock,
  );
}
