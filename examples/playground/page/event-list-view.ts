import { h } from "./dom.ts";
import { followEnd } from "./follow-end.ts";
import { shortTime } from "./time-scale.ts";
import { toneOf } from "./trace-lanes.ts";
import type { SeenEvent, TurnRecord } from "./turn-record.ts";

/** The events one below the other, as they came: number, time, type, and what they say in short. */
export class EventListView {
  readonly element = h("ol", { class: "events", "aria-label": "Events" });
  readonly #end = followEnd(this.element);
  readonly #onSelect: (event: number) => void;
  #record: TurnRecord | undefined;
  #rows: { readonly row: HTMLLIElement; dropped: boolean }[] = [];
  #selected: number | undefined;

  constructor(onSelect: (event: number) => void) {
    this.#onSelect = onSelect;
  }

  update(record: TurnRecord, selected: number | undefined): void {
    if (record !== this.#record) {
      this.#record = record;
      this.#rows = [];
      this.#selected = undefined;
      this.element.replaceChildren();
    }
    const { element } = this;
    const start = record.seen[0]?.at ?? 0;
    for (const one of record.seen.slice(this.#rows.length)) {
      const row = this.#rowOf(one, this.#rows.length, start);
      this.#rows.push({ row, dropped: false });
      element.append(row);
    }
    record.seen.forEach(({ dropped }, index) => {
      const shown = this.#rows[index];
      if (shown === undefined || shown.dropped === dropped) return;
      shown.dropped = dropped;
      shown.row.classList.toggle("dropped", dropped);
    });
    if (selected !== this.#selected) this.#select(selected);
    else if (selected === undefined) this.#end.keep();
  }

  #select(selected: number | undefined): void {
    if (this.#selected !== undefined) this.#rows[this.#selected]?.row.classList.remove("selected");
    this.#selected = selected;
    const row = selected === undefined ? undefined : this.#rows[selected]?.row;
    if (row === undefined) return;
    row.classList.add("selected");
    // Only the list itself scrolls: the page stays where it is.
    const { element } = this;
    if (row.offsetTop < element.scrollTop) element.scrollTop = row.offsetTop;
    const below = row.offsetTop + row.offsetHeight - element.clientHeight;
    if (below > element.scrollTop) element.scrollTop = below;
  }

  #rowOf(one: SeenEvent, index: number, start: number): HTMLLIElement {
    const { event, at } = one;
    return h(
      "li",
      {},
      h(
        "button",
        {
          type: "button",
          class: toneOf(one),
          onclick: () => this.#onSelect(index),
          onfocus: () => this.#onSelect(index),
        },
        h("span", { class: "id" }, event.id ?? "–"),
        h("span", { class: "at" }, `+${shortTime(at - start)}`),
        h("span", { class: "type" }, event.type),
        h("span", { class: "gist" }, gistOf(one)),
      ),
    );
  }
}

/** The one thing in an event that a reader looks for. */
function gistOf({ event: { data = {} } }: SeenEvent): string {
  const part = data["part"] as { tool?: string; state?: { status?: string } } | undefined;
  if (typeof data["delta"] === "string") return JSON.stringify(data["delta"]);
  if (part?.tool !== undefined) return `${part.tool}: ${part.state?.status ?? ""}`;
  const found = [
    "state",
    "message",
    "decision",
    "toolName",
    "attempt",
    "agent",
    "text",
    "reason",
    "queuePosition",
  ].find((name) => data[name] !== undefined);
  return found === undefined ? "" : String(data[found]);
}
