import type * as ownTurns from "./respond-with-turn.ts";

/** What plays a turn in the request itself, loaded where the routes own turns. */
export function loadOwnTurns(): Promise<typeof ownTurns> {
  return import("./respond-with-turn.ts");
}
