import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createNodeListener } from "../../examples/hello/node-listener.ts";
import { createTurnClient, isTerminal, type TurnEvent } from "../../src/client/index.ts";
import { chatTurnRoutes } from "../../src/http/index.ts";
import { textDelta } from "../../src/index.ts";
import { type AgentRun, createRunEngine, memoryStore } from "../../src/run/index.ts";
import { createChaosProxy, type Fate } from "../support/chaos-proxy.ts";
import { createRandom, type Random } from "../support/random.ts";

// Turns between a client and a server with trouble in between: each must arrive once, in order and whole, and must have
// been started once.

/** The events of one turn here: four of the engine's, the words, the terminal. */
export const WORDS = 7;
export const EVENTS: number = WORDS + 5;

/** Which trouble one turn meets: its requests' fates, one after the other; those after the last pass. */
export type Plan = readonly Fate[];

export interface ChaosReport {
  readonly turns: number;
  readonly requests: number;
  readonly met: Readonly<Record<string, number>>;
  /** What went wrong, with the plan that brought it about. */
  readonly failures: readonly string[];
}

export async function runChaos(plans: readonly Plan[], { concurrency = 128, seed = 1 } = {}): Promise<ChaosReport> {
  const started = new Map<string, number>();
  const random = createRandom(seed);
  const engine = createRunEngine({
    store: memoryStore(),
    maxConcurrentRuns: 10_000,
    agents: {
      default: async function* ({ executionId }: AgentRun) {
        started.set(executionId, (started.get(executionId) ?? 0) + 1);
        for (let word = 0; word < WORDS; word++) {
          // Some words come together, others while the connection is being cut.
          if (random.chance(0.5)) await new Promise((resolve) => setTimeout(resolve, random.below(3)));
          yield textDelta(`${executionId}/${word} `);
        }
      },
    },
    log: () => undefined,
  });
  const routes = chatTurnRoutes({
    substrate: engine,
    projectId: "chaos",
    authorize: () => ({ tenantId: "acme", userId: "ada" }),
    keepAliveMs: 40,
  });
  const server = createServer(createNodeListener((request) => routes.fetch(request)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const requests = new Map<string, number>();
  const proxy = await createChaosProxy(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, ({ headers }) => {
    const turn = String(headers["x-turn"]);
    const count = requests.get(turn) ?? 0;
    requests.set(turn, count + 1);
    return plans[Number(turn)]?.[count] ?? { kind: "pass" };
  });

  async function playOne(index: number): Promise<string | undefined> {
    const client = createTurnClient({
      baseUrl: proxy.url,
      headers: { "x-turn": String(index) },
      retry: { baseMs: 2, maxMs: 10, attempts: 30 },
      // Far above what a busy machine makes anyone wait: a server that is always too slow cannot be read.
      stallMs: 2000,
    });
    const turn = client.start({ sessionId: `s${index}`, turnIndex: 0, message: "Hello" });
    const events: TurnEvent[] = [];
    for await (const event of turn)
      if (event.id !== undefined || event.type !== "session.run.heartbeat") events.push(event);
    const executionId = `acme@chaos:s${index}:0`;
    const log: TurnEvent[] = [];
    for await (const event of (await engine.attach(executionId)).events) log.push(event);
    const expectedText = Array.from({ length: WORDS }, (_, word) => `${executionId}/${word} `).join("");
    const outcome = await turn.finished;
    if (JSON.stringify(events) !== JSON.stringify(log))
      return `other events than the log: ${events.map(({ id }) => id).join()}`;
    if (log.length !== EVENTS || log.filter(isTerminal).length !== 1)
      return `an unexpected log of ${log.length} events`;
    if (turn.text !== expectedText || outcome.finalText !== expectedText) return `another text: ${turn.text}`;
    if (outcome.status !== "completed" || turn.status !== "ended") return `ended ${outcome.status}, ${turn.status}`;
    if ((await turn.executionId) !== executionId) return "another execution id";
    if (started.get(executionId) !== 1) return `started ${started.get(executionId)} times`;
    return undefined;
  }

  const failures: string[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < plans.length; index = next++) {
      const failure = await playOne(index).catch((error: unknown) => `threw ${String(error)}`);
      if (failure !== undefined) failures.push(`turn ${index} ${JSON.stringify(plans[index])}: ${failure}`);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  await proxy.close();
  await engine.stop({ graceMs: 0 });
  server.closeAllConnections();
  server.close();
  const { met } = proxy;
  return { turns: plans.length, requests: Object.values(met).reduce((sum, count) => sum + count, 0), met, failures };
}

/** Each trouble at each event, on the first connection, and on the first two. */
export function everyIndexPlans(): Plan[] {
  const plans: Plan[] = [];
  for (const once of ["cut-before", "lose-answer", "foreign-page", "duplicate"] as const) {
    plans.push([{ kind: once }], [{ kind: once }, { kind: once }], [{ kind: "cut", lines: 2 }, { kind: once }]);
  }
  for (const asked of [true, false]) {
    const fate: Fate = { kind: "bad-gateway", asked };
    plans.push([fate], [fate, fate], [{ kind: "truncate", lines: 2 }, fate]);
  }
  for (let lines = 0; lines <= EVENTS; lines++) {
    for (const kind of ["cut", "truncate", "delay", "stall"] as const) {
      for (const half of kind === "delay" ? [false] : [false, true]) {
        const fate: Fate = { kind, lines, half };
        plans.push([fate], [fate, { kind, lines: 1, half }], [{ kind: "duplicate" }, fate]);
      }
    }
  }
  return plans;
}

export function randomPlans(seed: number, count: number): Plan[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => Array.from({ length: 1 + random.below(6) }, () => randomFate(random)));
}

function randomFate(random: Random): Fate {
  // Silence is rare, because it takes time.
  const kind = random.chance(0.05)
    ? "stall"
    : random.pick([
        "pass",
        "cut-before",
        "lose-answer",
        "bad-gateway",
        "foreign-page",
        "duplicate",
        "cut",
        "cut",
        "truncate",
        "truncate",
        "delay",
      ] as const);
  switch (kind) {
    case "bad-gateway":
      return { kind, asked: random.chance(0.5) };
    case "cut":
    case "truncate":
    case "delay":
    case "stall":
      return { kind, lines: random.below(EVENTS + 1), half: random.chance(0.3), ms: random.below(20) };
    default:
      return { kind };
  }
}
