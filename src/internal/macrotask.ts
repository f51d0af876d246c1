/**
 * Resolves in a later macrotask, so that sockets, timers and stop signals get their turn in a loop that never waits. A
 * message channel takes microseconds where a timer takes a millisecond.
 */
export function nextMacrotask(): Promise<void> {
  return typeof MessageChannel === "undefined" || macrotasksCanBeLost ? nextTimer() : nextMessage();
}

/**
 * Whether a macrotask may never come: on workerd a timer belongs to the request that set it, and is gone when that ends.
 * Messages are no way out there: they are delivered like microtasks, and to close a port whose other end the garbage
 * collector has taken ends the process with a segmentation fault. Timers take 20 microseconds there.
 */
export const macrotasksCanBeLost: boolean = /* @__PURE__ */ isWorkerd();

function isWorkerd(): boolean {
  const { navigator } = globalThis as { readonly navigator?: { readonly userAgent?: string } };
  return navigator?.userAgent === "Cloudflare-Workers";
}

function nextMessage(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}

/** Resolves once the timers that are due have run. Takes a millisecond on Node. */
export function nextTimer(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, 0));
}
