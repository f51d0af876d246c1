/** Aborts, with the reason where it can be one: workerd throws for a reason that cannot be read, and what a listener throws. */
export function abortWith(controller: AbortController, reason: unknown): void {
  try {
    controller.abort(reason);
  } catch {
    controller.abort();
  }
}
