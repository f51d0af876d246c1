import { type ChildProcess, spawn } from "node:child_process";
import { createParser } from "eventsource-parser";
import { sandboxSubstrate } from "turnwire/sandbox";
import type { Row } from "./bench.ts";
import { interleave } from "./interleave.ts";

// What a run costs from the sandbox's socket to the events, next to the loop that one would write by hand: it parses each
// frame and its JSON, and neither reconnects nor tells a severed stream from a finished one.

const EVENTS = 60_000;
/** A short answer: next to nothing but asking. Ours first asks whether the run is there already, and starts it only when not. */
const FEW_EVENTS = 20;
/** As long as tokens are: it is looked for in every event. */
const TOKEN = "sk_live_4f9d1c6e8b7a42d0a5c3e2f1b0d9c8a7";
/** At least nine tenths of the loop's events per second. */
const LIMIT: number = 1 / 0.9;

export async function bench(): Promise<Row[]> {
  return [
    { ...(await compare("run", EVENTS, 41)), limit: LIMIT },
    // For information: nearly nothing to parse, so that what is left is a promise per event and the keeping of ids.
    await compare("deltas", EVENTS, 41),
    await compare("run", FEW_EVENTS, 201),
  ];
}

async function compare(kind: "run" | "deltas", events: number, rounds: number): Promise<Row> {
  const server = await startServer(kind, events);
  try {
    let turn = 0;
    const timings = await interleave(
      {
        ours: () => readOurs(server.url, events, ++turn),
        byHand: () => readByHand(server.url, events),
      },
      {
        rounds,
        warmUps: 5,
        // A forced collection takes the shapes of all such events along, and the compiled code that knows them with it; a
        // server that has turns all the time never sees that.
        collect: false,
      },
    );
    const isShort = events === FEW_EVENTS;
    const what = isShort ? `a run of ${events} events` : kind === "run" ? "a run" : "short deltas only";
    const each = (name: "ours" | "byHand"): number => (timings.ms(name) * 1000) / (isShort ? 1 : events);
    return {
      name: `sandboxSubstrate vs fetch and eventsource-parser, ${what}`,
      unit: isShort ? "µs" : "µs/event",
      ours: each("ours"),
      peer: each("byHand"),
      ratio: timings.ratio("ours", "byHand"),
    };
  } finally {
    server.process.kill();
  }
}

async function readOurs(url: string, expected: number, turnIndex: number): Promise<void> {
  const substrate = sandboxSubstrate({ url, token: TOKEN });
  const { events } = await substrate.open({
    executionId: `acme@bench:thread-1:${turnIndex}`,
    identity: { tenantId: "acme", sessionId: "thread-1", userId: "ada", turnIndex },
    input: { message: "Hello" },
  });
  let count = 0;
  let characters = 0;
  for await (const { data } of events) {
    count++;
    const delta = data?.["delta"];
    if (typeof delta === "string") characters += delta.length;
  }
  check(expected, count, characters);
}

async function readByHand(url: string, expected: number): Promise<void> {
  const response = await fetch(`${url}/agents/run/stream`, {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify({ identifier: "default", message: "Hello" }),
  });
  const reader = response.body?.getReader();
  if (reader === undefined) throw new Error("The response has no body");
  let count = 0;
  let characters = 0;
  const parser = createParser({
    onEvent({ data }) {
      count++;
      characters += String((JSON.parse(data) as { delta?: string }).delta ?? "").length;
    },
  });
  const utf8 = new TextDecoder();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    parser.feed(utf8.decode(read.value, { stream: true }));
  }
  check(expected, count, characters);
}

function check(expected: number, count: number, characters: number): void {
  if (count !== expected + 2 || characters < expected) throw new Error(`Only ${count} events came`);
}

async function startServer(kind: string, events: number): Promise<{ url: string; process: ChildProcess }> {
  const script = new URL("sandbox-stream-server.ts", import.meta.url).pathname;
  const server = spawn(process.execPath, [script, String(events), kind], { stdio: ["ignore", "pipe", "inherit"] });
  const port = await new Promise<string>((resolve, reject) => {
    server.stdout.once("data", (line: Buffer) => resolve(line.toString().trim()));
    server.once("exit", (code) => reject(new Error(`The server ended with ${code}`)));
  });
  return { url: `http://127.0.0.1:${port}`, process: server };
}
