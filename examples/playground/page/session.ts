import { parseExecutionId } from "turnwire";
import { LiveTurn } from "./live-turn.ts";
import { listTurns, type TurnSummary } from "./server.ts";

/** What was sent and not yet answered, kept in case the page is reloaded in just that moment. */
interface Unanswered {
  readonly sessionId: string;
  readonly turnIndex: number;
  readonly message: string;
  readonly agent: string;
}

const UNANSWERED = "turnwire-unanswered";

/**
 * The conversation that the page shows. Turns that were begun elsewhere (another tab, before a reload) are found in the
 * server's list and attached to; each turn is held once, by its index and attempt.
 */
export class Session {
  readonly id: string;
  readonly #turns = new Map<string, LiveTurn>();
  readonly #changed: () => void;
  #left = false;
  /** Whether the server has told what there is. */
  loaded = false;

  constructor(id: string, changed: () => void) {
    this.id = id;
    this.#changed = changed;
  }

  /** In the order of the conversation. */
  get turns(): readonly LiveTurn[] {
    return [...this.#turns.values()].sort((a, b) => a.turnIndex - b.turnIndex || a.attempt - b.attempt);
  }

  get liveTurn(): LiveTurn | undefined {
    return this.turns.find((turn) => turn.live);
  }

  /** Looks for turns that were begun elsewhere. */
  async refresh(): Promise<readonly TurnSummary[]> {
    const found = await listTurns(this.id);
    if (this.#left) return found;
    for (const { executionId } of found) {
      const { turnIndex, attempt = 0 } = parseExecutionId(executionId);
      const key = `${turnIndex}~${attempt}`;
      const known = this.#turns.get(key);
      if (known === undefined) {
        this.#turns.set(key, new LiveTurn({ turnIndex, attempt }, { executionId }, this.#changed));
      }
    }
    this.#resend();
    this.loaded = true;
    this.#changed();
    return found;
  }

  /** Sends a message as the session's next turn. */
  send(message: string, agent: string): LiveTurn {
    const turnIndex = 1 + Math.max(-1, ...this.turns.map((turn) => turn.turnIndex));
    return this.#start({ sessionId: this.id, turnIndex, message, agent });
  }

  leave(): void {
    this.#left = true;
    for (const turn of this.#turns.values()) turn.leave();
  }

  #start(sent: Unanswered): LiveTurn {
    sessionStorage.setItem(UNANSWERED, JSON.stringify(sent));
    const key = `${sent.turnIndex}~0`;
    const turn = new LiveTurn({ turnIndex: sent.turnIndex, attempt: 0 }, sent, () => {
      // An answer of any kind has come: there is nothing to send again. A refused turn never was, so it makes room.
      if (turn.executionId !== undefined || turn.error !== undefined) sessionStorage.removeItem(UNANSWERED);
      this.#changed();
    });
    this.#turns.set(key, turn);
    this.#changed();
    return turn;
  }

  /** Takes a refused turn off the page, so that its place can be taken by another. */
  forget(turn: LiveTurn): void {
    if (turn.executionId === undefined) this.#turns.delete(`${turn.turnIndex}~${turn.attempt}`);
    this.#changed();
  }

  /** A reload between sending and the first answer: the same turn again is the same execution, so it is safe. */
  #resend(): void {
    const sent = JSON.parse(sessionStorage.getItem(UNANSWERED) ?? "null") as Unanswered | null;
    if (sent === null || sent.sessionId !== this.id) return;
    if (this.#turns.has(`${sent.turnIndex}~0`)) {
      if (!this.loaded) sessionStorage.removeItem(UNANSWERED);
    } else this.#start(sent);
  }
}
