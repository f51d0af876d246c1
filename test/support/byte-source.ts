import { concat } from "./decode-chunks.ts";

/** A stream of bytes that a test wrote, and what its reader did to it. */
export interface ByteSource {
  readonly stream: ReadableStream<Uint8Array>;
  /** Whether the reader gave the stream up. */
  cancelled(): boolean;
  /** How many chunks were asked for. */
  pulls(): number;
}

/**
 * Gives one chunk each time that the reader wants one; after the last it ends, hangs for ever, or breaks with the given
 * error.
 */
export function createByteSource(
  chunks: readonly (string | Uint8Array)[],
  then: "end" | "hang" | Error,
  { cancel }: { readonly cancel?: () => Promise<void> } = {},
): ByteSource {
  let index = 0;
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const chunk = chunks[index++];
        if (chunk !== undefined) controller.enqueue(concat(chunk));
        else if (then === "end") controller.close();
        else if (then !== "hang") controller.error(then);
        else return new Promise<void>(() => undefined);
        return undefined;
      },
      cancel() {
        cancelled = true;
        return cancel?.();
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, cancelled: () => cancelled, pulls: () => index };
}
