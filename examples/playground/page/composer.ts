import { byId, h, setText } from "./dom.ts";
import type { AgentInfo } from "./server.ts";

const AGENT = "turnwire-agent";

/** The message box, with whom to ask, Send and Stop. */
export class Composer {
  readonly #form = byId("composer", HTMLFormElement);
  readonly #message = byId("message", HTMLTextAreaElement);
  readonly #agent = byId("agent", HTMLSelectElement);
  readonly #about = byId("agent-about", HTMLElement);
  readonly #send = byId("send", HTMLButtonElement);
  readonly #stop = byId("stop", HTMLButtonElement);
  #agents: readonly AgentInfo[] = [];

  /** `send` says whether it took the message. */
  constructor(on: { readonly send: (message: string, agent: string) => boolean; readonly stop: () => void }) {
    const submit = (): void => {
      const text = this.#message.value.trim();
      // The second click of a double click meets an empty box.
      if (text === "" || this.#agent.value === "" || !on.send(text, this.#agent.value)) return;
      this.#message.value = "";
      this.#grow();
    };
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      submit();
    });
    this.#message.addEventListener("keydown", (event) => {
      // While a word is being composed (an accent, a Chinese character), Enter belongs to that.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      submit();
    });
    this.#message.addEventListener("input", () => this.#grow());
    this.#stop.addEventListener("click", on.stop);
    this.#agent.addEventListener("change", () => {
      localStorage.setItem(AGENT, this.#agent.value);
      this.#describeAgent();
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !this.#stop.disabled) on.stop();
    });
  }

  setAgents(agents: readonly AgentInfo[]): void {
    if (JSON.stringify(agents) === JSON.stringify(this.#agents)) return;
    this.#agents = agents;
    const wanted = this.#agent.value || (localStorage.getItem(AGENT) ?? "");
    this.#agent.replaceChildren(...agents.map(({ name, title }) => h("option", { value: name }, title)));
    this.#agent.value = agents.some(({ name }) => name === wanted) ? wanted : (agents[0]?.name ?? "");
    this.#describeAgent();
  }

  /** Chooses an agent and puts a message in the box, for the person to send. */
  suggest({ name, example }: AgentInfo): void {
    this.#agent.value = name;
    localStorage.setItem(AGENT, name);
    this.#message.value = example;
    this.#describeAgent();
    this.#grow();
    this.#message.focus();
  }

  /** Busy: a turn is under way; it can be stopped, and no other begun. */
  setBusy(busy: boolean, stoppable: boolean): void {
    this.#send.disabled = busy;
    // A button that is disabled under the keyboard's focus would lose it.
    if (!stoppable && document.activeElement === this.#stop) this.#message.focus();
    this.#stop.disabled = !stoppable;
  }

  focus(): void {
    this.#message.focus();
  }

  #describeAgent(): void {
    setText(this.#about, this.#agents.find(({ name }) => name === this.#agent.value)?.about ?? "");
  }

  #grow(): void {
    this.#message.style.height = "auto";
    this.#message.style.height = `${Math.min(this.#message.scrollHeight + 2, 200)}px`;
  }
}
