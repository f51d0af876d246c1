import { connect } from "node:net";
import { createNdjsonDecoder, createSseDecoder, type TurnEvent } from "../../src/wire/index.ts";
import type { Problem } from "../../src/http/index.ts";
import type { AgentWish, ControlState } from "./test-app.ts";

// What the HTTP tests say to the server: plain requests, and bytes on a socket where a request shall break off.

export interface Turn {
  readonly sessionId: string;
  readonly turnIndex?: number;
  readonly message?: unknown;
  readonly data?: AgentWish;
  readonly agent?: string;
  readonly attempt?: number;
  readonly after?: string;
}

/** Talks to one mount of the test app as one user. */
export interface HttpUser {
  readonly url: string;
  request(method: string, path: string, options?: RequestOptions): Promise<Response>;
  start(turn: Turn, options?: RequestOptions): Promise<Response>;
  /** The id of a session's turn of this tenant. */
  idOf(sessionId: string, turnIndex?: number): string;
  /** The path of an execution, or below it. */
  at(executionId: string, more?: string): string;
}

export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

export function createUser(server: string, mount: string, tenant = "acme", user = "ada"): HttpUser {
  const authorization = `Bearer ${tenant}/${user}`;
  const request: HttpUser["request"] = (method, path, { headers, body, signal } = {}) =>
    fetch(`${server}${mount}${path}`, {
      method,
      redirect: "manual",
      headers: { authorization, ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  return {
    url: `${server}${mount}`,
    request,
    start: ({ turnIndex = 0, message = "Hello", ...turn }, options) =>
      request("POST", "/turns", { body: { turnIndex, message, ...turn }, ...options }),
    idOf: (sessionId, turnIndex = 0) => `${tenant}@test:${encodeURIComponent(sessionId)}:${turnIndex}`,
    at: (executionId, more = "") => `/turns/${encodeURIComponent(executionId)}${more}`,
  };
}

/** All events of an answer, in whichever format it says it has. */
export async function eventsOf(response: Response): Promise<TurnEvent[]> {
  const sse = response.headers.get("content-type") === "text/event-stream";
  const decoder = sse ? createSseDecoder() : createNdjsonDecoder();
  const events: TurnEvent[] = [];
  decoder.push(new Uint8Array(await response.arrayBuffer()), (event) => events.push(event));
  decoder.end((event) => events.push(event));
  return events;
}

export async function problemOf(response: Response): Promise<Problem> {
  const type = response.headers.get("content-type");
  if (type !== "application/problem+json") throw new Error(`No problem document but ${type}: ${await response.text()}`);
  return (await response.json()) as Problem;
}

export async function controlState(server: string): Promise<ControlState> {
  return (await (await fetch(`${server}/control/state`)).json()) as ControlState;
}

export async function openGate(server: string, name: string): Promise<void> {
  await fetch(`${server}/control/open/${name}`, { method: "POST" });
}

/** Asks again until it is so. */
export async function until<T>(ask: () => Promise<T>, holds: (value: T) => boolean, what: string): Promise<T> {
  for (let tries = 0; ; tries++) {
    const value = await ask();
    if (holds(value)) return value;
    if (tries === 400) throw new Error(`It never came to be that ${what}: ${JSON.stringify(value).slice(0, 500)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A request as its bytes. */
export function requestBytes(
  url: string,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body = "",
): string {
  const { host, pathname } = new URL(url);
  const lines = Object.entries({
    host,
    ...headers,
    ...(body === "" ? {} : { "content-length": String(Buffer.byteLength(body)) }),
  });
  return `${method} ${pathname}${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`;
}

/** Sends bytes, reads at least so many of the answer (or to its end), and resets the connection; returns what was read. */
export function sendAndReset(url: string, bytes: string, readBytes: number): Promise<number> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let read = 0;
    const socket = connect({ host: hostname, port: Number(port) }, () => {
      socket.write(bytes, () => {
        if (readBytes === 0) leave();
      });
    });
    const leave = (): void => {
      socket.resetAndDestroy();
      resolve(read);
    };
    socket.on("data", (chunk) => {
      read += chunk.length;
      if (read >= readBytes) leave();
    });
    socket.on("end", leave);
    socket.on("error", (error) => (read > 0 || readBytes === 0 ? resolve(read) : reject(error)));
  });
}
