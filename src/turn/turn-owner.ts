import type { TurnIdentity } from "../event/identity.ts";
import { type Clock, systemClock } from "../internal/clock.ts";
import {
  checkDuration,
  checkFields,
  checkFunction,
  checkOptionalFunction,
  checkObject,
  oneOf,
  optional,
} from "../internal/check-argument.ts";
import { defined } from "../internal/defined.ts";
import type { OwnerHooks, TurnSubject } from "./chat-turn-hooks.ts";
import type { DescribeError } from "./describe-error.ts";

/** Tells the product's operators about something that changes nothing for the client. */
export type Log = (message: string, meta?: Record<string, unknown>) => void;

/** The settings of whoever owns a turn: a request handler, or the run engine. */
export interface TurnOwnerOptions {
  /**
   * What becomes of the text of a turn that was stopped, or whose producer threw. `drop`: nothing is persisted.
   * `keep`: `persistAssistantMessage` gets the text so far. Default `drop`.
   */
  readonly partialText?: "drop" | "keep";
  /** How long each hook but `produce` may take. Default 30,000; `Infinity` for no limit. */
  readonly hookTimeoutMs?: number;
  /** What the client is told about an error. Default: its own message and code. */
  readonly describeError?: DescribeError;
  /** Default `console.error`. */
  readonly log?: Log;
  /** Time, for tests. */
  readonly clock?: Clock;
}

/** One turn as its owner's steps see it, with all defaults in place. */
export interface OwnedTurn {
  readonly identity: TurnIdentity;
  readonly executionId?: string | undefined;
  readonly hooks: OwnerHooks;
  readonly partialText: "drop" | "keep";
  readonly hookTimeoutMs: number;
  readonly describeError?: DescribeError | undefined;
  /** Never throws. */
  readonly log: Log;
  readonly clock: Clock;
}

export type ResolvedOwnerOptions = Omit<OwnedTurn, "identity" | "executionId" | "hooks">;

/** The defaults, in their one place; refuses what is no setting. */
export function resolveOwnerOptions(options: TurnOwnerOptions): ResolvedOwnerOptions {
  const {
    partialText = "drop",
    hookTimeoutMs = 30_000,
    describeError,
    log = console.error,
    clock = systemClock,
  } = options;
  checkFields(options, {
    partialText: optional(oneOf("drop", "keep")),
    hookTimeoutMs: optional(checkDuration),
    describeError: checkOptionalFunction,
    log: checkOptionalFunction,
    clock: optional(checkObject),
  });
  checkFields(clock, { now: checkFunction, after: checkFunction }, "clock.");
  return { partialText, hookTimeoutMs, describeError, log: safeLog(log), clock };
}

/** A log that cannot hurt the turn. When it fails itself, the console hears both. */
export function safeLog(log: (message: string, meta?: Record<string, unknown>) => unknown): Log {
  async function tell(message: string, meta: Record<string, unknown> | undefined): Promise<void> {
    try {
      await log(message, meta);
    } catch (cause) {
      try {
        console.error(`log failed while told: ${message}`, cause);
      } catch {
        // The console is the log that failed.
      }
    }
  }
  return (message, meta) => void tell(message, meta);
}

/** Which turn it is, as hooks are told. */
export function subjectOf({ identity, executionId }: Pick<OwnedTurn, "identity" | "executionId">): TurnSubject {
  return defined({ identity, executionId });
}
