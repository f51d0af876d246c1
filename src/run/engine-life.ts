import { TurnError } from "../errors.ts";
import type { EngineCore } from "./engine-core.ts";

/**
 * Job: whether the engine works, what it does again and again while it does, and how it tells of a store that fails it.
 *
 * Invariants: it goes from `new` over `started` and `stopping` to `stopped`, never back; a repeated step is at work once
 * at a time; nothing is repeated after the end.
 */
export class EngineLife {
  readonly #core: EngineCore;
  readonly #timers = new Set<() => void>();
  #state: "new" | "started" | "stopping" | "stopped" = "new";
  #storeTrouble = false;

  constructor(core: EngineCore) {
    this.#core = core;
  }

  get isNew(): boolean {
    return this.#state === "new";
  }

  /** Whether runs may be taken. */
  get works(): boolean {
    return this.#state === "started";
  }

  /** False when it has begun before. Refused once it was stopped. */
  begin(): boolean {
    this.refuseWhenStopped();
    if (this.#state !== "new") return false;
    this.#state = "started";
    return true;
  }

  /** From here on nothing new is taken; what is at work goes on, and so do the repeated steps that serve it. */
  beginToStop(): void {
    this.#state = "stopping";
  }

  end(): void {
    this.#state = "stopped";
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  refuseWhenStopped(): void {
    if (this.#state === "stopping" || this.#state === "stopped") throw stoppedError();
  }

  /** Does something again and again until the end, one at a time. */
  every(ms: number, what: string, body: () => Promise<unknown>): void {
    const { clock } = this.#core.options;
    let cancel = clock.after(ms, tick);
    const forget = (): void => cancel();
    this.#timers.add(forget);
    const again = (): void => {
      if (this.#state !== "stopped") cancel = clock.after(ms, tick);
    };
    const attempt = async (): Promise<void> => {
      try {
        await body();
      } catch (error) {
        this.trouble(what, error);
      }
      again();
    };
    function tick(): void {
      void attempt();
    }
  }

  /** Does something that nobody waits for. */
  background(what: string, body: () => Promise<unknown>): void {
    body().catch((error: unknown) => this.trouble(what, error));
  }

  /** The store's trouble is told once, not at every look. */
  trouble(what: string, error: unknown): void {
    if (this.#storeTrouble || this.#state === "stopped") return;
    this.#storeTrouble = true;
    this.#core.options.log(`The run engine failed at ${what}; it tries again`, { error });
  }

  /** The store answers again. */
  troubleIsOver(): void {
    this.#storeTrouble = false;
  }
}

export function stoppedError(): TurnError {
  return new TurnError("closed", "The run engine was stopped");
}
