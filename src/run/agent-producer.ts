import type { AgentObject, AgentRun } from "../agent/agent.ts";
import { textDelta } from "../event/known-events.ts";
import type { TextAccumulator } from "../event/text-accumulator.ts";
import type { TurnEvent } from "../event/turn-event.ts";
import { describeThrown } from "../turn/describe-error.ts";
import type { TurnProducer } from "../turn/turn-producer.ts";

/** An agent's run as a turn's producer. The answer is read off all events of the run, earlier attempts' kept ones too. */
export function agentProducer(agent: AgentObject, run: AgentRun, answer: TextAccumulator): TurnProducer {
  return {
    stream: agent.invoke === undefined ? agent.stream(run) : streamOrInvoke(agent, run),
    finalText: () => answer.text(),
    usage: () => answer.usage(),
  };
}

const CONTENT: ReadonlySet<string> = new Set(["message.part.updated", "result", "approval.requested"]);

/** Falls back to `invoke` when the stream fails before it said anything of the answer. */
async function* streamOrInvoke(agent: AgentObject, run: AgentRun): AsyncGenerator<TurnEvent, void, undefined> {
  let spoke = false;
  try {
    for await (const event of agent.stream(run)) {
      spoke ||= CONTENT.has(event.type);
      yield event;
    }
  } catch (error) {
    if (spoke || run.signal.aborted || agent.invoke === undefined) throw error;
    yield { type: "run.synthetic_fallback", data: { reason: describeThrown(error).message } };
    const text = await agent.invoke(run);
    if (text !== "") yield textDelta(text);
  }
}
