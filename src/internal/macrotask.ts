/**
 * Resolves in a later macrotask, so that sockets and stop signals get their turn in a loop that never waits. A message
 * channel takes microseconds; but workerd delivers messages like microtasks, so that a loop which must let others in
 * there has to use {@link nextTimer} now and then.
 */
export function nextMacrotask(): Promise<void> {
  if (typeof MessageChannel === "undefined") return nextTimer();
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
