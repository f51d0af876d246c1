import type { StoppedRun } from "../agent/agent.ts";
import type { JsonValue } from "../event/json.ts";
import { isTurnError, TurnError } from "../errors.ts";
import { abortWith } from "../internal/abort-with.ts";
import type { Produced } from "../turn/produce-turn.ts";
import { runHookSafely, subject } from "../turn/run-hook.ts";
import { type CancelIntent, isAgentBegun, readCancelIntent } from "./cancel-intent.ts";
import type { HeldRun } from "./held-run.ts";
import type { RunRecord, RunTransaction } from "./run-store.ts";

/**
 * Tells the agent of a run that is about to be settled as cancelled, or as failed, and that no call of the agent has heard of
 * by its signal, so that it can stop what earlier calls have started elsewhere. Best effort: the settle follows
 * whatever comes of it, after `hookTimeoutMs` at most.
 *
 * It comes before settle is entered: a crash in between leaves the run as it was, and whoever takes it over tells the agent
 * again.
 */
export async function cancelAgent(held: HeldRun, { end, spoke }: Pick<Produced, "end" | "spoke">): Promise<void> {
  const { core, executionId, turn, writer } = held;
  const { name, intent, isFailed, tags, checkpoint } = await writer.commit(({ tx, run }) => ({
    name: run.agent,
    intent: run.state === "cancelling" ? readCancelIntent(tx, run) : giveUpIntent(tx, run, end, spoke),
    isFailed: run.state !== "cancelling",
    tags: (tx.getDocument(run, "tags") ?? {}) as Record<string, JsonValue>,
    checkpoint: tx.getDocument(run, "checkpoint"),
  }));
  if (!intent.agentBegun) return;
  const agent = core.options.agents.get(name);
  if (agent === undefined) {
    const what = isFailed ? "failed" : "cancelled";
    turn.log(`The agent of a ${what} run is not known here: what it started elsewhere may go on`, {
      ...subject(turn),
      agent: name,
    });
    return;
  }
  if (agent.cancel === undefined) return;
  await writer.hold();
  const controller = new AbortController();
  let done = false;
  const giveUp = (code: "hook-timeout" | "lease-lost", why: string): void => {
    if (!done) abortWith(controller, new TurnError(code, why));
  };
  void held.lost.then(() => giveUp("lease-lost", "The lease is lost"));
  const run: StoppedRun = {
    executionId,
    identity: turn.identity,
    tags,
    ...(checkpoint === undefined ? {} : { checkpoint }),
    ...(intent.reason === undefined ? {} : { reason: intent.reason }),
    signal: controller.signal,
  };
  await runHookSafely(turn, "The agent's cancel", async () => {
    await agent.cancel?.(run);
    done = true;
  });
  // One that has failed is not waited for either.
  giveUp("hook-timeout", `It did not finish within ${turn.hookTimeoutMs} ms`);
}

/** What a stop would have kept, of a run that fails without its agent at work. */
function giveUpIntent(
  tx: RunTransaction,
  run: RunRecord,
  end: Produced["end"],
  spoke: boolean,
): Pick<CancelIntent, "reason" | "agentBegun"> {
  // A worker that has begun the run, and then not its agent, has said nothing; earlier calls have ended in a question.
  const agentBegun = spoke ? isAgentBegun(run) : run.attempt > 1 || tx.approvals(run.executionId).length > 0;
  const error = end.how === "threw" ? end.error : undefined;
  return { reason: isTurnError(error) ? error.message : undefined, agentBegun };
}
