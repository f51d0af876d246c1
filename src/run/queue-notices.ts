import type { EngineCore } from "./engine-core.ts";
import { MAX_POSITION, queuedEvent } from "./open-run.ts";

const EVERY_MS = 1000;

/** Tells readers of runs in the queue where these stand, when that has changed, at most once a second (R1). */
export class QueueNotices {
  readonly #core: EngineCore;
  #positions = new Map<string, number>();
  #sentAt = -Infinity;

  constructor(core: EngineCore) {
    this.#core = core;
  }

  async send(): Promise<void> {
    const now = this.#core.now();
    const { feeds } = this.#core;
    // Either way: a clock that was set back must not silence them until it has caught up.
    if (feeds.readers === 0 || Math.abs(now - this.#sentAt) < EVERY_MS) return;
    this.#sentAt = now;
    const waiting = await this.#core.transact((tx) => tx.waitingRuns(MAX_POSITION));
    const positions = new Map<string, number>();
    waiting.forEach(({ executionId, priority, queueAnnounced }, index) => {
      const feed = feeds.get(executionId);
      if (feed === undefined || !queueAnnounced) return;
      const position = index + 1;
      const told = this.#positions.get(executionId);
      positions.set(executionId, position);
      if (told !== undefined && told !== position) feed.whisper(queuedEvent(this.#core, priority, position));
    });
    this.#positions = positions;
  }
}
