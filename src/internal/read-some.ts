import type { Clock } from "./clock.ts";

const ENOUGH_CHARS = 64 * 1024;

/**
 * The beginning of a body as text, as far as it comes in time; empty when somebody else reads it already. For error
 * bodies: a body that breaks off has said what it has said, so this never rejects.
 */
export async function readSome(response: Response, clock: Clock, maxMs: number): Promise<string> {
  const utf8 = new TextDecoder();
  let text = "";
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  // Cancelling ends a read that hangs; a stream that cannot be cancelled is not our failure.
  const cancel = (): void => void reader?.cancel().catch(() => undefined);
  const stopTimer = clock.after(maxMs, cancel);
  try {
    reader = response.body?.getReader();
    while (reader !== undefined && text.length < ENOUGH_CHARS) {
      const { value } = await reader.read();
      if (value === undefined) break;
      text += utf8.decode(value, { stream: true });
    }
  } catch {
    // What came before it broke is what there is.
  }
  stopTimer();
  cancel();
  return text;
}
