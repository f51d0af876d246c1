import { svg } from "./dom.ts";
import { createTimeScale, shortTime, type TimeScale } from "./time-scale.ts";
import { type Lane, lanesOf, type LinkNote, type Span, toneOf } from "./trace-lanes.ts";
import type { TurnRecord } from "./turn-record.ts";

const GUTTER = 56;
const RIGHT = 10;
const ROW = 20;
const LANE_GAP = 9;
const TOP = 6;
const EVENTS_HEIGHT = 22;
const AXIS_HEIGHT = 24;
/** About how wide a letter is. */
const LETTER = 6.4;

export interface TimelineInput {
  readonly record: TurnRecord;
  readonly links: readonly LinkNote[];
  /** While the turn lives, time goes on. */
  readonly now: number | undefined;
  /** The place of the selected event. */
  readonly selected: number | undefined;
}

/**
 * The turn on an axis of time: a lane for what it was up to, one for text, tools, people and the page's connection, and
 * below them every event as a line. The pointer and the arrow keys move along the events.
 */
export class TimelineView {
  readonly element = svg("svg", {
    class: "timeline",
    role: "slider",
    tabindex: 0,
    "aria-label": "Events in time",
    "aria-orientation": "horizontal",
  });
  #input: TimelineInput | undefined;
  #places: readonly number[] = [];
  #width = 0;

