import { createDeferred, type Deferred } from "./deferred.ts";

/**
 * A queue from one writer to one reader, bounded by the sizes that the writer states.
 *
 * Invariants: values come out in the order in which they went in; at most `maxSize` and one value more are kept; a
 * reader that left keeps nothing and never makes the writer wait.
 */
export interface Handoff<T> {
  /** Adds a value. A promise means: wait for it before adding more. */
  put(value: T, size: number): Promise<void> | undefined;
  /** The next value; undefined once the writer has closed and all is taken. One call at a time. */
  take(): T | undefined | Promise<T | undefined>;
  readonly full: boolean;
  /** The writer is done. */
  close(): void;
  /** The reader is done; true when the writer was not. */
  leave(): boolean;
}

export function createHandoff<T>(maxSize: number): Handoff<T> {
  let values: { readonly value: T; readonly size: number }[] = [];
  let head = 0;
  let size = 0;
  let state: "open" | "closed" | "left" = "open";
  let reader: Deferred<T | undefined> | undefined;
  let room: Deferred<void> | undefined;

  function makeRoom(): void {
    room?.resolve();
    room = undefined;
  }

  return {
    put(value, valueSize) {
      if (state !== "open") return undefined;
      if (reader !== undefined) {
        reader.resolve(value);
        reader = undefined;
        return undefined;
      }
      values.push({ value, size: valueSize });
      size += valueSize;
      if (size <= maxSize) return undefined;
      room ??= createDeferred();
      return room.promise;
    },
    take() {
      const next = values[head];
      if (next === undefined) {
        if (state !== "open") return undefined;
        reader = createDeferred();
        return reader.promise;
      }
      size -= next.size;
      head++;
      if (head === values.length) {
        values = [];
        head = 0;
      } else if (head >= 1024 && head * 2 >= values.length) {
        // A reader that is always a little behind must not leave a growing trail.
        values = values.slice(head);
        head = 0;
      }
      if (size <= maxSize) makeRoom();
      return next.value;
    },
    get full() {
      return state === "open" && size > maxSize;
    },
    close() {
      if (state !== "open") return;
      state = "closed";
      makeRoom();
      reader?.resolve(undefined);
      reader = undefined;
    },
    leave() {
      const wasOpen = state === "open";
      state = "left";
      values = [];
      head = 0;
      size = 0;
      makeRoom();
      return wasOpen;
    },
  };
}
