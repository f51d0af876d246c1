import { en } from "zod/locales";
import * as z from "zod/mini";
import { type FieldProblem, RefusedRequest } from "./problem.ts";

/** More than these would tell nobody more. */
const MAX_ERRORS = 10;

/** The small zod has no messages of its own; a product that has set a language keeps it. */
const english = en().localeError;

/** What a schema reads from a part of the request; a refusal that names the fields otherwise. */
export async function checkPart<T>(schema: z.core.$ZodType<T>, value: unknown, where: FieldProblem["in"]): Promise<T> {
  const result = await z.safeParseAsync(schema, value, { error: z.config().localeError ?? english });
  if (result.success) return result.data;
  const errors = result.error.issues
    .slice(0, MAX_ERRORS)
    .map(({ path, message }): FieldProblem => ({ in: where, path: path.map(String).join("."), detail: message }));
  throw new RefusedRequest("invalid-request", errors);
}
