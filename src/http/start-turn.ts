import type { TurnInput } from "../substrate/turn-input.ts";
import { defined } from "../internal/defined.ts";
import { fieldsOf } from "../internal/fields-of.ts";
import { RefusedRequest } from "./problem.ts";
import { loadOwnTurns } from "./load-own-turns.ts";
import { bodyOf, cursorOf, type RouteCall } from "./route-call.ts";
import { respondWithStored } from "./send-stored-events.ts";
import { ownExecutionId, requireSession } from "./tenant-guard.ts";

/** `POST /turns`: attach or start. Nothing is started before everything about the request has been found good. */
export async function startTurn(call: RouteCall): Promise<Response> {
  const { routes, tenancy } = call;
  const body = await bodyOf(call, routes.startBody, (json) => checkMessageSize(json, routes.limits.maxMessageChars));
  const { sessionId, turnIndex, message, attempt, agent, data } = body;
  await requireSession(tenancy, sessionId);
  const executionId = ownExecutionId(tenancy, defined({ sessionId, turnIndex, attempt }));
  const after = (await cursorOf(call)) ?? (body.after || undefined);
  const identity = { tenantId: tenancy.tenantId, userId: tenancy.userId, sessionId, turnIndex };
  const input: TurnInput = defined({ message, agent, data });

  const { source } = routes;
  const turn = { identity, executionId, after };
  switch (source.kind) {
    case "stored":
      return respondWithStored(call, executionId, (signal) =>
        source.substrate.open(defined({ ...turn, input, signal })),
      );
    case "raw": {
      const { fromSubstrate, respondWithTurn } = await loadOwnTurns();
      return respondWithTurn(call, {
        ...turn,
        hooks: source.hooks,
        produce: fromSubstrate(source.substrate, { input }),
      });
    }
    case "produce": {
      const { respondWithTurn } = await loadOwnTurns();
      return respondWithTurn(call, {
        ...turn,
        hooks: source.hooks,
        produce: (context) => source.produce({ ...context, input }),
      });
    }
  }
}

/** Before the schema reads it, so that a huge one costs no more than its length. */
function checkMessageSize(json: unknown, maxChars: number): unknown {
  const { message } = fieldsOf(json);
  const chars = typeof message === "string" ? message.length : (JSON.stringify(message)?.length ?? 0);
  if (chars <= maxChars) return json;
  const detail = `A message may take ${maxChars} characters, and this one takes ${chars}`;
  throw new RefusedRequest("too-large", [{ in: "body", path: "message", detail }]);
}
