import { textDelta, type TurnEvent } from "turnwire";
import type { AgentRun } from "turnwire/run";

/** What a bench asks of the agent, as the turn's message in JSON. */
export interface BenchTurn {
  readonly events: number;
  /** Between two events; 0 for all at once. */
  readonly everyMs: number;
  /** Whether a person is asked after half of them. */
  readonly asks?: boolean;
}

/** Says as many words as the message wants, as fast as it wants. */
export async function* benchAgent({ input, resume }: AgentRun): AsyncGenerator<TurnEvent> {
  const { events, everyMs, asks = false } = JSON.parse(input.message as string) as BenchTurn;
  const half = Math.floor(events / 2);
  const [from, until] = !asks ? [0, events] : resume === undefined ? [0, half] : [half, events];
  const startedAt = Date.now();
  for (let n = from; n < until; n++) {
    // By the clock, so that a late timer does not slow the whole turn down.
    const dueAt = startedAt + (n - from) * everyMs;
    const waitMs = everyMs === 0 ? 0 : dueAt - Date.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    // For those who want to know how late it comes.
    yield textDelta(` word ${n} at ${dueAt}`);
  }
  if (asks && resume === undefined) {
    yield { type: "approval.requested", data: { toolName: "delete_files", input: { folder: "/srv/reports" } } };
  }
}
