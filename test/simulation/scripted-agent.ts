import { textDelta, type TurnEvent } from "../../src/index.ts";
import type { Agent, AgentRun, StoppedRun } from "../../src/run/index.ts";
import type { Random } from "../support/random.ts";
import { checkCancel } from "./check-agent-cancel.ts";
import { checkBegin } from "./check-agent.ts";
import type { AgentCall } from "./ledger.ts";
import type { Plan } from "./plan.ts";
import { ScriptedFailure } from "./scripted-failure.ts";
import type { SimWorker } from "./sim-worker.ts";

/** What an agent does in one call, one step after the other. */
export type AgentStep =
  | "text"
  | "burst"
  | "result"
  | "status"
  | "ask"
  | "ask-expiring"
  | "checkpoint"
  | "checkpoint-unawaited"
  | "throw"
  | "hang"
  | "report-error"
  | "report-cancelled";

/** A whole run: what the agent does in the first call, and after each suspension. */
export interface AgentScript {
  readonly calls: readonly (readonly AgentStep[])[];
  /** Whether it ends when it is told to. */
  readonly heedsSignal: boolean;
}

export const AGENT_NAMES = ["safe", "unsafe", "fallback"] as const;

export function chooseScript(plan: Plan, random: Random): AgentScript {
  const suspensions = plan.approvals ? random.pick([0, 1, 1, 2]) : 0;
  const calls = Array.from({ length: suspensions + 1 }, (_, at) => chooseCall(plan, random, at < suspensions));
  return { calls, heedsSignal: random.chance(0.6) };
}

function chooseCall(plan: Plan, random: Random, asks: boolean): AgentStep[] {
  const known: AgentStep[] = ["text", "text", "burst"];
  if (plan.results) known.push("result", "status");
  if (plan.checkpoints) known.push("checkpoint", "checkpoint", "checkpoint-unawaited");
  const steps = Array.from({ length: random.below(4) }, () => random.pick(known));
  if (asks) {
    const questions = 1 + random.below(3);
    for (let at = 0; at < questions; at++) steps.push(plan.expiries && random.chance(0.6) ? "ask-expiring" : "ask");
    if (random.chance(0.2)) steps.push("text");
    if (plan.agentsFail && random.chance(0.1)) steps.push(random.pick(["throw", "report-error", "hang"]));
    return steps;
  }
  if (plan.agentsFail && random.chance(0.4)) steps.push(random.pick(["throw", "report-error", "report-cancelled"]));
  if (plan.agentsHang && random.chance(0.3)) steps.push("hang");
  return steps;
}

/** The agents as one worker has them. What they do is in the input that they get. */
export function scriptedAgents(worker: SimWorker): Record<string, Agent> {
  const stream = (run: AgentRun): AsyncIterable<TurnEvent> => play(worker, run);
  const cancel = (run: StoppedRun): Promise<void> => beCancelled(worker, run);
  const known: Record<string, Agent> = { safe: { stream, cancel, replay: "safe" }, unsafe: { stream, cancel } };
  if (worker.isOlder) return known;
  return {
    ...known,
    fallback: {
      replay: "safe",
      cancel,
      stream: (run) => playNothing(worker, run),
      invoke: async (run) => {
        await worker.gate(`${run.executionId} invoke`, run.signal);
        return "invoked;";
      },
    },
  };
}

/** Takes its time, fails, or hangs: a stop must not depend on it. */
async function beCancelled(worker: SimWorker, run: StoppedRun): Promise<void> {
  checkCancel(worker, run);
  const { random } = worker.shared;
  if (random.chance(0.1)) throw new ScriptedFailure("The agent's cancel failed");
  await worker.gate(`${run.executionId} cancel`, random.chance(0.5) ? run.signal : undefined);
}

async function* playNothing(worker: SimWorker, run: AgentRun): AsyncGenerator<TurnEvent, void, undefined> {
  const call = checkBegin(worker, run);
  try {
    await worker.gate(`${run.executionId} fails at once`, run.signal);
    yield { type: "status", data: { status: "thinking", call: call.number } };
    throw new ScriptedFailure("The stream failed before any content");
  } finally {
    call.over = true;
  }
}

async function* play(worker: SimWorker, run: AgentRun): AsyncGenerator<TurnEvent, void, undefined> {
  const call = checkBegin(worker, run);
  const script = run.input.data as unknown as AgentScript;
  const steps = script.calls[worker.shared.ledger.get(run.executionId)?.suspensions ?? 0] ?? [];
  try {
    for (const [at, step] of steps.entries()) {
      await worker.gate(`${run.executionId} call ${call.number} ${step}`, script.heedsSignal ? run.signal : undefined);
      yield* takeStep(worker, run, call, step, at);
    }
  } finally {
    call.over = true;
  }
}

async function* takeStep(
  worker: SimWorker,
  run: AgentRun,
  call: AgentCall,
  step: AgentStep,
  at: number,
): AsyncGenerator<TurnEvent, void, undefined> {
  const say = (text: string): TurnEvent => {
    const { type, data } = textDelta(text);
    return { type, data: { ...data, call: call.number } };
  };
  const place = `${call.number}.${at}`;
  switch (step) {
    case "text":
      yield say(`${place};`);
      return;
    case "burst":
      for (const letter of ["a", "b", "c"]) yield say(`${place}${letter};`);
      return;
    case "result":
      yield { type: "result", data: { finalText: `result ${place};`, call: call.number } };
      return;
    case "status":
      yield { type: "status", data: { status: "thinking", call: call.number } };
      return;
    case "ask":
    case "ask-expiring": {
      const expires = step === "ask" ? {} : { expiresInMs: 100 + 400 * (at % 3) };
      yield {
        type: "approval.requested",
        data: { toolName: "deploy", input: { place }, call: call.number, ...expires },
      };
      return;
    }
    case "checkpoint":
      await run.saveCheckpoint({ place });
      return;
    case "checkpoint-unawaited":
      // Refused when the run was stopped; nobody listens.
      run.saveCheckpoint({ place }).catch(() => undefined);
      return;
    case "throw":
      throw new ScriptedFailure(`The agent failed at ${place}`);
    case "hang":
      await new Promise<void>((_resolve, reject) => {
        const fail = (): void => reject(new ScriptedFailure("stopped"));
        if (worker.shared.random.chance(0.5)) run.signal.addEventListener("abort", fail);
      });
      return;
    case "report-error":
      yield { type: "error", data: { message: `reported at ${place}`, call: call.number } };
      return;
    case "report-cancelled":
      yield { type: "session.run.cancelled", data: { reason: `reported at ${place}` } };
  }
}
