import { checkObject } from "../internal/check-argument.ts";
import type { Clock } from "../internal/clock.ts";
import { type Consts, consts } from "./consts.ts";
import { createEngines, type Engines } from "./engines.ts";
import type { Engine, EngineFunction } from "./engine.ts";
import { createIdMaker } from "./id-maker.ts";
import type { InferenceHost } from "./inference-host.ts";
import type { Middlewares } from "./middlewares.ts";
import { type InferenceSession, openSession, type Session } from "./session.ts";
import type { createSessionBuilder as CreateSessionBuilder, SessionBuilder } from "./session-builder.ts";
import { resolveSession, type SessionOptions } from "./session-options.ts";
import type { RunOptions } from "./run-options.ts";
import type { Late } from "./tool-loop-settings.ts";
import { type CompileSchema, createTools, type Tools } from "./tool-registry.ts";
import type { Turn } from "./turn.ts";
import { type Turns, turns } from "./turns.ts";
import { version } from "./version.ts";

export interface InferenceSetup {
  /** Where `engines.host`, `engines.fromConfig` and `useHost` look. */
  readonly host?: InferenceHost;
  readonly clock?: Clock;
  /** Makes the ids of sessions, runs and turns. Default: a random part and a count. */
  readonly createId?: () => string;
}

export interface Inference {
  readonly version: string;
  readonly consts: Consts;
  readonly turns: Turns;
  readonly engines: Engines;
  readonly middlewares: Middlewares;
  readonly tools: Tools;
  readonly createSession: (options: SessionOptions) => Session;
  readonly createBuilder: (options?: Partial<SessionOptions>) => SessionBuilder;
  /** One run without a session of one's own: a turn, or a promise where anything is asynchronous. */
  readonly runInference: (
    engine: Engine | EngineFunction,
    turn: Turn,
    options?: RunOptions & Omit<SessionOptions, "engine">,
  ) => Turn | Promise<Turn>;
}

/** What not every program needs: it comes from outside, so that a VM can parse it when it must. */
export interface Extras extends Late {
  readonly compileSchema: CompileSchema;
  readonly createSessionBuilder: typeof CreateSessionBuilder;
  readonly middlewares: Middlewares;
}

/** The inference core over a host. */
export function assembleInference(
  setup: InferenceSetup,
  { compileSchema, createSessionBuilder, middlewares, ...late }: Extras,
  ownClock: Clock,
): Inference {
  checkObject("setup", setup);
  const { host = {}, clock = ownClock, createId = createIdMaker() } = setup;
  const home = { clock, createId };
  const open = (options: SessionOptions): InferenceSession =>
    openSession(resolveSession(options, createId, late), home);
  return {
    version,
    consts,
    turns,
    engines: createEngines(host),
    middlewares,
    tools: createTools(host, compileSchema),
    createSession: open,
    createBuilder: (options = {}) => createSessionBuilder(options, open),
    runInference(engine, turn, options = {}) {
      checkObject("options", options);
      const { timeoutMs, tags, signal, onEvent, ...rest } = options;
      // What was not given is undefined, which is no option to a type, and no option given to a run.
      return open({ ...rest, engine }).runEither(turn, { timeoutMs, tags, signal, onEvent } as RunOptions);
    },
  };
}
