import type { LiveTurn } from "./live-turn.ts";

export interface LinkStatus {
  readonly name: "idle" | "streaming" | "waiting" | "reconnecting" | "away";
  readonly words: string;
}

/** How the page is connected, in a few words. */
export function linkStatus(turn: LiveTurn | undefined, serverAway: boolean): LinkStatus {
  switch (turn?.link) {
    case "connecting":
      return turn.failedTries > 0 ? reconnecting(turn.failedTries) : { name: "streaming", words: "Connecting" };
    case "reconnecting":
      return reconnecting(turn.failedTries);
    case "streaming":
      return { name: "streaming", words: turn.record.phase === "queued" ? "Queued" : "Streaming" };
    case "waiting":
      return { name: "waiting", words: "Waiting for you" };
    default:
      return serverAway ? { name: "away", words: "Server away" } : { name: "idle", words: "Ready" };
  }
}

function reconnecting(tries: number): LinkStatus {
  return { name: "reconnecting", words: tries === 0 ? "Reconnecting" : `Reconnecting, try ${tries + 1}` };
}
