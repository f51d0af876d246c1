import { createApprovalView } from "./approval-view.ts";
import { h, setText } from "./dom.ts";
import type { LiveTurn } from "./live-turn.ts";
import type { Block, ToolView } from "./turn-record.ts";

const PHASE_WORDS: Readonly<Record<string, string>> = {
  queued: "Queued",
  running: "Answering",
  waiting: "Waiting for you",
  stopping: "Stopping",
  settling: "Saving",
  completed: "Done",
  failed: "Failed",
  cancelled: "Stopped",
};

interface BlockView {
  readonly key: string;
  readonly element: HTMLElement;
  update(block: Block): void;
}

/** One turn in the conversation: the question, the answer's pieces in their order, and what became of it. */
export class TurnView {
  readonly element: HTMLElement;
  readonly #turn: LiveTurn;
  readonly #question = h("p", { class: "question" });
  readonly #answer = h("div", { class: "answer" });
  readonly #state = h("span", { class: "state" });
  readonly #meta = h("span", { class: "meta" });
  readonly #failure = h("p", { class: "failure", role: "alert", hidden: true });
  readonly #select: HTMLButtonElement;
  #blocks: BlockView[] = [];

  constructor(turn: LiveTurn, on: { readonly select: () => void; readonly showTrace: () => void }) {
    this.#turn = turn;
    this.#select = h("button", { type: "button", class: "link", onclick: on.showTrace }, "Trace");
    this.element = h(
      "article",
      { class: "turn", "aria-label": `Turn ${turn.turnIndex}`, onfocusin: on.select, onclick: on.select },
      this.#question,
      this.#answer,
      this.#failure,
      h("footer", {}, this.#state, this.#meta, this.#select),
    );
  }

  update(selected: boolean): void {
    const { record, error } = this.#turn;
    this.element.dataset["phase"] = record.phase;
    this.element.classList.toggle("selected", selected);
    this.#select.setAttribute("aria-pressed", String(selected));
    this.#question.hidden = record.question === undefined;
    setText(this.#question, record.question ?? "");
    this.#updateBlocks(record.blocks);
    this.#answer.classList.toggle("busy", record.phase === "running" && error === undefined);
    setText(
      this.#state,
      error !== undefined && !record.ended ? "Refused" : (PHASE_WORDS[record.phase] ?? record.phase),
    );
    setText(this.#meta, this.#metaText());
    const failure = record.phase === "failed" ? record.failure : error;
    this.#failure.hidden = failure === undefined;
    if (failure === undefined) return;
    const code = failure.code === undefined ? [] : [h("code", {}, failure.code)];
    if (this.#failure.dataset["said"] === failure.message) return;
    this.#failure.dataset["said"] = failure.message;
    this.#failure.replaceChildren(h("span", {}, failure.message), ...code);
  }

  #metaText(): string {
    const { record, turnIndex } = this.#turn;
    const attempt = record.attempt > 1 ? ` · attempt ${record.attempt}` : "";
    return `turn ${turnIndex}${record.agent === undefined ? "" : ` · ${record.agent}`}${attempt}`;
  }

  #updateBlocks(blocks: readonly Block[]): void {
    blocks.forEach((block, index) => {
      const key = keyOf(block);
      let view = this.#blocks[index];
      if (view?.key !== key) {
        // Pieces only ever come at the end, unless a restart took some back.
        for (const stale of this.#blocks.splice(index)) stale.element.remove();
        view = createBlockView(this.#turn, block, key);
        this.#blocks.push(view);
        this.#answer.append(view.element);
      }
      view.update(block);
    });
    for (const stale of this.#blocks.splice(blocks.length)) stale.element.remove();
  }
}

function keyOf(block: Block): string {
  switch (block.kind) {
    case "text":
      return "text";
    case "tool":
      return `tool ${block.callId}`;
    case "approval":
      return `approval ${block.approvalId}`;
  }
}

function createBlockView(turn: LiveTurn, block: Block, key: string): BlockView {
  switch (block.kind) {
    case "text": {
      const element = h("p", { class: "text" });
      return { key, element, update: (now) => now.kind === "text" && setText(element, now.text) };
    }
    case "tool":
      return { key, ...createToolView(block.tool) };
    case "approval": {
      const view = createApprovalView(turn, block);
      return { key, element: view.element, update: (now) => now.kind === "approval" && view.update(now) };
    }
  }
}

function createToolView(tool: string): Omit<BlockView, "key"> {
  const status = h("span", { class: "tool-status" });
  const input = h("pre", { class: "json" });
  const output = h("pre", { class: "json" });
  const outputLabel = h("p", { class: "label" });
  const element = h(
    "details",
    { class: "tool" },
    h("summary", {}, h("code", {}, tool), status),
    h("p", { class: "label" }, "Input"),
    input,
    outputLabel,
    output,
  );
  return {
    element,
    update(block) {
      if (block.kind !== "tool") return;
      const { state } = block;
      element.dataset["status"] = state.status;
      setText(status, state.status === "error" ? (state.error ?? "failed") : state.status);
      setText(input, JSON.stringify(state.input, null, 2) ?? "");
      const result = resultOf(state);
      outputLabel.hidden = output.hidden = result === undefined;
      setText(outputLabel, state.error === undefined ? "Output" : "Error");
      setText(output, result ?? "");
    },
  };
}

function resultOf({ output, error }: ToolView): string | undefined {
  return error ?? (output === undefined ? undefined : JSON.stringify(output, null, 2));
}
