import { TurnError } from "../errors.ts";
import type { ExecutionSnapshot } from "../substrate/execution.ts";
import type { Substrate } from "../substrate/substrate.ts";
import type { RouteCall } from "./route-call.ts";
import { executionNotFound, requireOwn } from "./tenant-guard.ts";

/** An execution that the request may touch, and where it lives. */
export interface OwnExecution {
  readonly substrate: Substrate;
  readonly executionId: string;
  readonly sessionId: string;
  readonly turnIndex: number;
}

/** The execution that the path names, once it is known to be this tenant's. */
export async function ownExecution(call: RouteCall): Promise<OwnExecution> {
  const substrate = substrateOf(call);
  const executionId = call.context.req.param("executionId") ?? "";
  const { sessionId, turnIndex } = await requireOwn(call.tenancy, executionId);
  return { substrate, executionId, sessionId, turnIndex };
}

export function substrateOf({ routes: { source } }: RouteCall): Substrate {
  if (source.kind !== "produce") return source.substrate;
  throw new TurnError("not-supported", "These routes have no substrate: a turn lives and ends with its own request");
}

export async function requireSnapshot({ substrate, executionId }: OwnExecution): Promise<ExecutionSnapshot> {
  const snapshot = await substrate.inspect(executionId);
  if (snapshot === undefined) throw executionNotFound();
  return snapshot;
}
