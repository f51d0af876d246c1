import type { $ZodType } from "zod/v4/core";
import type { FieldProblem } from "./problem.ts";
import type * as schemas from "./schemas.ts";

export type Schemas = typeof schemas;

/**
 * What one of the schemas reads from a part of the request. The schemas are loaded and made by the first request that
 * has something to be read: making them takes longer than all else that a Worker does when it starts.
 */
export async function validate<T>(
  schemaOf: (schemas: Schemas) => $ZodType<T>,
  value: unknown,
  where: FieldProblem["in"],
): Promise<T> {
  const [all, { checkPart }] = await Promise.all([import("./schemas.ts"), import("./check-part.ts")]);
  return checkPart(schemaOf(all), value, where);
}
