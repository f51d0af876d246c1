import { mutantsOf, type Mutant } from "./mutant.ts";

const session = "inference/session.ts";
const run = "inference/active-run.ts";
const steps = "inference/steps.ts";
const callTool = "inference/call-tool.ts";
const loop = "inference/tool-loop.ts";
const hub = "inference/event-hub.ts";
const middleware = "inference/middleware.ts";
const hooks = "inference/tool-hooks.ts";
const wait = "inference/wait-within.ts";

/** Bugs that the inference core must not have, the defects of its forerunner among them, by the test that finds each. */
export const inferenceMutants: readonly Mutant<string>[] = [
  ...mutantsOf("keep history: append, turns, turnCount", [
    [
      session,
      '    this.#history.push(clonePlain(checkTurn(turn, "turn")));',
      '    this.#history.push(checkTurn(turn, "turn"));',
    ],
  ]),
  ...mutantsOf("a run with a seed adds one turn, its result", [
    [session, "this.#history[place ?? this.#history.length] = kept;", "this.#history[this.#history.length] = kept;"],
  ]),
  ...mutantsOf("only one inference is active", [
    [
      session,
      '    if (this.#active !== undefined) throw new InferenceError("active"',
      '    if (false) throw new InferenceError("active"',
    ],
  ]),
  ...mutantsOf("a failure is an Error, an event before it, and no change of history", [
    [
      session,
      "      const error = run.stopped ?? toError(thrown);",
      "      const error = run.stopped ?? (thrown as Error);",
    ],
  ]),
  ...mutantsOf("right after start: nothing of it is begun", [
    [session, "Promise.resolve().then(() => drive(run, steps))", "Promise.resolve(drive(run, steps))"],
  ]),
  ...mutantsOf("in an engine that never ends, without a timeout", [
    [steps, "      unwatch = run.onStop((error) => once(() => steps.throw(error)));\n", ""],
    [session, 'run.end("interrupt", { text: run.completion });', 'run.end("interrupt", { text: "" });'],
  ]),
  ...mutantsOf("from inside a synchronous callback, which cannot swallow it", [
    [run, "    if (this.#stopped !== undefined) throw this.#stopped;", "    void this.#stopped;"],
  ]),
  ...mutantsOf("what a cancelled run's engine says later is heard by nobody", [
    [run, "    if (this.#stopped === undefined) this.#send(type, payload);", "    this.#send(type, payload);"],
  ]),
  ...mutantsOf("by a signal, before and while it runs; the listener on it is taken away", [
    [session, '      signal?.removeEventListener("abort", onAbort);\n', ""],
  ]),
  ...mutantsOf("ends a run that takes longer, as an error, and leaves no timer", [
    [run, "    this.#stopTimer = this.clock.after(left, () => this.stop(timedOut()));", "    void left;"],
  ]),
  ...mutantsOf("0 is no limit, and a run in time leaves no timer", [[run, "    this.#stopTimer?.();\n", ""]]),
  ...mutantsOf("completes synchronously, events included", [
    [
      steps,
      "  return isThenable(value) ? ((yield { promise: value, what }) as T) : value;",
      "  return (yield { promise: Promise.resolve(value), what }) as T;",
    ],
  ]),
  ...mutantsOf("refuses at once, naming what was asynchronous and what to use", [
    [steps, "and ${what} is asynchronous: use runAsync() or start()", "and something is asynchronous"],
  ]),
  ...mutantsOf("tells exact listeners before those of *", [
    [hub, '[...own, ...(this.#listeners.get("*") ?? [])]', '[...(this.#listeners.get("*") ?? []), ...own]'],
  ]),
  ...mutantsOf("a listener that throws or rejects is reported and changes nothing", [
    [hub, "        if (isThenable(answer)) answer.then(undefined, failed);\n", "        void isThenable(answer);\n"],
  ]),
  ...mutantsOf("ids, tags and deadline reach every callback and event", [
    [run, "      ...(tags === undefined ? {} : { tags }),\n      ...payload,", "      ...payload,"],
    [callTool, "args }, callId: call.id });\n  const tried", "args } } as never);\n  const tried"],
  ]),
  ...mutantsOf("executionTimeoutMs ends a try, fires its signal and leaves no timer", [
    [callTool, "    own.abort(error);\n    return error;", "    return error;"],
    [callTool, "run.isSync ? answer : waitWithin(run, answer, executionTimeoutMs, late)", "answer"],
    [wait, "  return Promise.race([promise, time]).finally(done);", "  return Promise.race([promise, time]);"],
  ]),
  ...mutantsOf("abort ends the run, from each hook", [
    [callTool, "  if (before?.action === HookAction.ABORT) throw", "  if (false) throw"],
    [callTool, "    if (said?.action === HookAction.ABORT) throw", "    if (false) throw"],
  ]),
  ...mutantsOf("allowedTools: others are neither offered nor called, also when a hook renames a call", [
    [
      callTool,
      "  if (loop.allowedTools?.has(name) === false) {",
      "  if (loop.allowedTools?.has(callName) === false) {",
    ],
    [loop, "all.filter(({ name }) => allowedTools.has(name))", "all"],
  ]),
  ...mutantsOf("maxIterations: reaching it rejects", [
    [loop, "iteration <= most; iteration++", "iteration <= most + 1; iteration++"],
  ]),
  ...mutantsOf("toolErrorHandling: continue, abort, retry with growing waits", [
    [callTool, "loop.retryBackoffMs * loop.retryBackoffFactor ** (attempt - 1)", "loop.retryBackoffMs"],
    [callTool, "attempt <= loop.retryMaxRetries && !wasRefused", "attempt < loop.retryMaxRetries && !wasRefused"],
  ]),
  ...mutantsOf("a hook may ask for ten retries and no more", [
    [callTool, "const MOST_HOOK_RETRIES = 10;", "const MOST_HOOK_RETRIES = 11;"],
  ]),
  ...mutantsOf("a hook that fails ends the run, unless it may", [
    [hooks, "    if (hooks.failOpen !== true) throw error;", "    if (hooks.failOpen === false) throw error;"],
  ]),
  ...mutantsOf("maxParallelTools is the most that run at once, and results keep the order of calls", [
    [steps, "worker < limit && next", "next"],
    [
      steps,
      "        const index = next++;\n        const task = tasks[index];\n        if (task !== undefined) results[index] = yield* task();",
      "        const task = tasks[next++];\n        if (task !== undefined) results.push(yield* task());",
    ],
  ]),
  ...mutantsOf("may ask twice, give another turn to next, and not wait for it", [
    [middleware, "  return below === undefined ? turn : yield* settle(below, what);", "  return turn;"],
  ]),
  ...mutantsOf("normalizes: missing blocks, unknown kinds, __proto__ as data", [
    [
      "inference/plain-data.ts",
      '    if (key === "__proto__") define(object, key, inner);\n    else object[key] = inner;',
      "    object[key] = inner;",
    ],
  ]),
];
