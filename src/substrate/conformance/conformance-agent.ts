import type { JsonValue } from "../../event/json.ts";
import { textDelta } from "../../event/known-events.ts";
import type { TurnEvent } from "../../event/turn-event.ts";
import { waitAtGate } from "./conformance-gates.ts";
import { type ConformanceStep, parseScript, parseSettleGate, pieceText, settleGateText } from "./conformance-script.ts";

/** What the conformance agent reads of a run. The run engine's `AgentRun` fits. */
export interface ConformanceRun {
  readonly executionId: string;
  readonly input: { readonly data?: JsonValue };
  readonly signal: AbortSignal;
  /** From 1, where the substrate counts how often it began the run; the agent counts by itself where it does not. */
  readonly attempt?: number;
  /** After a suspension: what was decided. */
  readonly resume?: {
    readonly all: readonly {
      readonly decision: "approve" | "edit" | "reject" | "expired";
      readonly input?: JsonValue;
      readonly note?: string;
    }[];
  };
}

/** How often the agent was called for an execution. */
export interface AgentCalls {
  /** Calls that began the script at its beginning. */
  readonly starts: number;
  /** Calls after a suspension. */
  readonly resumes: number;
  /** Calls that were told to stop while they ran. */
  readonly stops: number;
}

const calls = new Map<string, AgentCalls>();

function count(executionId: string, what: keyof AgentCalls): number {
  const before = conformanceCalls(executionId);
  calls.set(executionId, { ...before, [what]: before[what] + 1 });
  return before[what] + 1;
}

/** How often the conformance agent of this process was called for an execution. */
export function conformanceCalls(executionId: string): AgentCalls {
  return calls.get(executionId) ?? { starts: 0, resumes: 0, stops: 0 };
}

/** The type of the event with which a resumed agent repeats what it was told, as `{ decisions }`. */
export const RESUMED = "conformance.resumed";

/**
 * The agent that a substrate under test must run. It does what the turn's input tells it, step by step, so that the
 * suite can make the substrate meet each situation on cue. An agent that is called with `resume` goes on after its `ask`.
 *
 * @example
 * ```ts no-run
 * import { conformanceAgent } from "turnwire/substrate/conformance";
 *
 * declare function createMySubstrate(options: { agents: Record<string, typeof conformanceAgent> }): unknown;
 *
 * createMySubstrate({ agents: { default: conformanceAgent } });
 * ```
 */
export async function* conformanceAgent(run: ConformanceRun): AsyncGenerator<TurnEvent, void, void> {
  const { executionId, signal, resume } = run;
  const script = parseScript(run.input.data);
  const starts = resume === undefined ? count(executionId, "starts") : conformanceCalls(executionId).starts;
  const attempt = run.attempt ?? starts;
  let next = resume === undefined ? 0 : script.findIndex((step) => step.do === "ask") + 1;
  let said = piecesBefore(script, next);
  const onStop = (): void => void count(executionId, "stops");
  signal.addEventListener("abort", onStop, { once: true });
  try {
    if (resume !== undefined) {
      count(executionId, "resumes");
      const decisions = resume.all.map(({ decision, input, note }) => ({
        decision,
        ...(input === undefined ? {} : { input }),
        ...(note === undefined ? {} : { note }),
      }));
      yield { type: RESUMED, data: { decisions } };
    }
    for (; next < script.length; next++) {
      const step = script[next];
      switch (step?.do) {
        case "say":
          for (let left = step.count; left > 0; left--) yield textDelta(pieceText(said++, attempt, step.bytes));
          break;
        case "emit":
          yield { type: step.type, data: step.data };
          break;
        case "gate":
          await waitAtGate({ executionId, name: step.name }, step.afterMs, signal);
          break;
        case "ask":
          for (const question of step.questions) yield { type: "approval.requested", data: question };
          return;
        case "fail":
          throw new Error(step.message);
        case "hang":
          await waitAtGate({ executionId, name: "never" }, undefined, step.deaf === true ? undefined : signal);
          break;
        case "settleLater":
          yield textDelta(settleGateText(step.gate, step.afterMs));
          break;
        case undefined:
          break;
        default:
          throw step satisfies never;
      }
    }
  } finally {
    signal.removeEventListener("abort", onStop);
  }
}

function piecesBefore(script: readonly ConformanceStep[], end: number): number {
  return script.slice(0, end).reduce((sum, step) => sum + (step.do === "say" ? step.count : 0), 0);
}

/**
 * The hook of a substrate under test whose fixture says `settles: true`: where a script asks for it, the turn stays in
 * its settling until the suite opens a gate.
 */
export const conformanceHooks: {
  readonly persistAssistantMessage: (turn: {
    readonly executionId?: string;
    readonly finalText: string;
  }) => Promise<void>;
} = {
  async persistAssistantMessage({ executionId = "", finalText }) {
    const gate = parseSettleGate(finalText);
    if (gate !== undefined) await waitAtGate({ executionId, name: gate.name }, gate.afterMs);
  },
};
