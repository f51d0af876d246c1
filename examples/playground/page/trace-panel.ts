import { byId, h, setText } from "./dom.ts";
import { EventListView } from "./event-list-view.ts";
import type { LiveTurn } from "./live-turn.ts";
import { serverNow } from "./server.ts";
import { shortTime } from "./time-scale.ts";
import { TimelineView } from "./timeline-view.ts";
import type { LinkNote } from "./trace-lanes.ts";

const PHASES: Readonly<Record<string, string>> = {
  queued: "queued",
  running: "running",
  waiting: "waiting for you",
  stopping: "stopping",
  settling: "settling",
  completed: "completed",
  failed: "failed",
  cancelled: "stopped",
};

/** The trace of one turn: a summary, the timeline, the event under the pointer, and the list of all. */
export class TracePanel {
  readonly #title = byId("trace-title", HTMLElement);
  readonly #summary = byId("trace-summary", HTMLElement);
  readonly #json = byId("trace-json", HTMLElement);
  readonly #timeline: TimelineView;
  readonly #events: EventListView;
  #turn: LiveTurn | undefined;
  #selected: number | undefined;
  #shown = "";

  constructor() {
    const select = (event: number): void => {
      if (event === this.#selected) return;
      this.#selected = event;
      this.update();
    };
    this.#timeline = new TimelineView(select);
    this.#events = new EventListView(select);
    byId("trace-timeline", HTMLElement).append(this.#timeline.element);
    byId("trace-events", HTMLElement).append(this.#events.element);
  }

  show(turn: LiveTurn | undefined): void {
    if (turn === this.#turn) return;
    this.#turn = turn;
    this.#selected = undefined;
    this.update();
  }

  update(): void {
    const turn = this.#turn;
    byId("trace-empty", HTMLElement).hidden = turn !== undefined;
    byId("trace-body", HTMLElement).hidden = turn === undefined;
    setText(this.#title, turn === undefined ? "Trace" : `Trace of turn ${turn.turnIndex}`);
    if (turn === undefined) return;
    const { record, live } = turn;
    this.#summarize(turn);
    this.#timeline.update({
      record,
      links: linksDuring(turn),
      now: live ? serverNow() : undefined,
      selected: this.#selected,
    });
    this.#events.update(record, this.#selected);
    this.#inspect();
  }

  #summarize({ record, live, reconnects, executionId }: LiveTurn): void {
    const { seen } = record;
    const start = seen[0]?.at ?? serverNow();
    const end = live ? serverNow() : (seen.at(-1)?.at ?? start);
    const stored = seen.filter(({ event }) => event.id !== undefined).length;
    const facts: [string, string][] = [
      ["State", PHASES[record.phase] ?? record.phase],
      ["Time", shortTime(Math.max(0, end - start))],
      ["Events", String(stored)],
      ["Attempts", String(record.attempt)],
      ["Reconnects", String(reconnects)],
    ];
    const shown = `${JSON.stringify(facts)}${executionId ?? ""}`;
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#summary.dataset["phase"] = record.phase;
    this.#summary.replaceChildren(
      ...facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
      h(
        "div",
        { class: "whole" },
        h("dt", {}, "Execution"),
        h("dd", {}, h("code", {}, executionId ?? "not known yet")),
      ),
    );
  }

  #inspect(): void {
    const seen = this.#turn?.record.seen ?? [];
    const one = this.#selected === undefined ? undefined : seen[this.#selected];
    const text = one === undefined ? "" : JSON.stringify(one.event, null, 2);
    setText(this.#json, text === "" ? "Point at the timeline, or choose an event below, to read it." : text);
    this.#json.classList.toggle("hint", text === "");
  }
}

/** Later readings of a turn that has ended are no part of its course. */
function linksDuring({ record, links }: LiveTurn): readonly LinkNote[] {
  const end = record.ended ? (record.seen.at(-1)?.at ?? 0) : Infinity;
  const during = links.filter(({ at }) => at <= end);
  return during.length === 0 || during.length === links.length ? during : [...during, { at: end, kind: "over" }];
}
