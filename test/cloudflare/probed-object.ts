import {
  defineTurnObject,
  type ObjectNamespace,
  type TurnObject,
  type TurnObjectClass,
  type TurnObjectOptions,
} from "../../src/cloudflare/index.ts";
import { type Clock, systemClock } from "../../src/internal/clock.ts";
import { createDeferred, type Deferred } from "../../src/internal/deferred.ts";
import type { SettledTurn } from "../../src/turn/chat-turn-hooks.ts";
import { CrashPlan, type CrashPoint, type HookName, type ProbeState } from "./crash-plan.ts";
import { writeNote } from "./ledger-object.ts";
import { playSteps } from "./steps-agent.ts";

/** What a test may ask of an object beside what a product may. */
export type ProbeCall =
  /** Where this instance, and those after it, come to their ends. */
  | { readonly probe: "plan"; readonly points: readonly CrashPoint[] }
  | { readonly probe: "gate"; readonly name: string }
  | { readonly probe: "abort" }
  | { readonly probe: "look" };

/** What an object is like from inside. */
export interface ObjectLook {
  /** Of each instance so far, the last being this one. */
  readonly boots: readonly { readonly requests: number; readonly alarms: number }[];
  readonly alarm: number | null;
  /** Of the engine's timers, those that are still to fire. */
  readonly timers: number;
  readonly tables: readonly string[];
  /** How many of its readers this instance knows to have left. */
  readonly left: number;
}

export const PROBE_URL = "https://probe.object/";

export interface ObjectsEnv {
  readonly LEDGER: ObjectNamespace;
}

interface ProbeOptions {
  /** Whether instances are counted in the object's own storage, which is then never empty. */
  readonly records: boolean;
  /** Whether each event that the agent says is stored before the next. */
  readonly paced: boolean;
}

/** The product's object with the agent of these tests, and a way in for them. */
export function probedObject(
  options: Partial<TurnObjectOptions>,
  { records = true, paced = false }: Partial<ProbeOptions> = {},
): TurnObjectClass<ObjectsEnv> {
  return class extends ProbedObject {
    constructor(state: unknown, env: ObjectsEnv) {
      super(state as ProbeState, env, options, { records, paced });
    }
  };
}

class ProbedObject implements TurnObject {
  readonly #state: ProbeState;
  readonly #env: ObjectsEnv;
  readonly #object: TurnObject;
  readonly #plan: CrashPlan;
  readonly #gates = new Map<string, Deferred<void>>();
  readonly #records: boolean;
  readonly #boot: number;
  #timers = 0;
  #left = 0;

  constructor(
    state: ProbeState,
    env: ObjectsEnv,
    options: Partial<TurnObjectOptions>,
    { records, paced }: ProbeOptions,
  ) {
    this.#state = state;
    this.#env = env;
    this.#records = records;
    this.#boot = records ? this.#countBoot() : 1;
    this.#plan = new CrashPlan(state, records ? this.#plannedPoint() : undefined);
    const place = {
      gate: (name: string) => this.#gate(name).promise,
      pace: async () => {
        if (paced) await new Promise((resolve) => setTimeout(resolve));
      },
    };
    const more: TurnObjectOptions = {
      agents: {
        default: {
          replay: "safe",
          stream: (run) => {
            this.#note("agent", { executionId: run.executionId }).catch(console.error);
            return playSteps(run, place);
          },
        },
        once: { replay: "unsafe", stream: (run) => playSteps(run, place) },
      },
      hooks: {
        persistAssistantMessage: (turn) => this.#hook("persist", turn),
        onTurnComplete: (turn) => this.#hook("complete", turn),
        onTurnEnd: (turn) => this.#hook("end", turn),
      },
      ...options,
    };
    // A clock is nothing that a product may give: here it counts the timers.
    const Defined = defineTurnObject<ObjectsEnv>({ ...more, clock: this.#countingClock() } as TurnObjectOptions);
    this.#object = new Defined(this.#plan.watched(), env);
  }

  async fetch(request: Request): Promise<Response> {
    if (request.url === PROBE_URL) return Response.json(await this.#answer((await request.json()) as ProbeCall));
    this.#count("requests");
    request.signal.addEventListener("abort", () => this.#left++);
    return this.#object.fetch(request);
  }

  async alarm(): Promise<void> {
    this.#count("alarms");
    await this.#object.alarm();
  }

  async #answer(call: ProbeCall): Promise<ObjectLook | null> {
    switch (call.probe) {
      case "plan":
        for (const [index, point] of call.points.entries())
          this.#sql("INSERT INTO probe_plan VALUES (?, ?)", this.#boot + index, JSON.stringify(point));
        this.#plan.point = call.points[0];
        return null;
      case "gate":
        this.#gate(call.name).resolve();
        return null;
      case "abort":
        this.#state.abort("As asked");
        return null;
      case "look":
        return {
          boots: this.#records
            ? (this.#sql("SELECT requests, alarms FROM probe_boots ORDER BY n") as unknown as ObjectLook["boots"])
            : [],
          alarm: await this.#state.storage.getAlarm(),
          timers: this.#timers,
          left: this.#left,
          tables: this.#sql("SELECT name FROM sqlite_master WHERE type = 'table'").map(({ name }) => String(name)),
        };
    }
  }

  async #hook(hook: HookName, { executionId = "", finalText, outcome }: SettledTurn): Promise<void> {
    await this.#plan.atHook(hook, "before");
    await this.#note(hook, { executionId, finalText, outcome });
    await this.#plan.atHook(hook, "after");
  }

  #note(
    what: HookName | "agent",
    about: { readonly executionId: string; readonly finalText?: string; readonly outcome?: string },
  ): Promise<void> {
    return writeNote(this.#env.LEDGER, { what, boot: this.#boot, ...about });
  }

  #gate(name: string): Deferred<void> {
    const gate = this.#gates.get(name) ?? createDeferred<void>();
    this.#gates.set(name, gate);
    return gate;
  }

  #countBoot(): number {
    this.#sql("CREATE TABLE IF NOT EXISTS probe_boots (n INTEGER PRIMARY KEY, requests INTEGER, alarms INTEGER)");
    this.#sql("CREATE TABLE IF NOT EXISTS probe_plan (boot INTEGER PRIMARY KEY, point TEXT)");
    const row = this.#sql("INSERT INTO probe_boots (requests, alarms) VALUES (0, 0) RETURNING n")[0];
    // An instance that ends early must have been counted.
    void this.#state.blockConcurrencyWhile(() => this.#state.storage.sync());
    return Number(row?.["n"]);
  }

  #plannedPoint(): CrashPoint | undefined {
    const row = this.#sql("SELECT point FROM probe_plan WHERE boot = ?", this.#boot)[0];
    return row === undefined ? undefined : (JSON.parse(String(row["point"])) as CrashPoint);
  }

  #count(what: "requests" | "alarms"): void {
    if (this.#records) this.#sql(`UPDATE probe_boots SET ${what} = ${what} + 1 WHERE n = ?`, this.#boot);
  }

  #sql(query: string, ...values: unknown[]): Record<string, unknown>[] {
    return this.#state.storage.sql.exec(query, ...values).toArray();
  }

  #countingClock(): Clock {
    return {
      now: () => systemClock.now(),
      after: (ms, callback) => {
        let pending = 1;
        this.#timers++;
        const over = (): void => {
          this.#timers -= pending;
          pending = 0;
        };
        const cancel = systemClock.after(ms, () => {
          over();
          callback();
        });
        return () => {
          over();
          cancel();
        };
      },
    };
  }
}
