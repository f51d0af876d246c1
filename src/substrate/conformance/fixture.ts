import type { Cursor } from "../../event/cursor.ts";
import type { TurnIdentity } from "../../event/identity.ts";
import type { Substrate } from "../substrate.ts";
import type { AgentCalls } from "./conformance-agent.ts";
import type { ConformanceGate } from "./conformance-gates.ts";

/** What a test needs beside the substrate: a member of the fixture, or a part of the port that not all have. */
export type Capability =
  | "reopen"
  | "another"
  | "trim"
  | "stall"
  | "slots"
  | "settles"
  | "agentCalls"
  | "cursorAhead"
  /** Comparing what an id is opened with again to what it was opened with first. */
  | "conflicts"
  | "approvals"
  | "list";

/** A guarantee of the design, by its number; `port` is what the port's own comments promise. */
export type Guarantee = "S1" | "S2" | "S3" | "S4" | "S5" | "S6" | "S7" | "S8" | "S9" | "R5" | "R7" | "port";

/** An execution of the suite, for fixtures that must find where it lives. */
export interface ExecutionRef {
  readonly executionId: string;
  readonly identity: TurnIdentity;
}

/** An owner that is frozen, and has been replaced. */
export interface StalledOwner {
  /** The instance that has taken over. */
  readonly successor: Substrate;
  /** Lets the frozen one go on; resolves when it had the time to try and write. */
  wake(): Promise<void>;
}

/**
 * One substrate under test, and what the suite may do to it. Only `substrate` is a must. A test that needs a member
 * which is missing fails and says so, unless `skip` says why it is missing.
 */
export interface SubstrateFixture {
  /** Runs the `conformanceAgent` as its `default` agent, at least four executions at once, one per session. */
  readonly substrate: Substrate;

  /**
   * `decimal` (default): ids are `"1"`, `"2"`, … by one, and `"0"` is the start. `opaque`: ids are only unique, and holes
   * are looked for among the numbered events of the agent.
   */
  readonly ids?: "decimal" | "opaque";
  /** With opaque ids: a well-formed cursor that lies beyond the given one. */
  cursorAhead?(last: Cursor): Cursor;

  /** Opens a gate where the agent is. Default: `openConformanceGate` of this process. */
  openGate?(gate: ConformanceGate & ExecutionRef): void | Promise<void>;
  /**
   * For agents that nothing can be said to once they run: every gate opens by itself after so long. The tests then meet
   * fewer situations, and stay right.
   */
  readonly gateMs?: number;
  /** How often the agent was called. Default: `conformanceCalls` of this process. */
  agentCalls?(execution: ExecutionRef): AgentCalls | Promise<AgentCalls>;

  /**
   * A crash: kills the instance without letting it finish anything, and opens a new one over the same data. What was
   * live must be looked after soon, so leases should be short here.
   */
  reopen?(): Promise<Substrate>;
  /** A second instance beside the first one over the same data, as another process would have it. */
  another?(): Promise<Substrate>;
  /** Applies retention now: afterwards at least the first event of the ended execution is gone. */
  trim?(execution: ExecutionRef): Promise<void>;
  /**
   * Freezes the instance that owns a running execution, as a process that gets no time, until another one has taken the
   * execution over.
   */
  stall?(execution: ExecutionRef): Promise<StalledOwner>;
  /** How many executions run at once; those beyond are queued. */
  readonly slots?: number;
  /** Whether the substrate's owner runs `conformanceHooks`. */
  readonly settles?: boolean;

  /** After each test. */
  close?(): void | Promise<void>;
}

/**
 * Reasons, by what is left out: a whole guarantee, all tests that need a capability, or one test by its guarantee and
 * title (`"S7: an execution whose agent does not listen"`).
 */
export type ConformanceSkips = {
  readonly [what in Guarantee | Capability | `${Guarantee}: ${string}`]?: string;
};

/** What {@link describeSubstrate} tests. */
export interface SubstrateUnderTest {
  /** Called for each test. Instances may be shared: the ids of the tests never meet. */
  open(): Promise<SubstrateFixture>;
  /** What the substrate does not give, or its fixture does not have, with the reason. */
  readonly skip?: ConformanceSkips;
  /** How long one test may take. Default 10,000. */
  readonly testMs?: number;
  /** How many events the tests of slow readers and of full flight send. Default 1,000. */
  readonly bulk?: number;
}
