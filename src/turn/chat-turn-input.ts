import type { Cursor } from "../event/cursor.ts";
import { checkIdentity, type TurnIdentity } from "../event/identity.ts";
import {
  type Check,
  checkDuration,
  checkFields,
  checkFunction,
  checkName,
  checkObject,
  checkOptionalFunction,
  checkString,
  countFrom,
  mustBe,
  oneOf,
  optional,
} from "../internal/check-argument.ts";
import { fieldsOf } from "../internal/fields-of.ts";
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
  readonly lastEventId: Cursor | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onDisconnect: "drain" | "cancel";
  readonly keepAliveMs: number;
  readonly maxBufferedBytes: number;
  readonly waitUntil: ((promise: Promise<unknown>) => void) | undefined;
}

/** Refuses what is no turn, at once and naming the field; then fills in the defaults. */
export function resolveChatTurn(input: ChatTurnInput): ChatTurn {
  checkObject("input", input);
  const { identity, hooks, projectId, lastEventId, signal, waitUntil } = input;
  const { onDisconnect = "drain", keepAliveMs = Infinity, maxBufferedBytes = 256 * 1024 } = input;
  checkIdentity("identity", identity);
  checkObject("hooks", hooks);
  for (const name of HOOK_NAMES) checkOptionalFunction(`hooks.${name}`, hooks[name]);
  checkFields(hooks, { produce: checkFunction, persistAssistantMessage: checkFunction }, "hooks.");
  checkFields(input, {
    projectId: optional(checkName),
    executionId: optional(checkName),
    lastEventId: optional(checkString),
    signal: optional(checkSignal),
    onDisconnect: optional(oneOf("drain", "cancel")),
    keepAliveMs: optional(checkDuration),
    maxBufferedBytes: optional(countFrom(1)),
    waitUntil: checkOptionalFunction,
  });
  const { sessionId, turnIndex } = identity;
  const { executionId = projectId && deriveExecutionId({ projectId, sessionId, turnIndex }) } = input;
  return {
    ...resolveOwnerOptions(input),
    identity,
    hooks,
    executionId,
    lastEventId,
    signal,
    onDisconnect,
    keepAliveMs,
    maxBufferedBytes,
    waitUntil,
  };
}

const checkSignal: Check<unknown> = /* @__PURE__ */ mustBe("an AbortSignal", (signal) => {
  const { aborted, removeEventListener } = fieldsOf(signal);
  return typeof aborted === "boolean" && typeof removeEventListener === "function";
});
