/** Hears of what went wrong beside a run: a listener that threw, a hook that was allowed to fail. */
export type Log = (message: string, meta: Readonly<Record<string, unknown>>) => void;

export const consoleLog: Log = (message, { error }) => console.error(message, error);

/** A log that cannot break a run. */
export function safeLog(log: Log): Log {
  return (message, meta) => {
    try {
      log(message, meta);
    } catch {
      // There is nobody left to tell.
    }
  };
}
