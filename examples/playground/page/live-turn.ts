import { createTurnClient, type TurnClient, type TurnStream } from "turnwire/client";
import { errorText } from "./refusal-text.ts";
import { API, readTimes, serverNow } from "./server.ts";
import type { LinkNote } from "./trace-lanes.ts";
import { TurnRecord } from "./turn-record.ts";

/** How a turn's connection is, as the page shows it. */
export type LinkState = "connecting" | "streaming" | "waiting" | "reconnecting" | "ended" | "given up";

export type TurnPlace = { readonly turnIndex: number; readonly attempt: number };

type Beginning =
  { readonly executionId: string } | { readonly sessionId: string; readonly message: string; readonly agent: string };

const STATUS_EVERY_MS = 100;

/**
 * One turn of the session on this page: what it has said, how the connection to it is, and the ways to act on it.
 * The client reconnects by itself; this only watches it do so.
 */
export class LiveTurn {
  readonly record = new TurnRecord();
  readonly links: LinkNote[] = [];
  readonly turnIndex: number;
  readonly attempt: number;
  executionId: string | undefined;
  /** Tries in a row that found nobody. */
  failedTries = 0;
  /** Why the client gave up, or was refused. */
  error: { readonly message: string; readonly code: string | undefined } | undefined;
  readonly #changed: () => void;
  readonly #client: TurnClient;
  /** Whether events may come long after they were said: the turn began before this page, or the connection was lost. */
  #cameLate: boolean;
  #stream: TurnStream;

  constructor(place: TurnPlace, beginning: Beginning, changed: () => void) {
    this.turnIndex = place.turnIndex;
    this.attempt = place.attempt;
    this.#changed = changed;
    this.#cameLate = "executionId" in beginning;
    this.#client = createTurnClient({
      baseUrl: API,
      fetch: (url, init) => this.#fetch(url, init),
      // The server is killed for fun here: tries go on for long, and a try a second or two is soon enough.
      retry: { baseMs: 300, maxMs: 2_000, attempts: 1_000 },
      stallMs: 12_000,
    });
    if ("executionId" in beginning) {
      this.executionId = beginning.executionId;
      this.#stream = this.#client.attach(beginning.executionId);
    } else {
      const { sessionId, message, agent } = beginning;
      this.record.question = message;
      this.record.agent = agent;
      const again = place.attempt === 0 ? {} : { attempt: place.attempt };
      this.#stream = this.#client.start({ sessionId, turnIndex: place.turnIndex, message, agent, ...again });
    }
    void this.#follow();
  }

  get link(): LinkState {
    return this.error !== undefined && !this.record.ended ? "given up" : this.#stream.status;
  }

  get live(): boolean {
    return !this.record.ended && this.error === undefined;
  }

  get reconnects(): number {
    return this.links.filter(({ kind }) => kind === "lost").length;
  }

  stop(): Promise<void> {
    return this.#stream.cancel("Stopped on the page");
  }

  decide(approvalId: string, decision: { edit: unknown } | { reject: string } | "approve"): Promise<void> {
    if (decision === "approve") return this.#stream.approve(approvalId);
    if ("edit" in decision) return this.#stream.edit(approvalId, decision.edit);
    return this.#stream.reject(approvalId, decision.reject === "" ? undefined : decision.reject);
  }

  /** Reads on where it is, after the client gave up. */
  reconnect(): void {
    if (this.executionId === undefined) return;
    const after = this.record.seen.findLast(({ event }) => event.id !== undefined)?.event.id;
    this.error = undefined;
    this.#stream = this.#client.attach(this.executionId, after === undefined ? {} : { after });
    void this.#follow();
  }

  leave(): void {
    this.#stream.detach();
  }

  async #follow(): Promise<void> {
    const stream = this.#stream;
    const watch = setInterval(() => this.#watchStatus(), STATUS_EVERY_MS);
    try {
      stream.executionId.then(
        (id) => {
          this.executionId = id;
          this.#changed();
        },
        () => undefined,
      );
      let last = 0;
      let times = new Map<number, number>();
      let through = 0;
      for await (const event of stream) {
        // A heartbeat says that the connection lives, and nothing about the turn.
        if (event.type === "session.run.heartbeat") continue;
        if (this.#cameLate && this.executionId !== undefined) {
          // What was said while nobody was connected has its time on record.
          this.#cameLate = false;
          times = await readTimes(this.executionId).catch(() => times);
          through = Math.max(0, ...times.keys());
        }
        // One that was stored right before a crash may have no time of its own: it has its neighbour's.
        const onRecord = Number(event.id) <= through;
        const at = times.get(Number(event.id)) ?? (onRecord ? last : serverNow());
        last = Math.max(last, at);
        this.record.add(event, last);
        this.#changed();
      }
    } catch (error) {
      if (!this.record.ended) this.error = errorText(error);
    } finally {
      clearInterval(watch);
      if (this.links.at(-1)?.kind !== "over") this.#note("over");
      this.#changed();
    }
  }

  async #fetch(url: string, init: RequestInit): Promise<Response> {
    const isStream = /\/(turns|events)(\?|$)/.test(url);
    if (!isStream) return fetch(url, init);
    this.#note("trying");
    try {
      const response = await fetch(url, init);
      if (response.ok) {
        this.failedTries = 0;
        if (this.links.some(({ kind }) => kind === "lost")) this.#cameLate = true;
        this.#note("open");
      } else if (response.status >= 500) this.#tryFailed();
      return response;
    } catch (error) {
      if (init.signal?.aborted !== true) this.#tryFailed();
      throw error;
    }
  }

  #tryFailed(): void {
    this.failedTries++;
    if (this.links.findLast(({ kind }) => kind !== "trying")?.kind !== "lost") this.#note("lost");
    this.#changed();
  }

  #lastStatus: string | undefined;

  #watchStatus(): void {
    const { status } = this.#stream;
    if (status === this.#lastStatus) return;
    this.#lastStatus = status;
    if (status === "reconnecting" && this.links.at(-1)?.kind === "open") this.#note("lost");
    this.#changed();
  }

  #note(kind: LinkNote["kind"]): void {
    this.links.push({ at: serverNow(), kind });
  }
}
