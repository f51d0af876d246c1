import { Agent, request } from "node:http";
import { startServer } from "../http/start-server.ts";
import type { Row } from "./bench.ts";
import { interleave, median } from "./interleave.ts";
import type { ServerStats } from "./http-load-server.ts";

// Many turns at once through a real server: none may be lost, and what our routes and the run engine add to a bare route
// that streams the same lines must stay within a bound.

const TURNS = 2000;
/** Between two events of a turn that comes as a model's answer does, rather than as fast as it can. */
const PAUSE_MS = 100;
/** 200 of the agent's and 5 of the engine's. */
const LINES = 205;

export async function bench(): Promise<Row[]> {
  // One for each, so that their memory is their own.
  const start = () => startServer("Node", "test/bench/http-load-server.ts", { env: { NODE_OPTIONS: "--expose-gc" } });
  const servers = { ours: await start(), bare: await start() };
  const stats: Record<"ours" | "bare", ServerStats[]> = { ours: [], bare: [] };
  let round = 0;
  const load =
    (route: "ours" | "bare", pauseMs = 0) =>
    async (): Promise<void> => {
      const { url } = servers[route];
      round++;
      await fetch(`${url}/stats`, { method: "POST" });
      await Promise.all(
        Array.from({ length: TURNS }, (_, index) => playTurn(`${url}/${route}/turns`, `s${round}-${index}`, pauseMs)),
      );
      stats[route].push((await (await fetch(`${url}/stats`)).json()) as ServerStats);
    };
  try {
    const timings = await interleave({ ours: load("ours"), bare: load("bare") }, { rounds: 5, warmUps: 1 });
    const of = (route: "ours" | "bare", key: keyof ServerStats): number =>
      median(stats[route].slice(1).map((one) => one[key]));
    const burst = {
      memory: { ours: of("ours", "peakRssMb"), peer: of("bare", "peakRssMb") },
      delay: { ours: of("ours", "loopDelayP99Ms"), peer: of("bare", "loopDelayP99Ms") },
    };
    for (const route of ["ours", "bare"] as const) {
      stats[route] = [];
      await load(route, PAUSE_MS)();
    }
    const paced = (key: keyof ServerStats) => ({
      ours: stats.ours[0]?.[key] ?? NaN,
      peer: stats.bare[0]?.[key] ?? NaN,
    });
    const events = TURNS * LINES;
    return [
      {
        name: `${TURNS} turns of 200 events at once vs a bare Hono route`,
        unit: "µs/event",
        ours: (timings.ms("ours") * 1000) / events,
        peer: (timings.ms("bare") * 1000) / events,
        ratio: timings.ratio("ours", "bare"),
        // Throughput of at least 0.6.
        limit: 1 / 0.6,
      },
      { name: "the server's memory at its peak", unit: "MB", ...burst.memory },
      { name: "its event-loop delay, p99", unit: "ms", ...burst.delay },
      { name: `memory with an event of each turn every ${PAUSE_MS} ms`, unit: "MB", ...paced("peakRssMb") },
      { name: "event-loop delay then, p99", unit: "ms", ...paced("loopDelayP99Ms") },
    ];
  } finally {
    await Promise.all([servers.ours.stop(), servers.bare.stop()]);
  }
}

const agent = new Agent({ maxSockets: Infinity });

/** Plays one turn; a lost event is an error. */
function playTurn(url: string, sessionId: string, pauseMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: "POST", agent, headers: { "content-type": "application/json" } },
      (response) => {
        let lines = 0;
        let end: Buffer = Buffer.alloc(0);
        response.on("data", (chunk: Buffer) => {
          for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines++;
          end = chunk.length >= 200 ? chunk : Buffer.concat([end, chunk]);
        });
        response.on("error", reject);
        response.on("end", () => {
          const terminal = end.toString().includes('"session.run.completed"');
          if (lines === LINES && terminal) resolve();
          else
            reject(
              new Error(
                `${sessionId}: HTTP ${response.statusCode}, ${lines} of ${LINES} lines: ${end.toString().slice(-300)}`,
              ),
            );
        });
      },
    );
    sent.on("error", reject);
    sent.end(JSON.stringify({ sessionId, turnIndex: 0, message: "Hello", data: pauseMs }));
  });
}
