import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { sandboxSubstrate } from "../../src/sandbox/index.ts";
import { hasty, identity, newExecutionId } from "./play-sandbox.ts";

// What becomes of the connections themselves: seen from the sandbox's side, on its sockets.

const RUN =
  'id: 1\nevent: start\ndata: {}\n\nid: 2\nevent: result\ndata: {"finalText":"x"}\n\nid: 3\nevent: done\ndata: {}\n\n';

interface Sandbox {
  readonly url: string;
  readonly streams: ServerResponse[];
  connections: number;
  closed: number;
}

let server: Server;
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Knows no run, and answers each dispatch with a whole one. */
async function startSandbox(end: (response: ServerResponse) => void): Promise<Sandbox> {
  const sandbox = { url: "", streams: [] as ServerResponse[], connections: 0, closed: 0 };
  server = createServer((request, response) => {
    request.resume();
    if (request.method === "GET") {
      response.writeHead(404, { "content-type": "application/json" });
      response.end('{"error":{"code":"execution_not_found"}}');
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    sandbox.streams.push(response);
    response.on("close", () => sandbox.closed++);
    response.write(RUN);
    end(response);
  });
  server.on("connection", () => sandbox.connections++);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  sandbox.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return sandbox;
}

async function readRun({ url }: Sandbox, leaveAfter = Infinity): Promise<number> {
  const substrate = sandboxSubstrate({ url, token: "token" }, { retry: hasty });
  const { events } = await substrate.open({ executionId: newExecutionId(), identity, input: { message: "Hello" } });
  let count = 0;
  for await (const _event of events) if (++count === leaveAfter) break;
  return count;
}

describe("connections to the sandbox", () => {
  it("a stream that ends with its run leaves its connection to the next request", async () => {
    const sandbox = await startSandbox((response) => void setTimeout(() => response.end(), 2));
    for (let run = 0; run < 10; run++) expect(await readRun(sandbox)).toBe(3);
    // A request may come before the one before it has given its connection back; not each needs one of its own.
    expect(sandbox.connections).toBeLessThanOrEqual(5);
  });

  it("a stream that goes on after its run is given up, by itself", async () => {
    const sandbox = await startSandbox(() => undefined);
    expect(await readRun(sandbox)).toBe(3);
    await expect.poll(() => sandbox.closed).toBe(1);
  });

  it("a stream that says more after its run is given up at once", async () => {
    const sandbox = await startSandbox((response) => void setTimeout(() => response.write(": still here\n\n"), 5));
    expect(await readRun(sandbox)).toBe(3);
    await expect.poll(() => sandbox.closed).toBe(1);
  });

  it("a reader who leaves in the middle takes the connection along", async () => {
    const sandbox = await startSandbox(() => undefined);
    expect(await readRun(sandbox, 1)).toBe(1);
    await expect.poll(() => sandbox.closed).toBe(1);
  });
});
