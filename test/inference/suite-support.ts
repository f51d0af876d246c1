import type * as core from "../../src/inference/index.ts";
import type { Block, Engine, EngineFunction, InferenceEvent, SessionOptions, Turn } from "../../src/inference/index.ts";
import type { TestApi } from "../support/test-api.ts";
import { createVirtualClock, type VirtualClock } from "../support/virtual-clock.ts";

/** The inference core, in whichever home it is tested. */
export type Core = typeof core;

export type BehaviourSuite = (api: TestApi, core: Core) => void;

/** A core with time that the test drives, ids that count, and a log that is kept. */
export interface Bench {
  readonly clock: VirtualClock;
  readonly core: ReturnType<Core["createInference"]>;
  readonly logs: { message: string; error: unknown }[];
  readonly session: (options: SessionOptions) => ReturnType<Core["createSession"]>;
  readonly user: (text: string) => Turn;
}

export function createBench(core: Core, setup: Parameters<Core["createInference"]>[0] = {}): Bench {
  const clock = createVirtualClock();
  let ids = 0;
  const made = core.createInference({ clock, createId: () => `id-${++ids}`, ...setup });
  const logs: { message: string; error: unknown }[] = [];
  return {
    clock,
    core: made,
    logs,
    session: (options) =>
      made.createSession({
        sessionId: "s",
        log: (message, meta) => void logs.push({ message, error: meta["error"] }),
        ...options,
      }),
    user: (text) => core.turns.newTurn({ id: "t", blocks: [core.turns.newUserBlock(text)] }),
  };
}

/** An engine that calls these tools, answer by answer, and then says "done". */
export function callingEngine(
  core: Core,
  ...answers: readonly (readonly [id: string, name: string, args: unknown][])[]
): Engine {
  let asked = 0;
  return core.engines.fromFunction((turn) => {
    const calls = answers[asked++];
    if (calls === undefined) turn.blocks.push(core.turns.newAssistantBlock("done"));
    else for (const [id, name, args] of calls) turn.blocks.push(core.turns.newToolCallBlock(id, name, args));
  }, "calling");
}

/** What the engine answers, later. */
export const later =
  (fn: EngineFunction): EngineFunction =>
  async (turn, context) => {
    await Promise.resolve();
    return fn(turn, context);
  };

export function texts(turn: Turn | undefined): string[] {
  return (turn?.blocks ?? []).map(({ kind, payload }) => `${kind}: ${String(payload?.["text"] ?? payload?.["id"])}`);
}

/** The tool uses of a turn: its id, with its result or its error. */
export function toolUses(turn: Turn): unknown[] {
  return turn.blocks
    .filter(isToolUse)
    .map(({ payload }) => [payload?.["id"], payload?.["error"] ?? payload?.["result"]]);
}

const isToolUse = ({ kind }: Block): boolean => kind === "tool_use";

export function typesOf(events: readonly InferenceEvent[]): string[] {
  return events.map(({ type }) => type);
}

/** What a promise rejects with; a promise that does not is a failure of the test. */
export async function rejectionOf(promise: PromiseLike<unknown>): Promise<Error & { readonly code?: string }> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if (!("error" in outcome)) throw new Error(`Expected a rejection, got ${JSON.stringify(outcome.value)}`);
  if (!(outcome.error instanceof Error)) throw new Error(`Rejected with no Error: ${String(outcome.error)}`);
  return outcome.error;
}

export const never = (): Promise<never> => new Promise(() => undefined);

/** Time in which listeners to signals throw and the platform lets that out of `abort`, as workerd does. */
export async function withThrowingListeners(body: () => unknown): Promise<void> {
  const { prototype } = AbortController;
  // oxlint-disable-next-line typescript/unbound-method -- called with what it belongs to.
  const { abort } = prototype;
  prototype.abort = function (reason?: unknown): void {
    const { aborted } = this.signal;
    abort.call(this, reason);
    if (!aborted) throw new Error("a listener failed");
  };
  try {
    await body();
  } finally {
    prototype.abort = abort;
  }
}
