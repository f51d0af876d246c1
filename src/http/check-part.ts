import { en } from "zod/locales";
import * as z from "zod/mini";
import { clip } from "../internal/describe-value.ts";
import { type FieldProblem, RefusedRequest } from "./problem.ts";

/** More than these would tell nobody more. */
const MAX_ERRORS = 10;
/** So much of a name or a message: both may hold what the client sent, which is as long as it likes. */
const MAX_CHARS = 500;

/** The small zod has no messages of its own; a product that has set a language keeps it. */
const english = en().localeError;

/** What a schema reads from a part of the request; a refusal that names the fields otherwise. */
export async function checkPart<T>(schema: z.core.$ZodType<T>, value: unknown, where: FieldProblem["in"]): Promise<T> {
  const result = await z.safeParseAsync(schema, value, { error: z.config().localeError ?? english });
  if (result.success) return result.data;
  const errors = result.error.issues.slice(0, MAX_ERRORS).map(({ path, message }): FieldProblem => {
    return { in: where, path: clip(path.map(String).join("."), MAX_CHARS), detail: clip(message, MAX_CHARS) };
  });
  throw new RefusedRequest("invalid-request", errors);
}
