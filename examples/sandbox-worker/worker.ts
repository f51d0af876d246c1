import { deriveExecutionId, fromSubstrate, handleChatTurn } from "turnwire";
import { sandboxSubstrate } from "turnwire/sandbox";

// A Worker in front of a sandbox: refresh, double click, another Worker: it is always the same run, started once.

interface Env {
  readonly SANDBOX_URL: string;
  readonly SANDBOX_TOKEN: string;
  /** Your own database: a row per answer, keyed by execution id, because two requests may both save it. */
  readonly ANSWERS: { put(executionId: string, answer: string): Promise<void> };
}

export default {
  async fetch(request: Request, env: Env, context: { waitUntil(promise: Promise<unknown>): void }): Promise<Response> {
    // Who it is comes from your own authentication, never from the body.
    const { sessionId, turnIndex, message, lastEventId } = (await request.json()) as Record<string, string & number>;
    const identity = { tenantId: "acme", userId: "ada", sessionId: sessionId ?? "", turnIndex: turnIndex ?? 0 };
    const executionId = deriveExecutionId({ projectId: "sandbox-worker", ...identity });
    const sandbox = sandboxSubstrate({ url: env.SANDBOX_URL, token: env.SANDBOX_TOKEN });
    const { body, contentType } = handleChatTurn({
      identity,
      executionId,
      ...(lastEventId === undefined ? {} : { lastEventId }),
      hooks: {
        produce: fromSubstrate(sandbox, { input: { message: message ?? "" } }),
        persistAssistantMessage: ({ finalText }) => env.ANSWERS.put(executionId, finalText),
      },
      waitUntil: (promise) => context.waitUntil(promise),
    });
    return new Response(body, { headers: { "content-type": contentType, "x-execution-id": executionId } });
  },
};
