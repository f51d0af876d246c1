import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createNodeListener } from "../../examples/hello/node-listener.ts";
import { createTestApp } from "./test-app.ts";

// The server of the HTTP tests, on whatever runtime runs it: each with its own way to serve a fetch handler. Prints its
// URL as its first line.

type Handler = (request: Request) => Response | Promise<Response>;

interface ServerGlobals {
  readonly Deno?: {
    serve(options: { port: number; hostname: string; onListen(at: { port: number }): void }, handler: Handler): unknown;
  };
  readonly Bun?: {
    // Bun's own default cuts a connection after 10 s without bytes.
    serve(options: { port: number; hostname: string; idleTimeout: number; fetch: Handler }): { readonly port: number };
  };
}

const { app } = createTestApp();
const handler: Handler = (request) => app.fetch(request);
const hostname = "127.0.0.1";
const ready = (port: number): void => console.log(`http://${hostname}:${port}`);

const { Deno, Bun } = globalThis as ServerGlobals;
if (Deno !== undefined) {
  Deno.serve({ port: 0, hostname, onListen: ({ port }) => ready(port) }, handler);
} else if (Bun !== undefined) {
  ready(Bun.serve({ port: 0, hostname, idleTimeout: 30, fetch: handler }).port);
} else {
  const server = createServer(createNodeListener(handler));
  server.listen(0, hostname, () => ready((server.address() as AddressInfo).port));
}
