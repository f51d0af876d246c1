import type { TurnEvent } from "turnwire";
import type { AgentObject, AgentRun } from "turnwire/run";
import { plainText } from "./speak.ts";

/** An agent of the playground, with what the page shows of it. */
export interface PlaygroundAgent {
  readonly title: string;
  /** What it is good for, in one line. */
  readonly about: string;
  /** A message to try it with. */
  readonly example: string;
  readonly agent: AgentObject;
}

/**
 * Lets an agent's log begin with the question, so that a page that comes later, or elsewhere, can show it: unknown event
 * types pass through turnwire unchanged. Said once: what a checkpoint or a suspension has kept is not said again.
 */
export function withQuestion(agent: AgentObject): AgentObject {
  return {
    ...agent,
    async *stream(run: AgentRun): AsyncGenerator<TurnEvent> {
      if (run.checkpoint === undefined && run.resume === undefined) {
        yield { type: "playground.question", data: { text: plainText(run.input.message) } };
      }
      yield* agent.stream(run);
    },
  };
}
