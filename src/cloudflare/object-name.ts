import { parseExecutionId } from "../turn/execution-id.ts";

/**
 * The name of the object that an execution lives in: one per session, whose key is tenant and session together. It comes
 * from the id alone, so that whoever has the id finds the object.
 */
export function objectNameOf(executionId: string): string {
  const { tenantId, sessionId } = parseExecutionId(executionId);
  return sessionObjectName(tenantId, sessionId);
}

/** The parts are escaped, so that no two sessions share a name. */
export function sessionObjectName(tenantId: string | undefined, sessionId: string): string {
  const tenant = tenantId === undefined ? "" : `${encodeURIComponent(tenantId)}@`;
  return `${tenant}${encodeURIComponent(sessionId)}`;
}
