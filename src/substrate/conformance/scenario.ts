import type { Cursor } from "../../event/cursor.ts";
import type { TurnEvent } from "../../event/turn-event.ts";
import { isTurnError } from "../../errors.ts";
import type { ExecutionSnapshot } from "../execution.ts";
import type { Attachment, OpenRequest, Substrate } from "../substrate.ts";
import { type AgentCalls, conformanceCalls } from "./conformance-agent.ts";
import type { ConformanceExpect } from "./conformance-api.ts";
import { openConformanceGate } from "./conformance-gates.ts";
import { type ConformanceStep, scriptData } from "./conformance-script.ts";
import type { SubstrateFixture } from "./fixture.ts";
import { isStored, type LogReader, readLog, type StoredEvent } from "./log-reader.ts";

/** One test's view of the substrate under test. */
export interface Scenario {
  readonly fixture: SubstrateFixture;
  readonly expect: ConformanceExpect;
  /** The instance in use; `reopen` replaces it. */
  readonly substrate: Substrate;
  /** S8: whether the log holds the whole turn with its envelope. */
  readonly enveloped: boolean;
  readonly decimal: boolean;
  readonly bulk: number;
  /** A new execution that will do these steps, in a session of its own; nothing is opened yet. */
  execution(...steps: ConformanceStep[]): Execution;
  /** A step that waits until `openGate` is called. */
  gate(name: string): ConformanceStep;
  /** A crash, and a new instance. */
  reopen(): Promise<void>;
  /** Polls until the check is true; the test's own limit ends it. */
  eventually(check: () => boolean | Promise<boolean>): Promise<void>;
}

/** What may be set for one call. */
export interface Via {
  readonly after?: Cursor;
  readonly signal?: AbortSignal;
  /** Another instance than the one in use. */
  readonly on?: Substrate;
}

/** An execution under test. */
export interface Execution {
  readonly executionId: string;
  readonly request: OpenRequest;
  open(via?: Via): Promise<Attachment>;
  attach(via?: Via): Promise<Attachment>;
  /** Opens, and reads in the background. */
  follow(via?: Via): Promise<LogReader>;
  /** Attaches, and reads to the end. */
  log(via?: Via): Promise<readonly TurnEvent[]>;
  /** The same, of the stored events only. */
  stored(via?: Via): Promise<readonly StoredEvent[]>;
  /** Opens and reads to the end. */
  play(): Promise<readonly StoredEvent[]>;
  openGate(name: string): Promise<void>;
  calls(): Promise<AgentCalls>;
  inspect(): Promise<ExecutionSnapshot | undefined>;
  state(): Promise<string>;
  cancel(reason?: string): Promise<ExecutionSnapshot>;
}

export interface ScenarioOptions {
  readonly fixture: SubstrateFixture;
  readonly expect: ConformanceExpect;
  readonly bulk: number;
  /** Fires when the test is over: every reader that is left leaves then. */
  readonly over: AbortSignal;
}

const POLL_MS = 5;

export function createScenario({ fixture, expect, bulk, over }: ScenarioOptions): Scenario {
  let { substrate } = fixture;
  const { gateMs } = fixture;
  const scenario: Scenario = {
    fixture,
    expect,
    get substrate() {
      return substrate;
    },
    enveloped: substrate.envelope === "stored",
    decimal: fixture.ids !== "opaque",
    bulk,
    execution: (...steps) => createExecution(scenario, steps, over),
    gate: (name) => ({ do: "gate", name, ...(gateMs === undefined ? {} : { afterMs: gateMs }) }),
    async reopen() {
      if (fixture.reopen === undefined) throw new Error("The fixture has no reopen");
      substrate = await fixture.reopen();
    },
    async eventually(check) {
      while (!(await check())) {
        over.throwIfAborted();
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    },
  };
  return scenario;
}

function createExecution(scenario: Scenario, steps: readonly ConformanceStep[], over: AbortSignal): Execution {
  const { fixture } = scenario;
  // Ids are as this library derives them, so that a substrate may find the session in them.
  const tenantId = "conformance";
  const sessionId = `s-${crypto.randomUUID()}`;
  const executionId = `${tenantId}@suite:${sessionId}:0`;
  const identity = { tenantId, sessionId, userId: "someone", turnIndex: 0 };
  const request: OpenRequest = {
    executionId,
    identity,
    input: { message: "Do as the script says", data: scriptData(steps) },
  };
  const options = ({ after, signal = over }: Via): { after?: Cursor; signal: AbortSignal } => ({
    signal,
    ...(after === undefined ? {} : { after }),
  });
  const execution: Execution = {
    executionId,
    request,
    open: (via = {}) => (via.on ?? scenario.substrate).open({ ...request, ...options(via) }),
    attach: (via = {}) => (via.on ?? scenario.substrate).attach(executionId, options(via)),
    follow: async (via) => readLog(await execution.open(via)),
    log: async (via) => readLog(await execution.attach(via)).finished,
    stored: async (via) => (await execution.log(via)).filter(isStored),
    play: async () => (await (await execution.follow()).finished).filter(isStored),
    openGate: async (name) => {
      if (fixture.gateMs !== undefined) return;
      const gate = { executionId, identity, name };
      await (fixture.openGate === undefined ? openConformanceGate(gate) : fixture.openGate(gate));
    },
    calls: async () => (await fixture.agentCalls?.({ executionId, identity })) ?? conformanceCalls(executionId),
    inspect: () => scenario.substrate.inspect(executionId),
    state: async () => (await execution.inspect())?.state ?? "unknown",
    cancel: (reason) => scenario.substrate.cancel(executionId, reason === undefined ? {} : { reason }),
  };
  return execution;
}

/** The code (or, of misuse, the name) of the error that a call is refused with; what it gave when it was not refused. */
export async function refusalOf(call: () => Promise<unknown>): Promise<unknown> {
  try {
    const value = await call();
    return { notRefused: value };
  } catch (error) {
    if (isTurnError(error)) return error.code;
    return error instanceof Error ? error.name : error;
  }
}

/** How reading is refused: by the call itself, or by the first read of what it gave. */
export async function readingRefusal(call: () => Promise<Attachment>): Promise<unknown> {
  return refusalOf(async () => {
    const events: TurnEvent[] = [];
    for await (const event of (await call()).events) if (events.push(event) === 3) break;
    return events;
  });
}
