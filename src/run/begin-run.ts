import type { AgentRun, Resume, TranscriptMessage } from "../agent/agent.ts";
import type { JsonValue } from "../event/json.ts";
import type { TurnInput } from "../substrate/turn-input.ts";
import type { RunDraft } from "./run-draft.ts";
import type { RunTransaction, RunRecord } from "./run-store.ts";

/** What an agent needs to know, as the store has it. */
export interface BegunRun extends Pick<AgentRun, "input" | "history" | "tags" | "resume" | "checkpoint"> {
  readonly run: RunRecord;
  /** How many approvals the run has asked for so far. */
  readonly approvalCount: number;
}

/** Lets a claimed run run, and reads what its agent needs. Undefined when it was cancelled in between. */
export function beginRun(draft: RunDraft, maxHistoryTurns: number): BegunRun | undefined {
  const { tx } = draft;
  const { state } = draft.run;
  if (state === "cancelling") return undefined;
  draft.moveTo("running");
  if (state === "resuming") draft.say({ type: "run.resumed", data: { resumeKind: "approval" } });
  const { run } = draft;
  const resume = tx.getDocument(run, "resume") as unknown as Resume | undefined;
  const checkpoint = tx.getDocument(run, "checkpoint");
  return {
    run,
    input: tx.getDocument(run, "input") as unknown as TurnInput,
    tags: (tx.getDocument(run, "tags") ?? {}) as Record<string, JsonValue>,
    history: readHistory(tx, run, maxHistoryTurns),
    ...(resume === undefined ? {} : { resume }),
    ...(checkpoint === undefined ? {} : { checkpoint }),
    approvalCount: tx.approvals(run.executionId).length,
  };
}

function readHistory(tx: RunTransaction, run: RunRecord, limit: number): TranscriptMessage[] {
  const turns = tx.transcript(run.tenantId, run.sessionId, run.turnIndex, limit);
  return turns.flatMap(({ turnIndex, message, answer }): TranscriptMessage[] => [
    { turnIndex, role: "user", content: message },
    { turnIndex, role: "assistant", content: answer },
  ]);
}
