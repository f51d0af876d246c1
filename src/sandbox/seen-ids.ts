import { TurnError } from "../errors.ts";
import type { SandboxEvent } from "./sandbox-sdk.ts";

const DECIMAL = /^(?:0|[1-9]\d*)$/;
/** How many ids that cannot be compared are remembered: more than a connection repeats. */
const REMEMBERED = 4096;
const FIRST_TYPES: ReadonlySet<string> = new Set(["start", "execution.started"]);

/**
 * Which events a reader has: repeats are passed over, and where a connection begins, a hole is found out (S2, S4).
 *
 * Ids are opaque, but where they count up by one, that is made use of: nothing else shows that the sandbox has dropped
 * the events between a cursor and what it now sends.
 */
export class SeenIds {
  /** The last id; what the next connection asks for. */
  last: string;
  /** Whether the cursor is the start or an event that this reader saw, rather than something that a client said. */
  #sure: boolean;
  #countsByOne = true;
  /** The last id as a number; NaN where ids do not count. */
  #number = NaN;
  #atSeam = true;
  readonly #others = new Set<string>();

  constructor(after: string, sure: boolean = after === "0") {
    this.last = after;
    this.#sure = sure;
  }

  /** Whether the cursor is known to be one of this log's. */
  get sure(): boolean {
    return this.#sure;
  }

  connected(): void {
    this.#atSeam = true;
  }

  /** Whether the event is new. Throws `cursor-gap` and `cursor-ahead`. */
  take({ id, type }: SandboxEvent): boolean {
    if (id === undefined || id === "") return true;
    const number = Number(id);
    // The usual event: the next one where ids are seen to count.
    if (number === this.#number + 1) {
      this.last = id;
      this.#number = number;
      this.#atSeam = false;
      return true;
    }
    return DECIMAL.test(id) ? this.#takeNumber(id, type) : this.#takeOther(id);
  }

  #takeNumber(id: string, type: string): boolean {
    const { last } = this;
    if (!DECIMAL.test(last)) {
      if (!this.#sure) throw unknownCursor(last);
      return this.#takeOther(id);
    }
    const step = distance(last, id);
    if (step <= 0) {
      // Some connections begin with the event of the cursor itself.
      if (!this.#sure && step < 0) throw unknownCursor(last);
      return false;
    }
    const isStart = last === "0" && FIRST_TYPES.has(type);
    if (step > 1 && !isStart) {
      if (this.#atSeam && this.#countsByOne) throw gap(last, id);
      this.#countsByOne = false;
    }
    this.#accept(id);
    return true;
  }

  #takeOther(id: string): boolean {
    if (id === this.last || this.#others.has(id)) return false;
    this.#others.add(id);
    if (this.#others.size > REMEMBERED) {
      for (const oldest of this.#others) {
        this.#others.delete(oldest);
        break;
      }
    }
    this.#accept(id);
    return true;
  }

  #accept(id: string): void {
    this.last = id;
    const number = DECIMAL.test(id) ? Number(id) : NaN;
    this.#number = Number.isSafeInteger(number + 1) ? number : NaN;
    this.#sure = true;
    this.#atSeam = false;
  }
}

/** How far one decimal lies after another; of numbers too large to count with, only the direction. */
function distance(from: string, to: string): number {
  if (from.length <= 15 && to.length <= 15) return Number(to) - Number(from);
  const step = BigInt(to) - BigInt(from);
  return step > 2n ? 2 : step < -1n ? -1 : Number(step);
}

function gap(last: string, id: string): TurnError {
  const from = last === "0" ? "The first events" : `The events after ${last}`;
  return new TurnError("cursor-gap", `${from} are gone from the sandbox's buffer, which now begins with ${id}`);
}

export function unknownCursor(cursor: string): TurnError {
  return new TurnError("cursor-ahead", `The execution has no event ${JSON.stringify(cursor)}`);
}
