import type { AgentRun } from "../../src/agent/agent.ts";
import type { TurnEvent } from "../../src/event/turn-event.ts";
import {
  createRunEngine,
  memoryStore,
  type RunDocumentName,
  type RunEngine,
  type RunEngineOptions,
  type RunRecord,
  type RunStore,
} from "../../src/run/index.ts";
import type { Attachment, ExecutionState, OpenRequest, TurnInput } from "../../src/substrate/index.ts";
import { textDelta } from "../../src/event/known-events.ts";
import { nextMacrotask } from "../../src/internal/macrotask.ts";
import type { OwnerHooks } from "../../src/turn/chat-turn-hooks.ts";
import type { LogLine } from "../support/play-turn.ts";
import { createVirtualClock, type VirtualClock } from "../support/virtual-clock.ts";
import { StoreLine } from "./store-line.ts";

// What direct tests of the run engine have in common: time that they drive, one store, engines with a line each.

export const LEASE_MS = 3000;
export const POLL_MS = 100;

export interface World {
  readonly clock: VirtualClock;
  readonly store: RunStore;
  readonly logs: LogLine[];
  /** An engine with what does not matter to the test filled in; it works as soon as it is opened or started. */
  engine(options?: Partial<RunEngineOptions> & { readonly line?: StoreLine }): RunEngine;
  line(): StoreLine;
  /** Stops an engine without giving its runs time to end. */
  stop(engine: RunEngine): Promise<void>;
  /** Lets time pass in steps of a poll until the check is true. */
  until(check: () => unknown, most?: number): Promise<void>;
  /** Lets time pass until the run is in this state. */
  reach(executionId: string, state: ExecutionState): Promise<void>;
  run(executionId: string): Promise<RunRecord>;
  document(executionId: string, name: RunDocumentName): Promise<unknown>;
  /** The stored events. */
  log(executionId: string): Promise<TurnEvent[]>;
  types(executionId: string): Promise<string[]>;
}

/** A memory store answers in microtasks: no timer is needed to let all of them run, nor, on workerd, a message. */
async function settleQuickly(): Promise<void> {
  for (let tick = 0; tick < 200; tick++) await Promise.resolve();
  await nextMacrotask();
}

export function createWorld(store: RunStore = memoryStore()): World {
  const clock = createVirtualClock(settleQuickly);
  const logs: LogLine[] = [];
  let engines = 0;
  const world: World = {
    clock,
    store,
    logs,
    line: () => new StoreLine(store),
    async stop(engine) {
      const stopped = engine.stop({ graceMs: 0 });
      await clock.advance(0);
      await stopped;
    },
    engine: ({ line = new StoreLine(store), ...options } = {}) =>
      createRunEngine({
        store: line,
        agents: { default: echo },
        clock,
        log: (message, meta = {}) => void logs.push({ message, meta }),
        workerId: `worker-${++engines}`,
        leaseMs: LEASE_MS,
        pollMs: POLL_MS,
        ...options,
      }),
    async until(check, most = 600) {
      await settleQuickly();
      for (let step = 0; !(await check()); step++) {
        if (step === most) throw new Error(`Not so within ${most * POLL_MS} ms: ${String(check)}`);
        await clock.advance(POLL_MS);
      }
    },
    reach: (executionId, state) => world.until(async () => (await world.run(executionId)).state === state),
    async run(executionId) {
      const run = await store.transact((tx) => tx.getRun(executionId));
      if (run === undefined) throw new Error(`There is no run ${executionId}`);
      return run;
    },
    document: async (executionId, name) => {
      const run = await world.run(executionId);
      return store.transact((tx) => tx.getDocument(run, name));
    },
    log: async (executionId) => {
      const run = await world.run(executionId);
      return store.transact((tx) => tx.readEvents(run, run.trimmedThrough, 100_000));
    },
    types: async (executionId) => (await world.log(executionId)).map(({ type }) => type),
  };
  return world;
}

/** What a request of these tests asks. */
export function textOf({ message }: TurnInput): string {
  return typeof message === "string" ? message : JSON.stringify(message);
}

/** Answers at once. */
export async function* echo({ input }: AgentRun): AsyncGenerator<TurnEvent> {
  yield textDelta(`Echo: ${textOf(input)}`);
}

/** Turn `n` of a session, by default of a session of its own. */
export function request(n: number, given: Partial<OpenRequest> & { readonly session?: string } = {}): OpenRequest {
  const { session = `session-${n}`, ...more } = given;
  return {
    executionId: `p:${session}:${n}`,
    identity: { tenantId: "acme", sessionId: session, userId: "ada", turnIndex: n },
    input: { message: `Question ${n}` },
    ...more,
  };
}

export const idOf = (n: number, session = `session-${n}`): string => `p:${session}:${n}`;

/** Something that a test opens when it likes. */
export interface Gate {
  readonly passed: Promise<void>;
  readonly open: () => void;
}

export function createGate(): Gate {
  let open: () => void = () => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

/** Waits until the run is stopped. */
export function untilStopped(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

/** Reads an attachment in the background. */
export function follow({ events }: Attachment): { readonly events: TurnEvent[]; readonly ended: Promise<TurnEvent[]> } {
  const seen: TurnEvent[] = [];
  const read = async (): Promise<TurnEvent[]> => {
    for await (const event of events) seen.push(event);
    return seen;
  };
  const ended = read();
  ended.catch(() => undefined);
  return { events: seen, ended };
}

/** Hooks that note when they are called. */
export function notedHooks(calls: string[]): Partial<OwnerHooks> {
  return {
    transformFinalText: (text) => {
      calls.push("transform");
      return text;
    },
    persistAssistantMessage: ({ finalText }) => void calls.push(`persist ${finalText}`),
    onTurnComplete: ({ outcome }) => void calls.push(`complete ${outcome}`),
    onTurnEnd: ({ outcome }) => void calls.push(`end ${outcome}`),
    traceFlush: () => void calls.push("flush"),
  };
}

/** Lets an agent's step fail the way a broken program does. */
export function refused(call: Promise<unknown>): Promise<{ readonly code?: string; readonly message: string }> {
  return call.then(
    (value) => ({ message: `It worked: ${JSON.stringify(value)}` }),
    (error: unknown) => error as { code?: string; message: string },
  );
}
