import type { RemoteAgent } from "./orchestrator.ts";

type Event = Readonly<{ type: string; data: Readonly<Record<string, unknown>>; live?: true }>;

const part = (data: Record<string, unknown>, delta?: string): Event => ({
  type: "message.part.updated",
  data: { part: data, ...(delta === undefined ? {} : { delta }) },
});
const text = (id: string, all: string, delta?: string): Event => part({ id, type: "text", text: all }, delta);
const tool = (callID: string, state: Record<string, unknown>): Event =>
  part({ id: `part-${callID}`, type: "tool", callID, tool: "search", state });

/** A run like those that were seen on the real thing, with an event of every type, made up by hand. */
export const recordedEvents: readonly Event[] = [
  { type: "status", data: { status: "running" } },
  { type: "session.updated", data: { session: { id: "s-1", title: "Überschrift 🎉" } } },
  { type: "model-processing", data: { phase: "thinking" } },
  part({ id: "r1", type: "reasoning", text: "Let me" }, "Let me"),
  part({ id: "r1", type: "reasoning", text: "Let me see" }, " see"),
  // Delta and cumulative text, as current senders do.
  text("t1", "Hel", "Hel"),
  text("t1", "Hello", "lo"),
  tool("call-1", { status: "pending", input: {} }),
  tool("call-1", { status: "running", input: { query: "weather" } }),
  { type: "tool-heartbeat", data: { callID: "call-1" } },
  { type: "raw", data: { backend: "opencode", event: { type: "whatever", deep: [1, { two: null }] } } },
  tool("call-1", { status: "completed", input: { query: "weather" }, output: "sunny" }),
  // One that never says how it ended, and one whose end only the result knows.
  tool("call-2", { status: "running", input: { query: "time" } }),
  tool("call-3", { status: "running", input: { query: "place" } }),
  { type: "warning", data: { code: "slow_model", message: "The model is slow\nand says so over\r\ntwo lines" } },
  // Cumulative text alone, in the field that older ones use; then a repeat of it, then a delta alone.
  part({ id: "t2", type: "text", content: ", wor" }),
  part({ id: "t2", type: "text", content: ", wor" }),
  part({ id: "t2", type: "text", content: ", world" }),
  part({ id: "t2", type: "text" }, "! ключ 🎉"),
  {
    type: "interaction",
    data: { request: { id: "q-1", kind: "question", title: "Sure?", answerSpec: { fields: [] } } },
  },
  { type: "interaction.cancel", data: { id: "q-1", reason: "timeout" } },
  { type: "something.from.the.future", data: { kept: ["as", "it", "is"] } },
  { type: "status", data: { status: "completed" } },
  { type: "status", data: { status: "complete" } },
  {
    type: "result",
    data: {
      executionId: "whatever",
      outcome: "completed",
      finalText: "Hello, world! ключ 🎉",
      toolInvocations: [
        { callID: "call-1", toolName: "search", output: "sunny" },
        { callID: "call-3", toolName: "search", output: "here" },
      ],
      tokenUsage: { inputTokens: 11, outputTokens: 22, cacheReadTokens: 7 },
      timing: { durationMs: 1234 },
    },
  },
];

export const recordedText = "Hello, world! ключ 🎉";

export const recordedAgent: RemoteAgent = async function* () {
  yield* recordedEvents;
};
