import { createTextAccumulator, type TextAccumulator } from "../event/text-accumulator.ts";
import type { RunWriter } from "./run-writer.ts";

const PAGE = 500;

/** The answer as the run's log tells it up to an event, that included. */
export async function loggedAnswer(writer: RunWriter, last: number): Promise<TextAccumulator> {
  const answer = createTextAccumulator();
  for (let cursor = 1; cursor < last;) {
    const events = await writer.commit(({ tx, run }) => tx.readEvents(run, cursor, PAGE));
    if (events.length === 0) break;
    for (const event of events) if (Number(event.id) <= last) answer.add(event);
    cursor = Number(events.at(-1)?.id);
  }
  return answer;
}
