import { messageOf } from "./inference-error.ts";
import { isThenable } from "./is-thenable.ts";
import type { Log } from "./log.ts";
import type { HookContext, HookName, ToolHooks } from "./tool-hooks.ts";

/** `forgiveHooks`, as it is given to sessions: a VM parses it when one is made that needs it. */
export type ForgiveHooks = typeof forgiveHooks;

/** Hooks that are passed over, and told of, where they fail or say what `check` refuses. */
export function forgiveHooks(
  hooks: ToolHooks,
  names: readonly HookName[],
  check: (name: HookName, said: unknown) => unknown,
  log: Log,
): ToolHooks {
  const forgiven = names
    .filter((name) => hooks[name] !== undefined)
    .map((name) => [
      name,
      (context: HookContext): unknown => {
        const passOver = (error: unknown): void => {
          // Not of a run that is over: what fails then, fails for that.
          if (!context.signal.aborted)
            log(`The hook ${name} failed and was passed over: ${messageOf(error)}`, { error });
        };
        try {
          const said: unknown = hooks[name]?.(context as never);
          return isThenable(said)
            ? said.then((later) => check(name, later)).then(undefined, passOver)
            : check(name, said);
        } catch (error) {
          return passOver(error);
        }
      },
    ]);
  return Object.fromEntries(forgiven) as ToolHooks;
}
