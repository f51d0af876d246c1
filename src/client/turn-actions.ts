import type { Cursor } from "../event/cursor.ts";
import type { TurnFailure } from "../event/outcome.ts";
import { ask, inTime, placeOf, type Question } from "./ask.ts";
import type { ResolvedClientOptions } from "./client-options.ts";
import { createRetries } from "./retries.ts";

/** An execution at one moment, as the routes tell it. */
export interface TurnSnapshot {
  readonly executionId: string;
  readonly sessionId: string;
  readonly tenantId: string;
  readonly state:
    | "queued"
    | "claimed"
    | "running"
    | "waiting_for_approval"
    | "resuming"
    | "cancelling"
    | "settling"
    | "completed"
    | "failed"
    | "cancelled";
  readonly attempt: number;
  readonly lastEventId?: Cursor;
  readonly finalText?: string;
  readonly failure?: TurnFailure;
  readonly approvals: readonly {
    readonly approvalId: string;
    readonly toolName: string;
    readonly input: unknown;
    readonly reason?: string;
    /** Milliseconds since the epoch. */
    readonly expiresAt?: number;
    readonly status: "pending" | "approved" | "edited" | "rejected" | "expired";
  }[];
}

/** What a person says to an approval. */
export interface TurnDecision {
  readonly decision: "approve" | "edit" | "reject";
  /** With `edit`: what the tool shall get instead. */
  readonly input?: unknown;
  readonly note?: string | undefined;
}

/** What can be done about an execution by its id. Each may be sent again when a connection fails: twice is once. */
export interface TurnActions {
  /** Stops it; one that has ended stays as it is. */
  cancel(executionId: string, options?: { readonly reason?: string | undefined }): Promise<TurnSnapshot>;
  inspect(executionId: string): Promise<TurnSnapshot>;
  decide(executionId: string, approvalId: string, decision: TurnDecision): Promise<TurnSnapshot>;
}

export function createTurnActions(options: ResolvedClientOptions): TurnActions {
  async function call(executionId: string, more = "", body?: unknown): Promise<TurnSnapshot> {
    const question: Question = { path: placeOf(executionId) + more, body };
    const retries = createRetries(options);
    for (;;) {
      const step = new AbortController();
      try {
        const answered = ask(options, question, step.signal).then((response) => response.json());
        return (await inTime(options, step, answered)) as TurnSnapshot;
      } catch (failure) {
        const { ms } = retries.after(failure);
        await new Promise<void>((resolve) => options.clock.after(ms, resolve));
      }
    }
  }

  return {
    cancel: (executionId, { reason } = {}) => call(executionId, "/cancel", { reason }),
    inspect: (executionId) => call(executionId),
    decide: (executionId, approvalId, decision) =>
      call(executionId, `/approvals/${encodeURIComponent(approvalId)}`, decision),
  };
}
