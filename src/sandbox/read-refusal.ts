import type { Clock } from "../internal/clock.ts";
import { readSome } from "../internal/read-some.ts";
import type { Refusal } from "./remote-failure.ts";
import { isObject } from "./remote-outcome.ts";

/** How long the rest of a short answer may take to come. */
const ANSWER_MS = 5000;

/** What the sandbox says of why it refuses. */
export async function readRefusal(response: Response, clock: Clock): Promise<Refusal> {
  const { status, headers } = response;
  const body = await readAnswer(response, clock);
  const nested = isObject(body["error"]) ? body["error"] : {};
  const word = typeof body["error"] === "string" ? body["error"] : undefined;
  const code = [nested["code"], body["code"], word].find((one): one is string => typeof one === "string");
  const message = [nested["message"], body["message"], body["detail"]].find(
    (one): one is string => typeof one === "string",
  );
  const retryAfterMs = readRetryAfter(headers.get("retry-after"), clock);
  return {
    // A redirect that is not followed is no answer of the sandbox's.
    status: status >= 300 && status < 400 ? 502 : status,
    ...(code === undefined ? {} : { code }),
    ...(message === undefined ? {} : { message }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

/** Seconds, or a date. */
function readRetryAfter(value: string | null, clock: Clock): number | undefined {
  if (value === null) return undefined;
  const ms = /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - clock.now();
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}

/** A body as an object; nothing of one that is none. */
export async function readAnswer(response: Response, clock: Clock): Promise<Readonly<Record<string, unknown>>> {
  const text = await readSome(response, clock, ANSWER_MS);
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    // A body that is no JSON says no more than its status does.
    return {};
  }
}
