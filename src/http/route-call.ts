import type { Context } from "hono";
import type { $ZodType } from "zod/v4/core";
import type { Cursor } from "../event/cursor.ts";
import { readJson } from "./read-body.ts";
import type { Routes } from "./route-options.ts";
import type { Tenancy } from "./tenant-guard.ts";
import { type Schemas, validate } from "./validate.ts";

/** A request that was let in, on its way through a route. */
export interface RouteCall {
  readonly context: Context;
  readonly request: Request;
  readonly routes: Routes;
  readonly tenancy: Tenancy;
  /** Whether only the headers are asked for. */
  readonly head: boolean;
}

/** The body, as its schema reads it. */
export async function bodyOf<T>(
  call: RouteCall,
  schemaOf: (schemas: Schemas) => $ZodType<T>,
  read: (json: unknown) => unknown = (json) => json,
): Promise<T> {
  const { request, routes, context } = call;
  const json = await readJson(request, {
    maxBytes: routes.limits.maxBodyBytes,
    readAgain: () => context.req.text(),
  });
  return validate(schemaOf, read(json), "body");
}

/**
 * What the reader has already. `Last-Event-ID` comes first: an `EventSource` comes back with it to the address that it
 * began with, whose `after` is older.
 */
export async function cursorOf({ request, context }: RouteCall): Promise<Cursor | undefined> {
  const said = request.headers.get("last-event-id") || context.req.query("after");
  if (said === undefined || said === "") return undefined;
  const { after } = await validate((schemas) => schemas.attachQuery, { after: said }, "query");
  return after;
}

/** An answer in JSON about things that change. */
export function jsonResponse(value: unknown): Response {
  return Response.json(value, { headers: { "cache-control": "no-store" } });
}
