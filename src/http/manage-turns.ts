import { TurnError } from "../errors.ts";
import { defined } from "../internal/defined.ts";
import { ownExecution, requireSnapshot, substrateOf } from "./own-execution.ts";
import { bodyOf, jsonResponse, type RouteCall } from "./route-call.ts";
import { ownParts, requireSession } from "./tenant-guard.ts";
import { validate } from "./validate.ts";

/** `GET /turns/:executionId`. */
export async function inspectTurn(call: RouteCall): Promise<Response> {
  return jsonResponse(await requireSnapshot(await ownExecution(call)));
}

/** `POST /turns/:executionId/cancel`. */
export async function cancelTurn(call: RouteCall): Promise<Response> {
  const { substrate, executionId } = await ownExecution(call);
  const { reason } = await bodyOf(
    call,
    (schemas) => schemas.cancelTurnBody,
    (json) => json ?? {},
  );
  // A text that was cut in the middle of an emoji ends with half of it, which substrates refuse. A stop is not to fail by that.
  const wellFormed = reason?.replace(/\p{Cs}/gu, "\ufffd");
  return jsonResponse(await substrate.cancel(executionId, defined({ reason: wellFormed })));
}

/** `POST /turns/:executionId/approvals/:approvalId`. */
export async function decideApproval(call: RouteCall): Promise<Response> {
  const { substrate, executionId } = await ownExecution(call);
  const { approvalId } = await validate((schemas) => schemas.approvalParams, call.context.req.param(), "path");
  const decision = await bodyOf(call, (schemas) => schemas.decideApprovalBody);
  return jsonResponse(await substrate.decide(executionId, approvalId, defined(decision)));
}

/** `GET /sessions/:sessionId/turns`: what runs, what ran. */
export async function listTurns(call: RouteCall): Promise<Response> {
  const { context, tenancy } = call;
  const substrate = substrateOf(call);
  const { sessionId } = await validate((schemas) => schemas.sessionParams, context.req.param(), "path");
  const said = (context.req.queries("state") ?? []).flatMap((one) => one.split(","));
  const { state } = await validate((schemas) => schemas.sessionTurnsQuery, { state: said }, "query");
  await requireSession(tenancy, sessionId);
  if (substrate.list === undefined)
    throw new TurnError("not-supported", "The substrate behind these routes has no list");
  const { tenantId } = tenancy;
  const found = await substrate.list(defined({ tenantId, sessionId, states: state.length === 0 ? undefined : state }));
  // A substrate may be shared with other projects, which have sessions of the same name.
  return jsonResponse({
    turns: found.filter(({ executionId }) => ownParts(tenancy, executionId)?.sessionId === sessionId),
  });
}
