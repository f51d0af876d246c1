import { TurnError } from "../errors.ts";
import { deriveExecutionId, type ExecutionIdParts, parseExecutionId } from "../turn/execution-id.ts";
import { RefusedRequest } from "./problem.ts";
import type { Authorized } from "./route-options.ts";

/** Whose executions a request may touch: those of one tenant in one project, in sessions that the user may use. */
export interface Tenancy {
  readonly tenantId: string;
  readonly userId: string;
  readonly projectId: string;
  /** What the product said of them. */
  readonly known: Authorized;
}

/** The id of a turn of this tenant. */
export function ownExecutionId(tenancy: Tenancy, turn: Omit<ExecutionIdParts, "projectId" | "tenantId">): string {
  try {
    return deriveExecutionId({ ...turn, tenantId: tenancy.tenantId, projectId: tenancy.projectId });
  } catch (error) {
    // Too long, or half of a surrogate pair: the session's name is the only part that the client gives as text.
    const detail = error instanceof Error ? error.message : String(error);
    throw new RefusedRequest("invalid-request", [{ in: "body", path: "sessionId", detail }]);
  }
}

/**
 * What an id of this tenant's names. Another tenant's or project's is not there, like one that does not parse: nothing
 * behind the routes is asked about it.
 */
export async function requireOwn(tenancy: Tenancy, executionId: string): Promise<ExecutionIdParts> {
  const parts = ownParts(tenancy, executionId);
  if (parts !== undefined && (await mayUse(tenancy, parts.sessionId))) return parts;
  throw executionNotFound();
}

export function ownParts({ tenantId, projectId }: Tenancy, executionId: string): ExecutionIdParts | undefined {
  try {
    const parts = parseExecutionId(executionId);
    return parts.tenantId === tenantId && parts.projectId === projectId ? parts : undefined;
  } catch {
    return undefined;
  }
}

/** Refuses a session that the tenant has but this user may not use. */
export async function requireSession(tenancy: Tenancy, sessionId: string): Promise<void> {
  if (!(await mayUse(tenancy, sessionId))) throw new TurnError("forbidden", "This session is not yours to use");
}

export function executionNotFound(): TurnError {
  return new TurnError("execution-not-found", "There is no such execution");
}

async function mayUse({ known }: Tenancy, sessionId: string): Promise<boolean> {
  // Only a plain yes counts: what a database's driver gave back by mistake does not.
  return known.mayUseSession === undefined || (await known.mayUseSession(sessionId)) === true;
}
