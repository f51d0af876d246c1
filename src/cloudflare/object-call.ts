import type { TurnEvent } from "../event/turn-event.ts";
import { isTurnError, isTurnErrorCode, TurnError } from "../errors.ts";
import { fieldsOf } from "../internal/fields-of.ts";
import type { ApprovalDecision } from "../substrate/execution.ts";
import type { ListFilter, OpenRequest } from "../substrate/substrate.ts";

/*
 * What is said between the substrate in a Worker and the object: one POST a call, its body a call as JSON. The answer
 * is JSON, or for `open` and `attach` the log as NDJSON.
 */

/** A call of the port, as data. */
export type ObjectCall =
  | { readonly call: "open"; readonly request: Omit<OpenRequest, "signal"> }
  | { readonly call: "attach"; readonly executionId: string; readonly after?: string }
  | { readonly call: "inspect"; readonly executionId: string }
  | { readonly call: "cancel"; readonly executionId: string; readonly reason?: string }
  | {
      readonly call: "decide";
      readonly executionId: string;
      readonly approvalId: string;
      readonly decision: ApprovalDecision;
    }
  | { readonly call: "list"; readonly filter: ListFilter };

/** The calls have no address of their own: the binding is what leads to the object. */
export const OBJECT_URL = "https://turnwire.object/";
/** On the answer to `open`: whether this very call started the execution. */
export const CREATED_HEADER = "x-turnwire-created";

// The last line of a log tells how it ended, so that one that was cut off is not taken for one that is over. No agent
// can say these: `session.run.*` is the envelope's own.
const LOG_ENDED = "session.run.log-ended";
const LOG_FAILED = "session.run.log-failed";

export function logEnded(): TurnEvent {
  return { type: LOG_ENDED };
}

export function logFailed(error: unknown): TurnEvent {
  return { type: LOG_FAILED, data: describeRefusal(error) };
}

/** Whether an event is the last line of a log; throws what the log failed with. */
export function isLogEnd({ type, data }: TurnEvent): boolean {
  if (type === LOG_FAILED) throw readRefusal(data);
  return type === LOG_ENDED;
}

/** An error as data. Those that are nobody's refusal are told by their message alone. */
export function describeRefusal(error: unknown): { readonly code: string; readonly message: string } {
  if (isTurnError(error)) return { code: error.code, message: error.message };
  if (error instanceof RangeError) return { code: "RangeError", message: error.message };
  if (error instanceof TypeError) return { code: "TypeError", message: error.message };
  return { code: "store-failed", message: error instanceof Error ? error.message : String(error) };
}

/** The error that {@link describeRefusal} told. */
export function readRefusal(told: unknown): Error {
  const { code, message } = fieldsOf(told);
  const text = typeof message === "string" ? message : "The object gave no reason";
  if (code === "RangeError") return new RangeError(text);
  if (code === "TypeError") return new TypeError(text);
  return new TurnError(isTurnErrorCode(code) ? code : "upstream-failed", text);
}
