import { byId, h, setText } from "./dom.ts";
import { addressOf, rememberedSessions } from "./remembered-sessions.ts";

/** What is going on in a session. */
export interface SessionActivity {
  readonly running: number;
  readonly waiting: number;
  readonly turns: number;
  /** How its last turn ended. */
  readonly last: string | undefined;
}

/** What runs and what ran, from the states of a session's turns, newest first. */
export function activityOf(states: readonly string[]): SessionActivity {
  const live = states.filter((state) => !["completed", "failed", "cancelled"].includes(state));
  const waiting = live.filter((state) => state.startsWith("waiting")).length;
  return { running: live.length - waiting, waiting, turns: states.length, last: states[0] };
}

/** The sessions that this browser knows, with what runs in them. */
export class SessionList {
  readonly #list = byId("sessions", HTMLElement);
  readonly #running = byId("running", HTMLElement);
  #shown = "";

  update(current: string, activities: ReadonlyMap<string, SessionActivity>): void {
    const remembered = rememberedSessions();
    const known = remembered.some(({ id }) => id === current);
    const all = known ? remembered : [{ id: current, title: "", at: 0 }, ...remembered];
    const shown = JSON.stringify([current, all, [...activities]]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const focused = document.activeElement?.getAttribute("href");
    this.#list.replaceChildren(
      ...all.map(({ id, title }) => this.#rowOf(id, title, id === current, activities.get(id))),
    );
    if (focused?.startsWith("#s=")) this.#list.querySelector<HTMLElement>(`[href="${CSS.escape(focused)}"]`)?.focus();
    const sum = (of: "running" | "waiting"): number =>
      [...activities.values()].reduce((total, one) => total + one[of], 0);
    const [running, waiting] = [sum("running"), sum("waiting")];
    const words = [running > 0 ? `${running} running` : "", waiting > 0 ? `${waiting} waiting for you` : ""];
    setText(this.#running, words.filter((one) => one !== "").join(", ") || "Nothing runs");
    this.#running.dataset["busy"] = String(running + waiting > 0);
  }

  #rowOf(id: string, title: string, isCurrent: boolean, activity: SessionActivity | undefined): HTMLElement {
    const state = stateOf(activity);
    return h(
      "li",
      {},
      h(
        "a",
        { href: addressOf(id), "aria-current": isCurrent ? "page" : undefined, "data-state": state.name },
        h("span", { class: "dot", "aria-hidden": "true" }),
        h("span", { class: "title" }, title === "" ? "New conversation" : title),
        h("span", { class: "detail" }, state.words),
      ),
    );
  }
}

function stateOf(activity: SessionActivity | undefined): { readonly name: string; readonly words: string } {
  if (activity === undefined || activity.turns === 0) return { name: "empty", words: "no turns yet" };
  const turns = activity.turns === 1 ? "1 turn" : `${activity.turns} turns`;
  if (activity.waiting > 0) return { name: "waiting", words: `${turns} · waiting for you` };
  if (activity.running > 0) return { name: "running", words: `${turns} · running` };
  if (activity.last === "failed") return { name: "failed", words: `${turns} · failed` };
  return { name: "quiet", words: activity.last === "cancelled" ? `${turns} · stopped` : turns };
}
