/**
 * Resolves in a later macrotask, so that timers, sockets and stop signals get their turn in a loop that never waits.
 * A message channel takes microseconds; a timer, the fallback, a millisecond on Node.
 */
export function nextMacrotask(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof MessageChannel === "undefined") {
      setTimeout(resolve, 0);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}
