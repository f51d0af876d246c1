import type { InferenceEvent, SessionOptions, Turn } from "../../src/inference/index.ts";
import { createRandom, type Random } from "../support/random.ts";
import type { Clock } from "../../src/index.ts";
import { type Core, createBench, type Bench } from "./suite-support.ts";

/** What a batch of runs came to; `problems` is empty when all is well. */
export interface StressReport {
  readonly completed: number;
  readonly cancelled: number;
  readonly timedOut: number;
  readonly failed: number;
  readonly problems: readonly string[];
}

const TERMINALS: ReadonlySet<string> = new Set(["final", "interrupt", "error"]);

/**
 * Many runs, several at once, each with an engine, middlewares, tools and hooks that are synchronous or not by chance, and
 * that throw, are cancelled, run out of time or call back in at random moments.
 */
export async function stressRuns(core: Core, seed: number, count: number): Promise<StressReport> {
  const random = createRandom(seed);
  const clock = createQuickClock();
  // What callbacks wait for goes on after a cancel, and is not the core's to clear.
  const own = createQuickClock();
  const bench = createBench(core, { clock });
  const report = { completed: 0, cancelled: 0, timedOut: 0, failed: 0, problems: [] as string[] };
  for (let begun = 0; begun < count;) {
    const runs: Promise<void>[] = [];
    for (let width = int(random, 1, 8); width > 0 && begun < count; width--)
      runs.push(oneRun(core, bench, own, random, begun++, report));
    let over = false;
    const all = Promise.all(runs).then(() => (over = true));
    for (let step = 0; !over; step++) {
      if (step > 1_000) {
        report.problems.push(`seed ${seed}: a run before ${begun} never settled`);
        return report;
      }
      for (let turn = 0; turn < 40; turn++) await Promise.resolve();
      if (over) continue;
      clock.advance(5);
      own.advance(5);
    }
    await all;
  }
  if (clock.pending() > 0) report.problems.push(`seed ${seed}: ${clock.pending()} timers are left`);
  return report;
}

const int = (random: Random, least: number, most: number): number => least + random.below(most - least + 1);

/** Time that passes without a macrotask, which a VM would have to ask its host for. */
function createQuickClock(): Clock & { advance(ms: number): void; pending(): number } {
  const timers = new Map<number, { readonly at: number; readonly callback: () => void }>();
  let now = 1_000;
  let last = 0;
  return {
    now: () => now,
    after(ms, callback) {
      const id = ++last;
      if (ms !== Infinity) timers.set(id, { at: now + ms, callback });
      return () => void timers.delete(id);
    },
    advance(ms) {
      now += ms;
      for (const [id, { at, callback }] of timers) {
        if (at > now) continue;
        timers.delete(id);
        callback();
      }
    },
    pending: () => timers.size,
  };
}

type Counts = { -readonly [K in keyof Omit<StressReport, "problems">]: number } & { readonly problems: string[] };

async function oneRun(
  core: Core,
  bench: Bench,
  clock: Clock,
  random: Random,
  number: number,
  report: Counts,
): Promise<void> {
  const problem = (what: string): void => void report.problems.push(`run ${number}: ${what}`);
  const chance = (percent: number): boolean => int(random, 1, 100) <= percent;
  const other = bench.session({ engine: core.engines.echo() });
  const sometimes = <T>(value: T): T | Promise<T> => {
    if (chance(2)) throw new Error("by chance");
    if (chance(2)) session.cancelActive();
    if (chance(5)) other.run(bench.user("inner"));
    if (chance(5)) {
      try {
        session.start();
        problem("a second run was accepted");
      } catch {
        // As it should be.
      }
    }
    if (chance(50)) return value;
    const waits = int(random, 0, 4);
    const ms = chance(20) ? int(random, 1, 30) : 0;
    return (async () => {
      for (let turn = 0; turn < waits; turn++) await Promise.resolve();
      if (ms > 0) await new Promise<void>((resolve) => void clock.after(ms, resolve));
      if (chance(2)) throw new Error("later, by chance");
      return value;
    })();
  };
  const later = async (answer: Turn | Promise<Turn>): Promise<Turn> => sometimes(await answer);
  const tools = core.tools.createRegistry().register({ name: "work", handler: () => sometimes({ ok: true }) });
  let rounds = int(random, 0, 3);
  const options: SessionOptions = {
    engine: core.engines.fromFunction((turn, { partial }) => {
      partial("x");
      if (rounds-- <= 0) turn.blocks.push(core.turns.newAssistantBlock("done"));
      else {
        for (let call = int(random, 1, 4); call > 0; call--) {
          turn.blocks.push(core.turns.newToolCallBlock(`c${turn.blocks.length}`, "work", {}));
        }
      }
      return sometimes(turn);
    }),
    middlewares: Array.from(
      { length: int(random, 0, 2) },
      () => (turn, next) => (chance(50) ? next(turn) : later(next(turn))),
    ),
    tools,
    toolLoop: {
      maxParallelTools: int(random, 1, 4),
      toolErrorHandling: random.pick(["continue", "abort", "retry"] as const),
      retryBackoffMs: int(random, 0, 20),
      ...(chance(20) ? { executionTimeoutMs: int(random, 1, 20) } : {}),
    },
    toolHooks: chance(30)
      ? { beforeToolCall: () => sometimes(undefined), afterToolCall: () => sometimes(undefined) }
      : {},
  };
  const session: ReturnType<Bench["session"]> = bench.session(options);
  const events: InferenceEvent[] = [];
  let settled = false;
  const heard = (event: InferenceEvent): void => {
    if (settled) problem(`${event.type} came after the result`);
    if (events.length > 0 && TERMINALS.has(events.at(-1)?.type ?? "")) problem(`${event.type} came after the end`);
    events.push(event);
    if (chance(3)) session.cancelActive();
  };
  const given = chance(20) ? { timeoutMs: int(random, 1, 40) } : {};
  let outcome: Promise<unknown>;
  if (chance(50)) {
    const handle = session.start(bench.user("x"), given).on("*", heard);
    if (chance(10)) handle.cancel();
    outcome = handle.promise;
  } else outcome = session.runAsync(bench.user("x"), { ...given, onEvent: heard });
  const error = await outcome.then(
    () => undefined,
    (thrown: unknown) => thrown as { readonly code?: string },
  );
  settled = true;
  const last = events.at(-1)?.type;
  const wanted = error === undefined ? "final" : error.code === "cancelled" ? "interrupt" : "error";
  if (error !== undefined && !(error instanceof Error)) problem("it rejected with no Error");
  if (events[0]?.type !== "start" || last !== wanted)
    problem(`${String(events[0]?.type)} … ${String(last)}, not ${wanted}`);
  if (session.isRunning()) problem("it still runs");
  if (session.turnCount() !== (error === undefined ? 1 : 0)) problem("history is wrong");
  if (error === undefined) report.completed++;
  else if (error.code === "cancelled") report.cancelled++;
  else if (error.code === "timeout") report.timedOut++;
  else report.failed++;
}
