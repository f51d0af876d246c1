/**
 * What a script agent's script is called by; the script itself is the module that it imports. Text: it runs in the VM.
 * `forward` says each answer from where it has said it to, as a run may have begun before anybody heard; and the last one
 * at the end, where it was not streamed or had ended before.
 */
export const agentRunner = (fileName: string): string => /* js */ `
import * as script from ${JSON.stringify(fileName)};
import { engines, tools } from "turnwire";
import host from "turnwire:host";
export default async (turn, given) => {
  if (typeof script.default !== "function") {
    throw new TypeError("The script must export a default function: export default async (turn, ctx) => …");
  }
  const { emit, saveCheckpoint, signal, identity, executionId, tags, deadline } = given;
  const part = (type, delta) => emit({ type: "message.part.updated", data: { part: { type }, delta: String(delta) } });
  const tool = (state, { id, name }) =>
    emit({ type: "message.part.updated", data: { part: { type: "tool", callID: id, tool: name, state } } });
  const ctx = {
    identity, executionId, tags, signal, emit, saveCheckpoint,
    text: (delta) => part("text", delta),
    requestApproval: (request) => emit({ type: "approval.requested", data: request }).then(() => undefined),
    engines: Object.fromEntries(host.engines.map((name) => [name, engines.host(name)])),
    tools: tools.createRegistry().useHost(...host.tools.map(({ name }) => name)),
    async forward(handle) {
      let said = 0;
      const calls = new Map();
      handle
        .on("partial", ({ delta, completion }) => {
          const from = completion.length - String(delta).length < said ? 0 : said;
          said = completion.length;
          return part("text", completion.slice(from));
        })
        .on("partial-thinking", ({ delta }) => part("reasoning", delta))
        .on("tool-call-execute", ({ toolCall }) => {
          calls.set(toolCall.id, toolCall);
          return tool({ status: "running", input: toolCall.input }, toolCall);
        })
        .on("tool-call-execution-result", ({ toolResult: { id, result, error } }) => {
          const call = calls.get(id) ?? { id, name: "" };
          const input = call.input;
          said = 0;
          return tool(error === undefined ? { status: "completed", input, output: result } : { status: "error", input, error }, call);
        });
      const answer = await handle.promise;
      const last = answer.blocks.findLastIndex(({ kind }) => kind === "user" || kind === "tool_use");
      const texts = answer.blocks.slice(last + 1).filter(({ kind }) => kind === "llm_text");
      const text = texts.map(({ payload }) => (typeof payload?.text === "string" ? payload.text : "")).join("");
      if (said === 0 && text !== "") await part("text", text);
      return answer;
    },
  };
  if (deadline !== undefined) ctx.deadline = deadline;
  const answer = await script.default(turn, ctx);
  return typeof answer === "string" ? answer : undefined;
};
`;
