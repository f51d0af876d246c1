import { h, setText } from "./dom.ts";
import type { LiveTurn } from "./live-turn.ts";
import { errorText } from "./refusal-text.ts";
import type { ApprovalBlock } from "./turn-record.ts";

const DECIDED: Readonly<Record<string, string>> = {
  approve: "Approved",
  edit: "Approved with another input",
  reject: "Rejected",
  expired: "Nobody answered in time",
};

/** A tool that waits for a person: what it is, why it asks, what it would get, and the three answers. */
export function createApprovalView(
  turn: LiveTurn,
  { approvalId, toolName, input, reason }: ApprovalBlock,
): { readonly element: HTMLElement; update(block: ApprovalBlock): void } {
  const asked = JSON.stringify(input, null, 2);
  const inputId = `input-${approvalId}`;
  const field = h("textarea", {
    id: inputId,
    class: "json",
    rows: asked.split("\n").length,
    spellcheck: "false",
    readonly: true,
    "aria-describedby": `${inputId}-problem`,
  });
  field.value = asked;
  const note = h("input", {
    type: "text",
    id: `note-${approvalId}`,
    maxlength: 500,
    placeholder: "A word to the agent (optional)",
  });
  const problem = h("p", { class: "problem", id: `${inputId}-problem`, role: "alert" });
  const verdict = h("p", { class: "verdict" });

  const approve = h("button", { type: "button", class: "primary", onclick: () => void decide("approve") }, "Approve");
  const edit = h("button", { type: "button", onclick: () => startEditing() }, "Edit");
  const reject = h(
    "button",
    { type: "button", class: "danger", onclick: () => void decide({ reject: note.value }) },
    "Reject",
  );
  const run = h("button", { type: "button", class: "primary", onclick: () => runEdited() }, "Run with this input");
  const back = h("button", { type: "button", onclick: () => stopEditing() }, "Cancel");
  const asking = h("div", { class: "buttons" }, approve, edit, reject);
  const editing = h("div", { class: "buttons", hidden: true }, run, back);
  const noteRow = h(
    "div",
    { class: "note" },
    h("label", { for: note.id, class: "unseen" }, "A word to the agent"),
    note,
  );

  const element = h(
    "section",
    { class: "approval", "aria-label": `Approval: ${toolName}` },
    h("h3", {}, "May it run ", h("code", {}, toolName), "?"),
    reason === undefined ? undefined : h("p", { class: "reason" }, reason),
    h("label", { for: inputId }, "With this input"),
    field,
    problem,
    noteRow,
    asking,
    editing,
    verdict,
  );

  function startEditing(): void {
    setEditing(true);
    field.focus();
  }

  function stopEditing(): void {
    field.value = asked;
    setText(problem, "");
    setEditing(false);
    edit.focus();
  }

  function setEditing(yes: boolean): void {
    field.readOnly = !yes;
    asking.hidden = yes;
    editing.hidden = !yes;
    noteRow.hidden = yes;
  }

  function runEdited(): void {
    let value: unknown;
    try {
      value = JSON.parse(field.value);
    } catch (error) {
      setText(problem, `This is not JSON: ${errorText(error).message}`);
      field.focus();
      return;
    }
    void decide({ edit: value });
  }

  async function decide(decision: Parameters<LiveTurn["decide"]>[1]): Promise<void> {
    setText(problem, "");
    setBusy(true);
    try {
      await turn.decide(approvalId, decision);
    } catch (error) {
      const { message, code } = errorText(error);
      setText(problem, code === undefined ? message : `${message} (${code})`);
      setBusy(false);
    }
  }

  function setBusy(yes: boolean): void {
    for (const button of [approve, edit, reject, run, back]) button.disabled = yes;
  }

  return {
    element,
    update({ decision }) {
      element.dataset["decision"] = decision;
      if (decision === "pending") return;
      setText(problem, "");
      setText(verdict, DECIDED[decision] ?? decision);
      asking.hidden = editing.hidden = noteRow.hidden = true;
      field.readOnly = true;
    },
  };
}
