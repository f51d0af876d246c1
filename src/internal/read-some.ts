import type { Clock } from "./clock.ts";

/**
 * The first bytes of a body as text, as far as they come in time; empty when somebody else reads it already. For error
 * bodies: a body that breaks off has said what it has said, so this never rejects.
 */
export async function readSome(
  response: Response,
  { clock, maxMs, maxBytes }: { readonly clock: Clock; readonly maxMs: number; readonly maxBytes: number },
): Promise<string> {
  if (response.body === null || response.bodyUsed || response.body.locked) return "";
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader();
  const utf8 = new TextDecoder();
  // Cancelling ends a read that hangs; a stream that cannot be cancelled is not our failure.
  const cancel = (): void => void reader.cancel().catch(() => undefined);
  const stopTimer = clock.after(maxMs, cancel);
  let text = "";
  let left = maxBytes;
  try {
    while (left > 0) {
      const { done, value } = await reader.read();
      if (done) break;
      text += utf8.decode(value.subarray(0, left), { stream: true });
      left -= value.length;
    }
  } catch {
    // What came before it broke is what there is.
  }
  stopTimer();
  cancel();
  return text;
}
