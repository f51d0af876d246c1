import type { TurnFailure } from "../event/outcome.ts";
import { checkString } from "../internal/check-argument.ts";
import { clip, describeValue } from "../internal/describe-value.ts";
import { defined } from "../internal/defined.ts";
import { fieldsOf } from "../internal/fields-of.ts";
import { ignoreRejection } from "../internal/ignore-rejection.ts";
import { isText } from "../internal/is-text.ts";
import { readSome } from "../internal/read-some.ts";
import { logFailure } from "./run-hook.ts";
import type { OwnedTurn } from "./turn-owner.ts";

const MAX_MESSAGE = 4000;
const MAX_CODE = 100;
/** How long a thrown `Response` may take to say what is wrong. */
const RESPONSE_MS = 1000;

/** A product's own wording of a failure. */
export type DescribeError = (error: unknown) => { message: string; code?: string };

/**
 * What the client is told about something that was thrown. Anything may be thrown, so nothing here trusts it: a
 * `Response` is read within bounds, getters that throw are survived.
 */
export async function describeFailure(turn: OwnedTurn, error: unknown): Promise<TurnFailure> {
  if (turn.describeError !== undefined) {
    try {
      const described: unknown = turn.describeError(error);
      ignoreRejection(described);
      const { message, code } = fieldsOf(described);
      checkString("describeError().message", message);
      return toFailure(message, code);
    } catch (cause) {
      logFailure(turn, "describeError", cause);
    }
  }
  try {
    if (error instanceof Response) return describeThrown(await messageOf(error, turn));
  } catch {
    // A value whose class cannot even be asked for, or a response that throws when it is read.
  }
  return describeThrown(error);
}

/** The same without the product's wording and without waiting: a plain reading of any thrown value. */
export function describeThrown(error: unknown): TurnFailure {
  try {
    const { message = error, code } = fieldsOf(error);
    const said = [message, error instanceof Error && error.name].find(isText);
    return toFailure(said ?? `Not an error, but ${describeValue(error)} was thrown`, said && code);
  } catch {
    return { message: "What was thrown cannot be read" };
  }
}

function toFailure(message: string, code: unknown): TurnFailure {
  return defined({ message: clip(message, MAX_MESSAGE), code: isText(code) ? clip(code, MAX_CODE) : undefined });
}

/** What a response says: the usual fields of a JSON body, the text of another, or the words of its status. */
async function messageOf(response: Response, { clock }: OwnedTurn): Promise<string> {
  const body = await readSome(response, clock, RESPONSE_MS);
  let said = body;
  try {
    const { error, message, detail, title } = JSON.parse(body) as Record<string, unknown>;
    said = [fieldsOf(error)["message"], error, message, detail, title].find(isText) ?? body;
  } catch {
    // Not JSON: the text speaks for itself.
  }
  said = said.trim() || response.statusText;
  return `HTTP ${response.status}${said && `: ${said}`}`;
}
