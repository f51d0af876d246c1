export type InferenceErrorCode =
  | "active"
  | "asynchronous"
  | "cancelled"
  | "ended"
  | "max-iterations"
  | "no-host"
  | "timeout"
  | "tool-aborted"
  | "tool-failed"
  | "tool-refused";

/** An error of a run that callers may want to tell apart, by `code`. */
export class InferenceError extends Error {
  static {
    // Not of each error: there it would be enumerable, unlike every other error's name.
    this.prototype.name = "InferenceError";
  }

  readonly code: InferenceErrorCode;

  constructor(code: InferenceErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

export function failure(code: InferenceErrorCode, message: string, cause?: unknown): InferenceError {
  return new InferenceError(code, message, cause === undefined ? undefined : { cause });
}

/** Whatever was thrown, as an Error: rejections are Errors. */
export function toError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  return new Error(messageOf(thrown), { cause: thrown });
}

/** What to say of something that was thrown. */
export function messageOf(thrown: unknown): string {
  try {
    const message: unknown = (thrown as { readonly message?: unknown } | null | undefined)?.message;
    if (typeof message === "string") return message;
    return typeof thrown === "string" ? thrown : (JSON.stringify(thrown) ?? String(thrown));
  } catch {
    return `a thrown ${typeof thrown}`;
  }
}
