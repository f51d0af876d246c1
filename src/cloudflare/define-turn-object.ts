import { checkObject } from "../internal/check-argument.ts";
import { systemClock } from "../internal/clock.ts";
import { createRunEngine, type RunEngine } from "../run/run-engine.ts";
import type { RunEngineOptions } from "../run/engine-options.ts";
import { driverStore } from "../sqlite/sql-store.ts";
import { safeLog } from "../turn/turn-owner.ts";
import { answerCall } from "./answer-call.ts";
import type { ObjectState } from "./object-platform.ts";
import { storageDriver } from "./storage-driver.ts";
import { WakeAlarm } from "./wake-alarm.ts";

/** What a run engine takes, without what the object sees to itself. */
export type TurnObjectOptions = Omit<
  RunEngineOptions,
  "store" | "workerId" | "wake" | "pollMs" | "heartbeatMs" | "clock"
>;

/** An instance, as the platform knows it. */
export interface TurnObject {
  fetch(request: Request): Promise<Response>;
  alarm(): Promise<void>;
}

/** The class that a Worker exports and `wrangler.toml` names. */
export type TurnObjectClass<Env> = new (state: ObjectState, env: Env) => TurnObject;

/**
 * An object is at most one instance at a time, so nobody else is kept waiting by a lease: it only says how long after an
 * eviction the alarm takes up what nobody has asked for since. Most of what a turn costs here is a row for each time that
 * its events are stored; five times a second still reads as a stream.
 */
const DEFAULTS = { leaseMs: 60_000, appendEveryMs: 200 };
/** A row of an object's storage takes 2 MB. What a run's row holds beside the event is little. */
const MAX_EVENT_BYTES = 2_000_000 - 10_000;
/** One name for all instances of an object: a new one takes back at once what the last one held. */
const WORKER_ID = "turn-object";
const RETRY_ALARM_MS = 10_000;

/**
 * Makes the class of Durable Objects in which executions live: the run engine on the object's own SQLite. One object
 * holds one session. Options that need `env` (keys, bindings) are given as a function of it.
 *
 * The object owns its executions: hooks run in it, whoever listens. An alarm brings it back to work after an eviction, a
 * deploy or an exception. With nothing running it sets no timer and can be put to sleep.
 *
 * @example
 * ```ts
 * import { defineTurnObject } from "turnwire/cloudflare";
 * import { textDelta } from "turnwire";
 *
 * interface Env {
 *   readonly MODEL_KEY: string;
 * }
 *
 * export const TurnObject = defineTurnObject((env: Env) => ({
 *   agents: {
 *     default: async function* ({ input }) {
 *       yield textDelta(`You said: ${String(input.message)}${env.MODEL_KEY === "" ? " (without a model)" : ""}`);
 *     },
 *   },
 * }));
 * ```
 */
export function defineTurnObject<Env = unknown>(
  options: TurnObjectOptions | ((env: Env) => TurnObjectOptions),
): TurnObjectClass<Env> {
  const optionsFor = typeof options === "function" ? options : (): TurnObjectOptions => options;
  if (typeof options !== "function") checkObject("options", options);

  return class implements TurnObject {
    readonly #state: ObjectState;
    readonly #options: TurnObjectOptions;
    readonly #alarm: WakeAlarm;
    readonly #log: (message: string, meta: Record<string, unknown>) => void;
    #engine: RunEngine | undefined;

    constructor(state: ObjectState, env: Env) {
      this.#state = state;
      this.#options = optionsFor(env);
      // One that throws must not keep the alarm from being set again.
      this.#log = safeLog(this.#options.log ?? console.error);
      this.#alarm = new WakeAlarm(state.storage, systemClock, (error) =>
        this.#log("The object's alarm cannot be set", { error }),
      );
      void state.blockConcurrencyWhile(() => this.#alarm.load());
    }

    fetch(request: Request): Promise<Response> {
      return answerCall(request, {
        engine: () => this.#running(),
        isEmpty: this.#isEmpty(),
        log: this.#log,
      });
    }

    alarm(): Promise<void> {
      return this.#alarm.answer(async () => {
        if (this.#isEmpty()) return;
        try {
          await this.#running().recover();
        } catch (error) {
          // The platform tries an alarm that failed a few times and then forgets it: this one is set anew instead.
          this.#log("The object's alarm did nothing; it is set again", { error });
          this.#alarm.want(systemClock.now() + RETRY_ALARM_MS);
        }
      });
    }

    /** Whether nothing was ever opened here. */
    #isEmpty(): boolean {
      if (this.#engine !== undefined) return false;
      const { sql } = this.#state.storage;
      return sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'turnwire_runs'").toArray().length === 0;
    }

    #running(): RunEngine {
      if (this.#engine !== undefined) return this.#engine;
      this.#engine = createRunEngine({
        ...DEFAULTS,
        maxEventBytes: MAX_EVENT_BYTES,
        ...this.#options,
        store: driverStore(storageDriver(this.#state.storage, () => this.#alarm.set())),
        workerId: WORKER_ID,
        wake: (at) => this.#alarm.want(at),
      });
      // Whatever this instance was made for: what the last one left is not kept waiting for the alarm.
      this.#engine.start();
      return this.#engine;
    }
  };
}
