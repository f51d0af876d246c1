import type { AgentObject, AgentRun, StoppedRun } from "../agent/agent.ts";
import type { TurnEvent } from "../event/turn-event.ts";
import { AgentAttempt } from "./agent-attempt.ts";
import { cancelRemote } from "./cancel-remote.ts";
import { resolveSandbox, type SandboxAccess, type SandboxOptions } from "./sandbox-options.ts";

export interface SandboxAgentOptions extends Omit<SandboxOptions, "claim" | "whenExpired"> {
  /**
   * How long the sandbox surely keeps a run's events: within this time after a dispatch, a run that it does not know was
   * never started. Default 120,000, as it keeps them after a run's end.
   */
  readonly bufferMs?: number;
  /** How many events are taken before the place is noted, so that a restart needs no more of them. Default 5,000. */
  readonly checkpointEvents?: number;
}

/**
 * A sandbox as an agent of the run engine: hooks and log live in the engine, the work is done in the sandbox. What the
 * agent keeps is which remote run it started and how far it has read it, so an engine that was restarted reads on instead
 * of starting the run again; hence it is replay-safe. A stop interrupts the run in the sandbox, also
 * when no engine follows it at that moment: while it waits for an approval, or its engine was lost. A question of the sandbox's
 * agent suspends the run in the engine until it is decided.
 *
 * @example
 * ```ts no-run
 * import { createRunEngine, memoryStore } from "turnwire/run";
 * import { sandboxAgent } from "turnwire/sandbox";
 *
 * const engine = createRunEngine({
 *   store: memoryStore(),
 *   agents: { default: sandboxAgent({ url: "https://sandbox.example", token: "…" }) },
 *   hooks: { persistAssistantMessage: ({ executionId, finalText }) => console.log(executionId, finalText) },
 * });
 * engine.start();
 * ```
 */
export function sandboxAgent(access: SandboxAccess, options: SandboxAgentOptions = {}): AgentObject {
  const { bufferMs = 120_000, checkpointEvents = 5000, ...rest } = options;
  const sandbox = resolveSandbox(access, rest, { whenExpired: "result" });
  return {
    replay: "safe",
    cancel: (run: StoppedRun): Promise<void> => cancelRemote(sandbox, run),
    stream: (run: AgentRun): AsyncIterable<TurnEvent> =>
      new AgentAttempt(sandbox, run, { bufferMs, checkpointEvents }).stream(),
  };
}