  constructor(onSelect: (event: number) => void) {
    const { element } = this;
    element.addEventListener("pointermove", (event) => {
      const nearest = this.#nearest(event.offsetX);
      if (nearest !== undefined) onSelect(nearest);
    });
    element.addEventListener("keydown", (event) => {
      const count = this.#places.length;
      if (count === 0) return;
      const at = this.#input?.selected ?? count - 1;
      const to = { ArrowLeft: at - 1, ArrowRight: at + 1, PageUp: at - 10, PageDown: at + 10, Home: 0, End: count - 1 }[
        event.key
      ];
      if (to === undefined) return;
      event.preventDefault();
      onSelect(Math.min(count - 1, Math.max(0, to)));
    });
    new ResizeObserver(([entry]) => {
      this.#width = entry?.contentRect.width ?? 0;
      if (this.#input !== undefined) this.update(this.#input);
    }).observe(element);
  }

  update(input: TimelineInput): void {
    this.#input = input;
    if (this.#width < GUTTER * 2) return;
    const { record, links, now } = input;
    const lanes = lanesOf(record, links);
    const moments = [...record.seen.map(({ at }) => at), ...links.map(({ at }) => at)];
    const scale = createTimeScale(moments, now);
    const x = (at: number): number => GUTTER + scale.place(at) * (this.#width - GUTTER - RIGHT);
    this.#places = record.seen.map(({ at }) => x(at));

    let y = TOP;
    const drawn: SVGElement[] = [];
    for (const lane of lanes) {
      drawn.push(this.#laneOf(lane, y, x, now ?? Math.max(...moments)));
      y += lane.rows * ROW + LANE_GAP;
    }
    const eventsAt = y;
    drawn.push(this.#eventsOf(input, eventsAt));
    y += EVENTS_HEIGHT;
    const height = y + AXIS_HEIGHT;
    const behind = [axisOf(scale, x, y, this.#width), ...foldsOf(scale, x, y)];
    this.element.setAttribute("height", String(height));
    this.element.setAttribute("viewBox", `0 0 ${this.#width} ${height}`);
    this.element.replaceChildren(...behind, ...drawn, ...this.#cursorOf(input, y));
    this.#describe(input);
  }

  #laneOf({ name, spans, rows }: Lane, y: number, x: (at: number) => number, end: number): SVGElement {
    const height = rows * ROW;
    return svg(
      "g",
      { class: "lane" },
      svg("rect", { class: "ground", x: GUTTER, y, width: Math.max(0, this.#width - GUTTER - RIGHT), height, rx: 4 }),
      svg("text", { class: "lane-name", x: 0, y: y + ROW / 2 }, name),
      ...spans.map((span) => spanOf(span, y + span.row * ROW, x(span.from), x(span.to ?? end))),
    );
  }

  #eventsOf({ record: { seen } }: TimelineInput, y: number): SVGElement {
    const lines = new Map<string, string>();
    seen.forEach((one, index) => {
      const tone = toneOf(one);
      const at = (this.#places[index] ?? 0).toFixed(1);
      lines.set(tone, `${lines.get(tone) ?? ""}M${at} ${y + 3}v${EVENTS_HEIGHT - 8}`);
    });
    return svg(
      "g",
      { class: "lane" },
      svg("text", { class: "lane-name", x: 0, y: y + EVENTS_HEIGHT / 2 - 1 }, "Events"),
      ...[...lines].map(([tone, d]) => svg("path", { class: `tick ${tone}`, d })),
    );
  }

  #cursorOf({ selected }: TimelineInput, bottom: number): SVGElement[] {
    const at = selected === undefined ? undefined : this.#places[selected];
    if (at === undefined) return [];
    return [svg("line", { class: "cursor", x1: at, x2: at, y1: TOP - 4, y2: bottom })];
  }

  #nearest(x: number): number | undefined {
    let nearest: number | undefined;
    let distance = Infinity;
    this.#places.forEach((place, index) => {
      const away = Math.abs(place - x);
      if (away > distance) return;
      nearest = index;
      distance = away;
    });
    return nearest;
  }

  #describe({ record: { seen }, selected }: TimelineInput): void {
    const at = selected ?? seen.length - 1;
    const one = seen[at];
    this.element.setAttribute("aria-valuemin", "0");
    this.element.setAttribute("aria-valuemax", String(Math.max(0, seen.length - 1)));
    this.element.setAttribute("aria-valuenow", String(Math.max(0, at)));
    if (one === undefined) return;
    const since = shortTime(one.at - (seen[0]?.at ?? one.at));
    this.element.setAttribute("aria-valuetext", `${one.event.type}, ${since} after the start`);
  }
}

function spanOf({ tone, label, from, to }: Span, y: number, left: number, right: number): SVGElement {
  const isMoment = to === from;
  const width = Math.max(isMoment ? 5 : 3, right - left);
  const x = isMoment && tone !== "text" ? left - 2.5 : left;
  const fits = label.length * LETTER + 10 <= width;
  const lasted = to === undefined || isMoment ? "" : ` for ${shortTime(to - from)}`;
  return svg(
    "g",
    { class: `span ${tone}${to === undefined ? " open" : ""}` },
    svg("title", {}, `${label}${lasted}`),
    svg("rect", { x, y: y + 2, width, height: ROW - 4, rx: 3 }),
    fits ? svg("text", { x: x + 6, y: y + ROW / 2 }, label) : undefined,
  );
}

function axisOf({ ticks, start }: TimeScale, x: (at: number) => number, bottom: number, width: number): SVGElement {
  let free = 0;
  return svg(
    "g",
    { class: "axis" },
    svg("line", { class: "base", x1: GUTTER, x2: width - RIGHT, y1: bottom, y2: bottom }),
    ...ticks.flatMap((tick) => {
      const at = x(start + tick);
      const label = tick === 0 ? "0" : shortTime(tick);
      const half = (label.length * LETTER) / 2;
      if (at - half < free || at + half > width) return [];
      free = at + half + 8;
      return [
        svg("line", { class: "grid", x1: at, x2: at, y1: TOP, y2: bottom }),
        svg("text", { x: at, y: bottom + 14 }, label),
      ];
    }),
  );
}

/** Where a long silence was made short. */
function foldsOf({ folds }: TimeScale, x: (at: number) => number, bottom: number): SVGElement[] {
  return folds.map(({ from, to }) =>
    svg(
      "g",
      { class: "fold" },
      svg("rect", { x: x(from), y: TOP, width: Math.max(0, x(to) - x(from)), height: bottom - TOP }),
      svg("text", { x: (x(from) + x(to)) / 2, y: bottom + 14 }, `⋯ ${shortTime(to - from)}`),
    ),
  );
}
