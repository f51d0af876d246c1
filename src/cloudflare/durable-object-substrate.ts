import { TurnError } from "../errors.ts";
import { checkCount, checkFiniteDuration, checkFunction, checkName, checkObject } from "../internal/check-argument.ts";
import { systemClock } from "../internal/clock.ts";
import { onAbort } from "../internal/on-abort.ts";
import type { ApprovalDecision, ExecutionSnapshot } from "../substrate/execution.ts";
import type { Attachment, ListFilter, OpenRequest, Substrate } from "../substrate/substrate.ts";
import { followLog } from "./follow-log.ts";
import { CREATED_HEADER, type ObjectCall } from "./object-call.ts";
import { ObjectCaller, unreachable } from "./object-caller.ts";
import { objectNameOf, sessionObjectName } from "./object-name.ts";
import type { ObjectNamespace } from "./object-platform.ts";

export interface DurableObjectSubstrateOptions {
  /**
   * How often an object that does not answer, or whose stream broke off, is asked again in a row, and how long is waited
   * in between. Default: 6 attempts, from 50 ms, doubling up to 2,000 ms.
   */
  readonly retry?: { readonly attempts?: number; readonly baseMs?: number; readonly maxMs?: number };
}

/**
 * The substrate behind a Durable Object binding: each session's executions live in an object of their own, made by
 * `defineTurnObject`. Execution ids must be derived ones (`deriveExecutionId`), because the object is found by the session
 * in them. `list` needs a `sessionId`: nothing knows all objects.
 *
 * @example
 * ```ts
 * import { durableObjectSubstrate, type ObjectNamespace } from "turnwire/cloudflare";
 * import { chatTurnRoutes } from "turnwire/hono";
 *
 * export function answer(request: Request, env: { readonly TURNS: ObjectNamespace }): Response | Promise<Response> {
 *   const routes = chatTurnRoutes({
 *     substrate: durableObjectSubstrate(env.TURNS),
 *     projectId: "support",
 *     authorize: () => ({ tenantId: "acme", userId: "ada" }), // your own authentication
 *   });
 *   return routes.fetch(request);
 * }
 * ```
 */
export function durableObjectSubstrate(
  namespace: ObjectNamespace,
  options: DurableObjectSubstrateOptions = {},
): Substrate & Required<Pick<Substrate, "list">> {
  checkObject("namespace", namespace);
  checkFunction("namespace.idFromName", (namespace as Partial<ObjectNamespace>).idFromName);
  checkFunction("namespace.get", (namespace as Partial<ObjectNamespace>).get);
  checkObject("options", options);
  const { attempts = 6, baseMs = 50, maxMs = 2000 } = options.retry ?? {};
  checkCount("retry.attempts", attempts, 1);
  checkFiniteDuration("retry.baseMs", baseMs);
  checkFiniteDuration("retry.maxMs", maxMs);
  return new DurableObjectSubstrate(new ObjectCaller(namespace, { attempts, baseMs, maxMs }, systemClock), attempts);
}

class DurableObjectSubstrate implements Substrate {
  readonly envelope = "stored";
  readonly #caller: ObjectCaller;
  readonly #attempts: number;

  constructor(caller: ObjectCaller, attempts: number) {
    this.#caller = caller;
    this.#attempts = attempts;
  }

  async open({ signal, deadlineMs, ...rest }: OpenRequest): Promise<Attachment> {
    // JSON has no word for "never"; a deadline that is absent says the same.
    const request = deadlineMs === undefined || deadlineMs === Infinity ? rest : { ...rest, deadlineMs };
    return this.#attached(request.executionId, { call: "open", request }, request.after, signal);
  }

  async attach(
    executionId: string,
    { after, signal }: { readonly after?: string; readonly signal?: AbortSignal } = {},
  ): Promise<Attachment> {
    return this.#attached(executionId, attachCall(executionId, after), after, signal);
  }

  async inspect(executionId: string): Promise<ExecutionSnapshot | undefined> {
    const found = await this.#ask<ExecutionSnapshot | null>({ call: "inspect", executionId });
    return found ?? undefined;
  }

  cancel(executionId: string, options: { readonly reason?: string } = {}): Promise<ExecutionSnapshot> {
    return this.#ask({ call: "cancel", executionId, ...options });
  }

  decide(executionId: string, approvalId: string, decision: ApprovalDecision): Promise<ExecutionSnapshot> {
    return this.#ask({ call: "decide", executionId, approvalId, decision });
  }

  async list(filter: ListFilter): Promise<ExecutionSnapshot[]> {
    const { sessionId, tenantId } = filter;
    if (sessionId === undefined) {
      throw new TurnError("not-supported", "Cannot list the executions of all sessions: give a sessionId");
    }
    checkName("sessionId", sessionId);
    // Ids may have been derived with their tenant or without it.
    const names = [sessionObjectName(undefined, sessionId)];
    if (tenantId !== undefined) names.push(sessionObjectName(tenantId, sessionId));
    const lists = names.map((name) => this.#caller.askJson<ExecutionSnapshot[]>(name, { call: "list", filter }));
    return (await Promise.all(lists)).flat();
  }

  // Async, so that an id that names no object rejects.
  async #ask<T>(call: Exclude<ObjectCall, { call: "open" | "list" }>): Promise<T> {
    return this.#caller.askJson<T>(objectNameOf(call.executionId), call);
  }

  async #attached(
    executionId: string,
    call: ObjectCall,
    after: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Attachment> {
    const name = objectNameOf(executionId);
    const reader = new AbortController();
    const forget = onAbort(signal, () => reader.abort(signal?.reason));
    const first = await this.#caller.ask(name, call, reader.signal).catch((error: unknown) => {
      forget();
      throw error;
    });
    const log = followLog(first, after, {
      attach: (cursor) => this.#caller.ask(name, attachCall(executionId, cursor), reader.signal),
      patience: async (failures, cause) => {
        if (failures >= this.#attempts) throw unreachable(name, cause);
        await this.#caller.pause(failures, reader.signal);
      },
      signal: reader.signal,
    });
    const done = (): void => {
      forget();
      reader.abort();
    };
    return { executionId, created: first.headers.get(CREATED_HEADER) === "1", events: endingWith(log, done) };
  }
}

function attachCall(executionId: string, after: string | undefined): ObjectCall {
  return { call: "attach", executionId, ...(after === undefined ? {} : { after }) };
}

/** The same events; whichever way the reading ends, `done` is called. */
async function* endingWith<T>(events: AsyncIterable<T>, done: () => void): AsyncGenerator<T, void, undefined> {
  try {
    yield* events;
  } finally {
    done();
  }
}
