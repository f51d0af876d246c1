import { parseExecutionId } from "../turn/execution-id.ts";

/** Which session of the sandbox an execution belongs to. Must be the same in every process, from the id alone. */
export type SessionOf = (executionId: string) => string;

/**
 * The session as the execution id tells it, with the tenant in front when the id has one: two tenants' conversations of
 * one name never meet in one sandbox.
 */
export function sessionOfExecution(executionId: string): string {
  let parts: ReturnType<typeof parseExecutionId>;
  try {
    parts = parseExecutionId(executionId);
  } catch (cause) {
    throw new TypeError(
      `Cannot tell the sandbox's session from the execution id ${JSON.stringify(executionId)}: pass sessionOf`,
      { cause },
    );
  }
  const { tenantId, sessionId } = parts;
  return tenantId === undefined ? sessionId : `${encodeURIComponent(tenantId)}:${encodeURIComponent(sessionId)}`;
}
