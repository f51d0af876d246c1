import type { TurnIdentity } from "../event/identity.ts";
import { type Clock, systemClock } from "../internal/clock.ts";
import {
  checkDuration,
  checkFunction,
  checkObject,
  checkOneOf,
  checkOptionalFunction,
} from "../internal/check-argument.ts";
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
  readonly executionId?: string;
  readonly hooks: OwnerHooks;
  readonly partialText: "drop" | "keep";
  readonly hookTimeoutMs: number;
  readonly describeError?: DescribeError;
  /** Never throws. */
  readonly log: Log;
  readonly clock: Clock;
}

export type ResolvedOwnerOptions = Omit<OwnedTurn, "identity" | "executionId" | "hooks">;

/** The defaults, in their one place; refuses what is no setting. */
export function resolveOwnerOptions(options: TurnOwnerOptions): ResolvedOwnerOptions {
  const { partialText = "drop", hookTimeoutMs = 30_000, describeError, log, clock = systemClock } = options;
  checkOneOf("partialText", partialText, ["drop", "keep"]);
  checkDuration("hookTimeoutMs", hookTimeoutMs);
  checkOptionalFunction("describeError", describeError);
  checkOptionalFunction("log", log);
  checkObject("clock", clock);
  const { now, after } = clock as { readonly now?: unknown; readonly after?: unknown };
  checkFunction("clock.now", now);
  checkFunction("clock.after", after);
  return {
    partialText,
    hookTimeoutMs,
    ...(describeError === undefined ? {} : { describeError }),
    log: safeLog(log),
    clock,
  };
}

/** A log that cannot hurt the turn. When it fails itself, the console hears both. */
function safeLog(log: Log = (message, meta) => console.error(message, meta)): Log {
  return (message, meta) => {
    const complain = (cause: unknown): void => {
      try {
        console.error(`log threw while told: ${message}`, cause);
      } catch {
        // The console is the log that failed.
      }
    };
    try {
      const result: unknown = log(message, meta);
      if (result instanceof Promise) result.catch(complain);
    } catch (cause) {
      complain(cause);
    }
  };
}

/** Which turn it is, as hooks are told. */
export function subjectOf({ identity, executionId }: Pick<OwnedTurn, "identity" | "executionId">): TurnSubject {
  return { identity, ...(executionId === undefined ? {} : { executionId }) };
}
