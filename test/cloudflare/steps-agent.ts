import type { AgentRun } from "../../src/agent/agent.ts";
import type { JsonValue } from "../../src/event/json.ts";
import { textDelta } from "../../src/event/known-events.ts";
import type { TurnEvent } from "../../src/event/turn-event.ts";

/** One thing that the agent of these tests does; a turn's `data` is a list of them. */
export type Step =
  | { readonly say: string }
  /** A tool part: called, then answered. */
  | { readonly tool: string }
  | { readonly checkpoint: true }
  | { readonly ask: { readonly expiresInMs?: number } }
  /** Says what was decided. */
  | { readonly decision: true }
  /** Stands still until the gate of this name is opened. */
  | { readonly gate: string }
  | { readonly pauseMs: number }
  /** One event with so many characters. */
  | { readonly pad: number }
  /** A piece of the answer with so many characters. */
  | { readonly sayLong: number }
  | { readonly fail: string }
  /** The same, with a message of so many characters. */
  | { readonly failLong: number };

export type Steps = readonly Step[];

/** Where an agent plays. */
export interface StepsPlace {
  /** Resolves when the gate is open. */
  gate(name: string): Promise<void>;
  /** Lets what was said be stored before more is said. */
  pace(): Promise<void>;
}

/**
 * Plays a turn's steps. An attempt that follows a checkpoint or a decision goes on behind it, so that the answer is the
 * same however often it was cut off.
 */
export async function* playSteps(run: AgentRun, place: StepsPlace): AsyncGenerator<TurnEvent, void, undefined> {
  const { resume, checkpoint, signal } = run;
  const steps = (run.input.data ?? [{ say: "Hello" }]) as unknown as Steps;
  const asked = resume === undefined ? -1 : steps.findIndex((step) => "ask" in step);
  const stopped = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  for (let at = Math.max(asked + 1, Number(checkpoint ?? 0)); at < steps.length && !signal.aborted; at++) {
    const step = steps[at];
    if (step === undefined) return;
    await place.pace();
    if ("say" in step) yield textDelta(step.say);
    else if ("tool" in step) {
      for (const event of toolCall(step.tool)) {
        yield event;
        await place.pace();
      }
    } else if ("checkpoint" in step) await run.saveCheckpoint(at + 1);
    else if ("decision" in step) yield textDelta(decisionText(resume?.decision, resume?.input));
    else if ("gate" in step) await Promise.race([place.gate(step.gate), stopped]);
    else if ("pauseMs" in step) await new Promise((resolve) => setTimeout(resolve, step.pauseMs));
    else if ("pad" in step) yield { type: "status", data: { status: "x".repeat(step.pad) } };
    else if ("sayLong" in step) yield textDelta("y".repeat(step.sayLong));
    else if ("failLong" in step) throw new Error("z".repeat(step.failLong));
    else if ("fail" in step) throw new Error(step.fail);
    else {
      yield { type: "approval.requested", data: { toolName: "pay", input: { amount: 1 }, ...step.ask } };
      await place.pace();
      return;
    }
  }
}

function toolCall(tool: string): TurnEvent[] {
  const states = [
    { status: "running", input: {} },
    { status: "completed", input: {}, output: "found" },
  ];
  return states.map((state) => ({
    type: "message.part.updated",
    data: { part: { type: "tool", callID: `call-${tool}`, tool, state } },
  }));
}

export function decisionText(decision: string | undefined, input?: JsonValue): string {
  return `[${decision}${input === undefined ? "" : ` ${JSON.stringify(input)}`}] `;
}

/** The answer of steps that come to their end. */
export function answerOf(steps: Steps, decision = ""): string {
  return steps.map((step) => ("say" in step ? step.say : "decision" in step ? decision : "")).join("");
}
