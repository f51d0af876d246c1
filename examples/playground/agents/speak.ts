import { textDelta, type TurnEvent } from "turnwire";
import { pause } from "./pause.ts";

/** The words of a text, each with the space after it. */
export function wordsOf(text: string): string[] {
  return text.split(/(?<=\s)/);
}

/** Says a text word by word. */
export async function* speak(text: string, msPerWord: number, signal: AbortSignal): AsyncGenerator<TurnEvent> {
  for (const word of wordsOf(text)) {
    await pause(msPerWord, signal);
    yield textDelta(word);
  }
}

/** What a user said, as text. */
export function plainText(message: unknown): string {
  return typeof message === "string" ? message : JSON.stringify(message);
}
