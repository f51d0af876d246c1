/**
 * Resolves in a later macrotask, so that sockets, timers and stop signals get their turn in a loop that never waits. A
 * message channel takes microseconds where a timer takes a millisecond.
 */
export function nextMacrotask(): Promise<void> {
  return hasMessages() ? nextMessage() : nextTimer();
}

// workerd delivers messages like microtasks, and closing a port there whose other end the garbage collector has taken
// ends the process with a segmentation fault. Its timers take 20 microseconds.
function hasMessages(): boolean {
  const { navigator } = globalThis as { readonly navigator?: { readonly userAgent?: string } };
  return typeof MessageChannel !== "undefined" && navigator?.userAgent !== "Cloudflare-Workers";
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
