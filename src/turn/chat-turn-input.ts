import type { Cursor } from "../event/cursor.ts";
import { checkIdentity, type TurnIdentity } from "../event/identity.ts";
import {
  checkCount,
  checkDuration,
  checkFunction,
  checkName,
  checkObject,
  checkOneOf,
  checkOptionalFunction,
  checkString,
} from "../internal/check-argument.ts";
import { describeValue } from "../internal/describe-value.ts";
import { type ChatTurnHooks, HOOK_NAMES } from "./chat-turn-hooks.ts";
import { deriveExecutionId } from "./execution-id.ts";
import { type OwnedTurn, resolveOwnerOptions, type TurnOwnerOptions } from "./turn-owner.ts";

/** One chat turn, as a request handler hands it over. */
export interface ChatTurnInput extends TurnOwnerOptions {
  readonly identity: TurnIdentity;
  readonly hooks: ChatTurnHooks;
  /** With it the envelope carries the execution id, derived without the tenant. */
  readonly projectId?: string;
  /** The execution id itself, for those who derive it. */
  readonly executionId?: string;
  /** The last event that the client has; handed to `produce`. */
  readonly lastEventId?: Cursor;
  /** Stops the turn. */
  readonly signal?: AbortSignal;
  /** What a client that leaves does to the turn: `drain` (default) lets it run to its end, `cancel` stops it. */
  readonly onDisconnect?: "drain" | "cancel";
  /** Send `session.run.heartbeat` after so many milliseconds of silence. Default: never. */
  readonly keepAliveMs?: number;
  /** How much is kept for a reader that is slower than the producer. Default 262,144. */
  readonly maxBufferedBytes?: number;
  /** Is handed the whole turn, so that a platform keeps it alive after the response. */
  readonly waitUntil?: (promise: Promise<unknown>) => void;
}

/** A chat turn with all defaults in place. */
export interface ChatTurn extends OwnedTurn {
  readonly hooks: ChatTurnHooks;
  readonly lastEventId?: Cursor;
  readonly signal?: AbortSignal;
  readonly onDisconnect: "drain" | "cancel";
  readonly keepAliveMs: number;
  readonly maxBufferedBytes: number;
  readonly waitUntil?: (promise: Promise<unknown>) => void;
}

/** Refuses what is no turn, at once and naming the field; then fills in the defaults. */
export function resolveChatTurn(input: ChatTurnInput): ChatTurn {
  checkObject("input", input);
  const { identity, hooks, lastEventId, signal, waitUntil } = input;
  const { onDisconnect = "drain", keepAliveMs = Infinity, maxBufferedBytes = 256 * 1024 } = input;
  checkIdentity("identity", identity);
  checkHooks(hooks);
  if (lastEventId !== undefined) checkString("lastEventId", lastEventId);
  if (signal !== undefined) checkSignal(signal);
  checkOneOf("onDisconnect", onDisconnect, ["drain", "cancel"]);
  checkDuration("keepAliveMs", keepAliveMs);
  checkCount("maxBufferedBytes", maxBufferedBytes, 1);
  checkOptionalFunction("waitUntil", waitUntil);
  const executionId = executionIdOf(input);
  return {
    ...resolveOwnerOptions(input),
    identity,
    hooks,
    ...(executionId === undefined ? {} : { executionId }),
    ...(lastEventId === undefined ? {} : { lastEventId }),
    ...(signal === undefined ? {} : { signal }),
    onDisconnect,
    keepAliveMs,
    maxBufferedBytes,
    ...(waitUntil === undefined ? {} : { waitUntil }),
  };
}

function executionIdOf({ executionId, projectId, identity }: ChatTurnInput): string | undefined {
  if (projectId !== undefined) checkName("projectId", projectId);
  if (executionId !== undefined) {
    checkName("executionId", executionId);
    return executionId;
  }
  if (projectId === undefined) return undefined;
  return deriveExecutionId({ projectId, sessionId: identity.sessionId, turnIndex: identity.turnIndex });
}

function checkHooks(hooks: unknown): void {
  checkObject("hooks", hooks);
  const given = hooks as Record<string, unknown>;
  checkFunction("hooks.produce", given["produce"]);
  checkFunction("hooks.persistAssistantMessage", given["persistAssistantMessage"]);
  for (const name of HOOK_NAMES) checkOptionalFunction(`hooks.${name}`, given[name]);
}

function checkSignal(signal: unknown): void {
  const { aborted, addEventListener, removeEventListener } = Object(signal) as Partial<Record<string, unknown>>;
  const listens = typeof addEventListener === "function" && typeof removeEventListener === "function";
  if (typeof aborted === "boolean" && listens) return;
  throw new TypeError(`signal must be an AbortSignal, got ${describeValue(signal)}`);
}
