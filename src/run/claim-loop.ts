import { claimNext } from "./claim-run.ts";
import type { EngineCore } from "./engine-core.ts";
import type { EngineLife } from "./engine-life.ts";
import type { OwnedRuns } from "./owned-runs.ts";

/**
 * Fills free slots with the runs that wait, in order (R1).
 *
 * Invariants: one claim at a time; a slot is held exactly as long as its run is at work here, and one that was taken for
 * a claim that came to nothing is free again (R2).
 */
export class ClaimLoop {
  readonly #core: EngineCore;
  readonly #life: EngineLife;
  readonly #owned: OwnedRuns;
  #claiming: Promise<void> | undefined;
  #again = false;

  constructor(core: EngineCore, life: EngineLife, owned: OwnedRuns) {
    this.#core = core;
    this.#life = life;
    this.#owned = owned;
  }

  /** To be called whenever a slot or a run may have come free. */
  fill(): void {
    this.#again = true;
    if (this.#claiming !== undefined) return;
    this.#claiming = this.#loop();
  }

  /** Resolves when nothing is being claimed any more. */
  async quiet(): Promise<void> {
    await this.#claiming;
  }

  async #loop(): Promise<void> {
    await this.#owned.ready();
    while (this.#again) {
      this.#again = false;
      while (this.#life.works && this.#core.slots.free) {
        const giveBack = this.#core.slots.take();
        let claimed = false;
        try {
          claimed = await this.#claimOne(giveBack);
        } catch (error) {
          this.#life.trouble("claiming a run", error);
        }
        // The next poll tries again, whatever it was.
        if (!claimed) {
          giveBack();
          break;
        }
      }
    }
    // In the same breath as the last look: a call that comes between the two would be forgotten.
    this.#claiming = undefined;
  }

  async #claimOne(giveBack: () => void): Promise<boolean> {
    const claimed = await this.#core.transact((tx) => claimNext(this.#core, tx));
    if (claimed === undefined) return false;
    const { agent, run, fence, said } = claimed;
    this.#core.announce(run, said);
    void this.#owned.own(run, fence, (owned) => owned.run(agent), giveBack);
    return true;
  }
}
