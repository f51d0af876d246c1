import type { TurnEvent } from "../event/turn-event.ts";
import { isEnded } from "../substrate/execution.ts";
import { readableRun } from "./cursor.ts";
import type { EngineCore } from "./engine-core.ts";
import { readEvents } from "./event-reader.ts";

const PAGE = 500;

/** A reader of one execution: the store's log after the cursor, then what this process hears of it. */
export function followLog(
  core: EngineCore,
  executionId: string,
  cursor: number,
  signal: AbortSignal | undefined,
): AsyncIterable<TurnEvent> {
  const { feeds } = core;
  return readEvents(
    {
      join: () => feeds.join(executionId),
      refresh: async (feed) => {
        const run = await core.transact((tx) => tx.getRun(executionId));
        if (run !== undefined) feed.advance(run.lastEventId, isEnded(run.state));
      },
      readPage: (after) => core.transact((tx) => tx.readEvents(readableRun(tx, executionId, after), after, PAGE)),
      leave: () => feeds.leave(executionId),
    },
    cursor,
    signal,
  );
}
