import type { AgentObject, AgentRun } from "../../src/agent/agent.ts";
import { textDelta } from "../../src/event/known-events.ts";
import type { TurnEvent } from "../../src/event/turn-event.ts";
import type { OpenRequest } from "../../src/substrate/index.ts";

// The turns of the crash tests, and the agents that answer them: the same answer in every attempt, so that it can be
// told whether an answer is whole.

const PIECES = 12;

/** What a parent tells its worker, a line of JSON each. */
export type Command =
  | { readonly do: "open"; readonly n: number }
  | { readonly do: "attach"; readonly n: number; readonly after: string }
  | { readonly do: "decide"; readonly approvalId: string }
  | { readonly do: "cancel"; readonly n: number };

/** What a worker tells its parent. */
export type Report =
  | { readonly ready: true }
  | { readonly opened: number }
  | { readonly of: number; readonly event: TurnEvent }
  | { readonly trouble: string };

/** A hook's line in the file that all workers append to. */
export interface HookLine {
  readonly pid: number;
  readonly hook: "persist" | "end";
  readonly executionId: string;
  readonly finalText: string;
  readonly outcome: string;
}

export const AGENTS = ["unsafe", "safe", "checkpoint", "ask", "throw", "quick"] as const;
export type CrashAgent = (typeof AGENTS)[number];

export const agentOf = (n: number): CrashAgent => AGENTS[n % AGENTS.length] ?? "safe";
export const idOfTurn = (n: number): string => `crash:s${n}:0`;

export function turn(n: number): OpenRequest {
  return {
    executionId: idOfTurn(n),
    identity: { tenantId: "t", sessionId: `s${n}`, userId: "u", turnIndex: 0 },
    input: { message: `Turn ${n}`, agent: agentOf(n) },
  };
}

/** The answer of a turn that completes. */
export function answerTo(n: number): string {
  return Array.from({ length: PIECES }, (_, piece) => pieceOf(n, piece)).join("");
}

const pieceOf = (n: number, piece: number): string => `${n}.${piece} `;

/** Pieces of the answer, slowly, each with an event that tells which process says it. */
async function* say(
  { identity, attempt }: AgentRun,
  pid: number,
  from: number,
  to: number,
  pauseMs: number,
): AsyncGenerator<TurnEvent> {
  const n = Number(identity.sessionId.slice(1));
  for (let piece = from; piece < to; piece++) {
    yield { type: "written", data: { pid, attempt, piece } };
    yield textDelta(pieceOf(n, piece));
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

export function crashAgents(pid: number, pauseMs: number): Record<CrashAgent, AgentObject> {
  const half = PIECES / 2;
  return {
    unsafe: { stream: (run) => say(run, pid, 0, PIECES, pauseMs) },
    safe: { replay: "safe", stream: (run) => say(run, pid, 0, PIECES, pauseMs) },
    checkpoint: {
      replay: "safe",
      async *stream(run) {
        if (run.checkpoint === undefined) {
          yield* say(run, pid, 0, half, pauseMs);
          await run.saveCheckpoint(half);
        }
        yield* say(run, pid, half, PIECES, pauseMs);
      },
    },
    ask: {
      replay: "safe",
      async *stream(run) {
        if (run.resume === undefined) {
          yield* say(run, pid, 0, half, pauseMs);
          yield { type: "approval.requested", data: { toolName: "go-on", input: {} } };
        } else yield* say(run, pid, half, PIECES, pauseMs);
      },
    },
    throw: {
      async *stream(run) {
        yield* say(run, pid, 0, 2, pauseMs);
        throw new Error("As told");
      },
    },
    quick: { stream: (run) => say(run, pid, 0, PIECES, 0) },
  };
}
