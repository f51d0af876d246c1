import { isTurnError, TurnError } from "../errors.ts";
import { checkName } from "../internal/check-argument.ts";
import type { Authorized, RouteIntent, Routes } from "./route-options.ts";
import type { Tenancy } from "./tenant-guard.ts";

/** Asks the product who sent a request. A `Response` is the whole answer. */
export async function authorizeRequest(
  { authorize, projectId }: Routes,
  request: Request,
  intent: RouteIntent,
): Promise<Tenancy | Response> {
  const answer = await ask(() => authorize(request, { intent }));
  if (answer === undefined) throw new TurnError("unauthorized", "This request says nobody's name that is known here");
  if (isResponse(answer)) return answer;
  const known = Object(answer) as Authorized;
  const { tenantId, userId } = known;
  // The product's mistake, not the client's: it becomes a 500, and the log tells.
  checkName("authorize's tenantId", tenantId);
  checkName("authorize's userId", userId);
  // Kept as it is: its method may need its `this`.
  return { tenantId, userId, projectId, known };
}

const REFUSALS: ReadonlySet<string> = new Set(["unauthorized", "forbidden", "rate-limited"]);

async function ask(authorize: () => unknown): Promise<unknown> {
  try {
    return await authorize();
  } catch (error) {
    if (isResponse(error)) return error;
    // Hono's own HTTPException, and others in its manner.
    const response: unknown = (error as { getResponse?: () => unknown } | null | undefined)?.getResponse?.();
    if (isResponse(response)) return response;
    if (isTurnError(error) && REFUSALS.has(error.code)) throw error;
    // Wrapped, so that no other error's message or status reaches a stranger.
    throw new Error("authorize failed", { cause: error });
  }
}

/** Not by class: some servers bring a Response of their own. */
function isResponse(value: unknown): value is Response {
  return typeof value === "object" && value !== null && "status" in value && "headers" in value && "body" in value;
}
