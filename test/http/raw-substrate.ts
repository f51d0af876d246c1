import type { TurnEvent } from "../../src/index.ts";
import type { Attachment, Substrate } from "../../src/substrate/index.ts";

/** An engine as if its log held only what the agent says: the kind of substrate that a remote sandbox is. */
export function rawSubstrate(engine: Substrate): Substrate {
  return {
    envelope: "none",
    open: async (request) => strip(await engine.open(request)),
    attach: async (executionId, options) => strip(await engine.attach(executionId, options)),
    inspect: (executionId) => engine.inspect(executionId),
    cancel: (executionId, options) => engine.cancel(executionId, options),
    decide: (executionId, approvalId, decision) => engine.decide(executionId, approvalId, decision),
  };
}

function strip(attachment: Attachment): Attachment {
  return { ...attachment, events: withoutEnvelope(attachment.events) };
}

async function* withoutEnvelope(events: AsyncIterable<TurnEvent>): AsyncGenerator<TurnEvent> {
  for await (const event of events) if (!/^(session\.run|run)\./.test(event.type)) yield event;
}
