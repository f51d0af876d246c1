import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { Hono } from "hono";
import { textDelta, type TurnEvent } from "turnwire";
import { chatTurnRoutes } from "turnwire/hono";
import { createRunEngine, memoryStore } from "turnwire/run";
import { createNodeListener } from "../../examples/hello/node-listener.ts";

// The server that http-load.ts loads, in a process of its own: our routes over the memory store, and beside them a bare
// route that streams the same lines from a generator.

/** What `GET /stats` answers, about the time since the last `POST /stats`. */
export interface ServerStats {
  readonly peakRssMb: number;
  readonly loopDelayP99Ms: number;
}

const MB = 1024 * 1024;
const DELTAS = 200;

async function* say(pauseMs: unknown): AsyncGenerator<TurnEvent> {
  for (let index = 0; index < DELTAS; index++) {
    if (typeof pauseMs === "number" && pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    yield textDelta("a word or two ");
  }
}

const app = new Hono();
const substrate = createRunEngine({
  store: memoryStore(),
  agents: { default: ({ input }) => say(input.data) },
  maxConcurrentRuns: 100_000,
  retention: { maxRuns: 0 },
});
app.route(
  "/ours",
  chatTurnRoutes({ substrate, projectId: "bench", authorize: () => ({ tenantId: "acme", userId: "ada" }) }),
);

async function* sameLines(executionId: string, pauseMs: unknown): AsyncGenerator<string> {
  let id = 0;
  const line = (event: TurnEvent): string => `${JSON.stringify({ ...event, id: String(++id) })}\n`;
  yield line({ type: "session.run.started", data: { sessionId: "s", tenantId: "acme", turnIndex: 0, executionId } });
  yield line({ type: "run.created", data: { executionId, agent: "default" } });
  yield line({ type: "run.state.changed", data: { previousState: "claimed", state: "running" } });
  for await (const event of say(pauseMs)) yield line(event);
  yield line({ type: "run.state.changed", data: { previousState: "running", state: "settling" } });
  yield line({ type: "session.run.completed", data: { sessionId: "s", executionId } });
}

const encoder = new TextEncoder();
app.post("/bare/turns", async (context) => {
  const { sessionId, data } = (await context.req.json()) as { sessionId: string; data: unknown };
  const lines = sameLines(`acme@bench:${sessionId}:0`, data);
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await lines.next();
      if (done === true) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
  });
  return new Response(body, { headers: { "content-type": "application/x-ndjson" } });
});

const loop = monitorEventLoopDelay({ resolution: 5 });
loop.enable();
let peakRss = 0;
setInterval(() => (peakRss = Math.max(peakRss, process.memoryUsage.rss())), 10).unref();
app.post("/stats", (context) => {
  globalThis.gc?.();
  loop.reset();
  peakRss = process.memoryUsage.rss();
  return context.body(null, 204);
});
app.get("/stats", (context) =>
  context.json({ peakRssMb: peakRss / MB, loopDelayP99Ms: loop.percentile(99) / 1e6 } satisfies ServerStats),
);

const server = createServer(createNodeListener((request) => app.fetch(request)));
server.listen(0, "127.0.0.1", 4096, () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
