import { TurnError } from "../errors.ts";

/** An error of a script as it crosses: text only. */
interface PlainError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string;
  readonly thrown?: true;
  readonly cause?: PlainError;
}

const DEEPEST_CAUSE = 5;

/**
 * The error that a caller gets for what a script threw. Its `cause` is the script's own error: name, message, script
 * stack and cause; nothing of the host.
 */
export function scriptFailure(text: string): TurnError {
  const plain = readPlain(JSON.parse(text), 0);
  const cause = rebuild(plain);
  // How QuickJS reports its own limits: stack overflow (its parsers as a SyntaxError), a string that is too long.
  const isLimit =
    plain.name === "InternalError" || (plain.name === "SyntaxError" && plain.message === "stack overflow");
  const code = isLimit ? "script-limit" : "script-error";
  const message = plain.thrown ? plain.message : `${plain.name}: ${plain.message}`;
  return new TurnError(code, message, { cause });
}

/** An error of a script, by itself. */
export function scriptError(text: string): Error {
  return rebuild(readPlain(JSON.parse(text), 0));
}

/** A host function's failure as a script sees it: no stack. */
export function plainHostError(error: unknown): string {
  let plain: Record<string, unknown>;
  try {
    plain = describeHostError(error, 0);
  } catch {
    // A getter or a proxy of its throws.
    plain = { name: "Error", message: "An error that cannot be described" };
  }
  return JSON.stringify(plain);
}

function describeHostError(error: unknown, depth: number): Record<string, unknown> {
  if (typeof error !== "object" || error === null || !("message" in error) || typeof error.message !== "string") {
    return { name: "Error", message: safeText(error) };
  }
  const { name, code, cause } = error as { name?: unknown; code?: unknown; cause?: unknown };
  return {
    name: typeof name === "string" ? name : "Error",
    message: clip(error.message),
    ...(typeof code === "string" ? { code } : {}),
    ...(error instanceof DOMException ? { dom: true } : {}),
    ...(cause !== undefined && depth < DEEPEST_CAUSE ? { cause: describeHostError(cause, depth + 1) } : {}),
  };
}

function safeText(value: unknown): string {
  try {
    return clip(typeof value === "string" ? value : JSON.stringify(value)) || String(value);
  } catch {
    // What was thrown cannot be shown: a cycle, a BigInt, a method that throws.
    return `a thrown ${typeof value}`;
  }
}

function clip(text: string | undefined): string {
  return (text ?? "").slice(0, 4_000);
}

function readPlain(value: unknown, depth: number): PlainError {
  const plain = (typeof value === "object" && value !== null ? value : {}) as Readonly<Record<string, unknown>>;
  const text = (key: string): string | undefined => {
    const found = plain[key];
    return typeof found === "string" ? found : undefined;
  };
  const stack = text("stack");
  const code = text("code");
  return {
    name: text("name") ?? "Error",
    message: text("message") ?? "",
    ...(stack === undefined ? {} : { stack }),
    ...(code === undefined ? {} : { code }),
    ...(plain["thrown"] === true ? { thrown: true } : {}),
    ...(plain["cause"] !== undefined && depth < DEEPEST_CAUSE ? { cause: readPlain(plain["cause"], depth + 1) } : {}),
  };
}

function rebuild(plain: PlainError): Error {
  const error = new Error(plain.message, plain.cause === undefined ? undefined : { cause: rebuild(plain.cause) });
  const hidden = { configurable: true, writable: true, enumerable: false };
  Object.defineProperty(error, "name", { ...hidden, value: plain.name });
  // Error made a stack of the host's functions, which is nobody's business who reads about a script.
  const stack = `${plain.name}: ${plain.message}${plain.stack === undefined ? "" : `\n${plain.stack.trimEnd()}`}`;
  Object.defineProperty(error, "stack", { ...hidden, value: stack });
  if (plain.code !== undefined) Object.defineProperty(error, "code", { ...hidden, value: plain.code });
  return error;
}
