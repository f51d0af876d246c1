import type { RunEngine, RunEngineOptions } from "../../src/run/index.ts";
import {
  scriptAgent,
  type ScriptAgentOptions,
  type ScriptRuntime,
  type ScriptRuntimeOptions,
} from "../../src/script/index.ts";
import type { ExecutionSnapshot, ExecutionState } from "../../src/substrate/index.ts";
import { createWorld, idOf, notedHooks, request, type World } from "../run/engine-world.ts";
import { testRuntime } from "./script-support.ts";

// What tests of a script agent behind a run engine have in common.

export const id: string = idOf(1);
const MANY_STEPS = 5_000;

export type StageOptions = Partial<ScriptAgentOptions> & Pick<ScriptRuntimeOptions, "isolation" | "limits">;

export interface Stage {
  readonly world: World;
  /** The hooks' calls. */
  readonly calls: string[];
  /** Of an engine with the script as its agent. */
  readonly options: Partial<RunEngineOptions>;
  readonly runtime: ScriptRuntime;
  readonly end: () => Promise<void>;
}

/** A world with one script as its agent. */
export function stage(source: string, { isolation, limits = {}, ...more }: StageOptions = {}): Stage {
  const world = createWorld();
  const calls: string[] = [];
  const runtime = testRuntime({ limits, ...(isolation === undefined ? {} : { isolation }) });
  const agent = scriptAgent({ source, runtime, ...more });
  return {
    world,
    calls,
    options: { agents: { default: agent }, hooks: notedHooks(calls) },
    runtime,
    end: () => runtime.close({ graceMs: 0 }),
  };
}

/** A script's limits count real time, of which each look lets a little pass. */
export const until = (world: World, check: () => unknown): Promise<void> =>
  world.until(async () => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return check();
  }, MANY_STEPS);

export const reach = (world: World, state: ExecutionState): Promise<void> =>
  until(world, async () => (await world.run(id)).state === state);

/** The pieces of text that were streamed. */
export async function texts(world: World): Promise<unknown[]> {
  const log = await world.log(id);
  return log.filter(({ type }) => type === "message.part.updated").map(({ data }) => data?.["delta"]);
}

export interface Played {
  readonly world: World;
  readonly calls: readonly string[];
  readonly snapshot: ExecutionSnapshot | undefined;
}

/** One turn until it is in this state, and what `meanwhile` does to it. */
export async function play(
  source: string,
  state: ExecutionState,
  more: StageOptions = {},
  input: object = {},
  meanwhile: (engine: RunEngine, world: World) => Promise<unknown> = () => Promise.resolve(),
): Promise<Played> {
  const { world, calls, options, end } = stage(source, more);
  const engine = world.engine(options);
  await engine.open(request(1, input));
  await meanwhile(engine, world);
  await reach(world, state);
  const snapshot = await engine.inspect(id);
  await world.stop(engine);
  await end();
  return { world, calls, snapshot };
}
