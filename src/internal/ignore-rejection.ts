/**
 * For what a stranger returned where no promise was asked for: one that rejects, with nobody to hear it, would end the
 * whole process on some platforms.
 */
export function ignoreRejection(value: unknown): void {
  if (value instanceof Promise) value.catch(() => undefined);
}
