import type { Resume } from "../agent/agent.ts";
import type { InteractionRequest } from "./interaction.ts";
import { persist } from "./open-run.ts";
import { RemoteFailure } from "./remote-failure.ts";
import type { ResolvedSandbox } from "./sandbox-options.ts";
import type { RunRef } from "./sandbox-transport.ts";

/**
 * Takes what was decided in the engine to the sandbox that asked; tries again while that may help, because the decision
 * is not asked for twice.
 */
export async function deliverDecision(
  { transport, answer, retry }: ResolvedSandbox,
  run: RunRef,
  asked: InteractionRequest,
  resume: Resume,
  signal: AbortSignal,
): Promise<void> {
  const { approvalId: _approvalId, all: _all, decision, ...given } = resume;
  const answerTo =
    decision === "expired"
      ? ({ outcome: "declined", note: "Nobody answered in time" } as const)
      : answer(asked.request, { decision, ...given });
  await persist({ retry, signal }, async () => {
    try {
      await transport.respond(run, { id: asked.approvalId, ...answerTo });
    } catch (error) {
      // Answered before a crash, or by a try whose answer was lost, or not waited for any more: the run has gone on.
      const isPast = error instanceof RemoteFailure && [404, 409, 410].includes(error.status ?? 0);
      if (!isPast) throw error;
    }
  });
}
