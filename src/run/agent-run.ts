import type { AgentRun } from "../agent/agent.ts";
import type { JsonValue } from "../event/json.ts";
import { TurnError } from "../errors.ts";
import { canonicalJson } from "../internal/canonical-json.ts";
import type { BegunRun } from "./begin-run.ts";
import { checkSize } from "./check-size.ts";
import { type HeldRun, sayEvent } from "./held-run.ts";

/** What the agent gets: `signal` is what it hears, `stop` what forbids it to keep anything more. */
export function agentRun(held: HeldRun, begun: BegunRun, signal: AbortSignal, stop: AbortSignal): AgentRun {
  const { run, input, history, tags, resume, checkpoint } = begun;
  return {
    executionId: held.executionId,
    identity: held.turn.identity,
    input,
    history,
    attempt: run.attempt,
    signal,
    tags,
    ...(run.deadlineAt === undefined ? {} : { deadline: run.deadlineAt }),
    ...(resume === undefined ? {} : { resume }),
    ...(checkpoint === undefined ? {} : { checkpoint }),
    saveCheckpoint: (value) => saveCheckpoint(held, value, stop),
  };
}

/** Everything said so far is kept with the value: a later attempt goes on from there (R5). */
async function saveCheckpoint(held: HeldRun, value: JsonValue, stop: AbortSignal): Promise<void> {
  const json = canonicalJson(value, "checkpoint");
  checkSize("a checkpoint", json, held.core.options.maxEventBytes);
  const kept = JSON.parse(json) as JsonValue;
  if (stop.aborted) throw new TurnError("closed", `The run ${held.executionId} was stopped`);
  void sayEvent(held, { type: "run.checkpointed", data: {} }, (draft, id) => {
    draft.tx.putDocument(draft.run, "checkpoint", kept);
    draft.set({ keep: id });
  });
  await held.writer.commit(() => undefined);
}
