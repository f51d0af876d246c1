import type { LiveTurn } from "./live-turn.ts";

const ENDS: Readonly<Record<string, string>> = {
  completed: "The answer is complete.",
  cancelled: "The answer was stopped.",
  waiting: "A tool is waiting for your approval.",
};

/**
 * Reads the answer to those who hear the page rather than see it: whole sentences as they come, not every word, and what
 * became of the turn.
 */
export function createAnnouncer(region: HTMLElement): (turn: LiveTurn | undefined) => void {
  let about: LiveTurn | undefined;
  let said = 0;
  let phase = "";
  return (turn) => {
    if (turn === undefined) return;
    const { record } = turn;
    if (turn !== about) {
      about = turn;
      // What was there before this page is read by moving to it.
      said = record.ended ? record.text.length : 0;
      phase = record.phase;
      region.replaceChildren();
    }
    // A restart may have taken words back.
    said = Math.min(said, record.text.length);
    const fresh = record.text.slice(said);
    const whole = record.ended ? fresh : (/^.*[.!?…:](?=\s)/s.exec(fresh)?.[0] ?? "");
    if (whole.trim() !== "") say(whole.trim());
    said += whole.length;
    if (record.phase === phase) return;
    phase = record.phase;
    const end = phase === "failed" ? `The answer failed: ${record.failure?.message ?? ""}` : ENDS[phase];
    if (end !== undefined) say(end);
  };

  function say(text: string): void {
    const line = document.createElement("p");
    line.textContent = text;
    region.append(line);
  }
}
