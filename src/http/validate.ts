import type { ZodType } from "zod";
import { type FieldProblem, RefusedRequest } from "./problem.ts";

/** More than these would tell nobody more. */
const MAX_ERRORS = 10;

/** What a schema reads from a part of the request; a refusal that names the fields otherwise. */
export async function validate<T>(schema: ZodType<T>, value: unknown, where: FieldProblem["in"]): Promise<T> {
  const result = await schema.safeParseAsync(value);
  if (result.success) return result.data;
  const errors = result.error.issues
    .slice(0, MAX_ERRORS)
    .map(({ path, message }): FieldProblem => ({ in: where, path: path.map(String).join("."), detail: message }));
  throw new RefusedRequest("invalid-request", errors);
}
