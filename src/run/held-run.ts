import { encodeEvent } from "../turn/encode-event.ts";
import type { EventHook } from "../turn/event-hook.ts";
import type { OwnedTurn } from "../turn/turn-owner.ts";
import type { TurnEvent } from "../event/turn-event.ts";
import type { EngineCore } from "./engine-core.ts";
import type { RunDraft } from "./run-draft.ts";
import type { RunWriter } from "./run-writer.ts";

/** A run in this worker's hands, as the steps of its turn see it. */
export interface HeldRun {
  readonly core: EngineCore;
  readonly executionId: string;
  readonly turn: OwnedTurn;
  readonly writer: RunWriter;
  readonly hook: EventHook;
  /** Resolves when the lease is lost. */
  readonly lost: Promise<void>;
}

/** Stores what the agent says. A promise means: wait for it before saying more. */
export function sayEvent(
  { core, turn, writer }: HeldRun,
  event: TurnEvent,
  effect?: (draft: RunDraft, id: number) => void,
): Promise<void> | undefined {
  // Ids are the log's own; one that the agent brought would be a second one.
  const { id: _id, ...own } = event;
  const said = event.id === undefined ? event : own;
  return writer.say(encodeEvent(turn, said, core.options.maxEventBytes), effect);
}
