import { TurnError } from "../errors.ts";

/** What a script sees when it is told to stop: an AbortError, or the error that the signal was given. */
export function abortError(reason: unknown): unknown {
  if (reason instanceof DOMException) return reason;
  if (reason instanceof TurnError) return new DOMException(reason.message, "TimeoutError");
  if (reason instanceof Error && reason.name !== "OwnerError") return reason;
  return new DOMException("The call was canceled", "AbortError");
}
