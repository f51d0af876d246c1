import type { TurnFailure } from "../event/outcome.ts";
import { clip, describeValue } from "../internal/describe-value.ts";
import type { Clock } from "../internal/clock.ts";
import { readSome } from "../internal/read-some.ts";

const MAX_MESSAGE = 4000;
const MAX_CODE = 100;
/** How long a thrown `Response` may take to say what is wrong, and how much of it is read. */
const RESPONSE_MS = 1000;
const RESPONSE_BYTES = 16 * 1024;

/** A product's own wording of a failure. */
export type DescribeError = (error: unknown) => { message: string; code?: string };

/**
 * What the client is told about something that was thrown. Anything may be thrown, so nothing here trusts it: a
 * `Response` is read within bounds, getters that throw are survived. `report` hears of a `describeError` that failed.
 */
export async function describeFailure(
  error: unknown,
  options: {
    readonly describeError?: DescribeError;
    readonly clock: Clock;
    report(message: string, cause: unknown): void;
  },
): Promise<TurnFailure> {
  if (options.describeError !== undefined) {
    try {
      const described: unknown = options.describeError(error);
      if (isFailure(described)) return toFailure(described.message, described.code);
      options.report("describeError returned no { message }", described);
    } catch (cause) {
      options.report("describeError threw", cause);
    }
  }
  try {
    if (error instanceof Response) return { message: await describeResponse(error, options.clock) };
  } catch {
    // A value whose class cannot even be asked for, or a response that throws when it is read.
  }
  return describeThrown(error);
}

/** The same without the product's wording and without waiting: a plain reading of any thrown value. */
export function describeThrown(error: unknown): TurnFailure {
  try {
    if (typeof error === "string" && error !== "") return toFailure(error);
    if (typeof error === "object" && error !== null) {
      const { message, code, name } = error as { message?: unknown; code?: unknown; name?: unknown };
      if (typeof message === "string" && message !== "") return toFailure(message, code);
      if (error instanceof Error && typeof name === "string") return toFailure(name, code);
    }
    return { message: `Something that is no error was thrown: ${describeValue(error)}` };
  } catch {
    return { message: "Something was thrown that cannot be read" };
  }
}

function isFailure(value: unknown): value is { message: string; code?: unknown } {
  return typeof value === "object" && value !== null && typeof (value as { message?: unknown }).message === "string";
}

function toFailure(message: string, code?: unknown): TurnFailure {
  const text = clip(message, MAX_MESSAGE);
  return typeof code === "string" && code !== "" ? { message: text, code: clip(code, MAX_CODE) } : { message: text };
}

async function describeResponse(response: Response, clock: Clock): Promise<string> {
  const said =
    messageOf(await readSome(response, { clock, maxMs: RESPONSE_MS, maxBytes: RESPONSE_BYTES })) || response.statusText;
  const status = `HTTP ${response.status}`;
  return said === "" ? status : clip(`${status}: ${said}`, MAX_MESSAGE);
}

/** The message inside a body: the usual fields of JSON, or the text itself. */
function messageOf(body: string): string {
  try {
    const json = JSON.parse(body) as Record<string, unknown> | null;
    const error = json?.["error"];
    const nested = typeof error === "object" && error !== null ? (error as { message?: unknown }).message : error;
    const said = [nested, json?.["message"], json?.["detail"], json?.["title"]].find(
      (one): one is string => typeof one === "string" && one.trim() !== "",
    );
    if (said !== undefined) return said.trim();
  } catch {
    // Not JSON: the text speaks for itself.
  }
  return body.trim();
}
