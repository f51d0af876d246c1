import { mutantsOf, type Mutant } from "./mutant.ts";

const session = "inference/session.ts";
const run = "inference/active-run.ts";
const steps = "inference/steps.ts";
const callTool = "inference/call-tool.ts";
const loop = "inference/tool-loop.ts";
const listeners = "inference/listeners.ts";
const ask = "inference/ask-engine.ts";
const hooks = "inference/tool-hooks.ts";
const wait = "inference/wait-within.ts";

/** Bugs that the inference core must not have, the defects of its forerunner among them, by the test that finds each. */
export const inferenceMutants: readonly Mutant<string>[] = [
  ...mutantsOf("keep history: append, turns, turnCount", [
    [session, 'history.push(copyTurn(turn, "turn"))', "history.push(turn)"],
    [session, "    latest: () => clonePlain(history.at(-1)),", "    latest: () => history.at(-1),"],
  ]),
  ...mutantsOf("a run with a seed adds one turn, its result", [
    [session, "history[place ?? history.length] = answer", "history[history.length] = answer"],
  ]),
  ...mutantsOf("only one inference is active", [
    [session, '    if (isRunning()) throw failure("active"', '    if (false) throw failure("active"'],
  ]),
  ...mutantsOf("a failure is an Error, an event before it, and no change of history", [
    [run, "  const error = run.stopped ?? toError(thrown);", "  const error = run.stopped ?? (thrown as Error);"],
    [run, '  else endRun(run, "error", { error: error.message });\n', ""],
  ]),
  ...mutantsOf("right after start: nothing of it is begun", [
    [session, "Promise.resolve().then(() => drive(run, steps))", "Promise.resolve(drive(run, steps))"],
  ]),
  ...mutantsOf("in an engine that never ends, without a timeout", [
    [run, "  }\n  tellWatchers(run, reason);\n", "  }\n"],
    [run, 'endRun(run, "interrupt", { text: run.completion })', 'endRun(run, "interrupt", { text: "" })'],
  ]),
  ...mutantsOf("from inside a synchronous callback, which cannot swallow it", [
    [run, "  if (run.stopped !== undefined) throw run.stopped;\n", ""],
  ]),
  ...mutantsOf("from inside a callback that then returns a promise", [
    [steps, "        if (run.stopped !== undefined) {", "        if (false) {"],
  ]),
  ...mutantsOf("what a cancelled run's engine says later is heard by nobody", [
    [run, "  if (run.stopped === undefined) send(run, type, payload);", "  send(run, type, payload);"],
  ]),
  ...mutantsOf("by a signal, before and while it runs; the listener on it is taken away", [
    [run, '    onStop(run, () => signal.removeEventListener("abort", abort));\n', ""],
    [run, "    if (signal.aborted) abort();\n", ""],
  ]),
  ...mutantsOf("ends a run that takes longer, as an error, and leaves no timer", [
    [run, "() => timeOut(run)),", "() => undefined),"],
  ]),
  ...mutantsOf("0 is no limit, and a run in time leaves no timer", [
    [run, '  tellOfStop(run, (run.stopped ??= ENDED), type !== "final");\n', "  run.stopped ??= ENDED;\n"],
  ]),
  ...mutantsOf("a synchronous run is looked at between its steps: none begins when its time is over", [
    [run, "calm: identity.deadlineMs === undefined", "calm: true"],
  ]),
  ...mutantsOf("from inside a synchronous callback, which cannot swallow it", [
    [run, "  run.calm = false;\n  try {", "  try {"],
  ]),
  ...mutantsOf("next after the run has ended is refused", [[run, "(run.stopped ??= ENDED)", "ENDED"]]),
  ...mutantsOf("history, result, seed and what an engine keeps are four things, to the depth of their data", [
    ["inference/turn.ts", "    other.blocks[index] = twin;", "    other.blocks[index] = block;"],
    ["inference/turn.ts", '    clonePlainFor("metadata", block, twin);\n', ""],
    ["inference/plain-data.ts", "  other[key] = twin as T[keyof T];\n", ""],
    ["inference/plain-data.ts", "        if (twice) other[key] = twin;\n", ""],
    ["inference/plain-data.ts", "    other[index] = twin;\n", "    other[index] = one[index];\n"],
  ]),
  ...mutantsOf("only one inference is active: the others are refused and change nothing", [
    [session, "        return Promise.reject(error);", "        throw error;"],
  ]),
  ...mutantsOf("a call that has its result already, even behind it, is not made", [
    [loop, "  return used ? calls.filter(({ call }) => !answered.has(call.id)) : calls;", "  return calls;"],
    [loop, '      answered.add(payload["id"]);\n', ""],
  ]),
  ...mutantsOf("names the place of what is wrong, however deep it stands", [
    ["inference/schema-rules.ts", "found.at = `/${name}${found.at}`", "found.at = `/${name}`"],
    ["inference/schema-rules.ts", "under(index, check(item))", "check(item)"],
    ["inference/json-schema.ts", "    depth--;\n", ""],
  ]),
  ...mutantsOf("completes synchronously, events included", [[steps, "  if (!isThenable(value)) return false;\n", ""]]),
  ...mutantsOf("refuses at once, naming what was asynchronous and what to use", [
    [steps, 'and ${whose}${name ?? ""} is asynchronous: use runAsync() or start()', "and something is asynchronous"],
  ]),
  ...mutantsOf("tells exact listeners before those of *", [
    [listeners, 'for (const wanted of [event.type, "*"])', 'for (const wanted of ["*", event.type])'],
  ]),
  ...mutantsOf("a listener that throws or rejects is reported and changes nothing", [
    [
      listeners,
      "        if (isThenable(answer)) answer.then(undefined, failed);\n",
      "        void isThenable(answer);\n",
    ],
  ]),
  ...mutantsOf("ids, tags and deadline reach every callback and event", [
    [run, "  const { signal: _, ...identity } = run.told;", "  const { signal: _, tags: __, ...identity } = run.told;"],
    [
      callTool,
      '"tool-call-execute", { toolCall: toolCall(call), callId }',
      '"tool-call-execute", { toolCall: toolCall(call) } as never',
    ],
    [run, "  return assign(more as T & { timestampMs: number }, run.told);", "  return more as never;"],
  ]),
  ...mutantsOf("executionTimeoutMs ends a try, fires its signal and leaves no timer", [
    [wait, "    fire(error);\n    return error;", "    return error;"],
    [wait, "Promise.race([answer, time]).finally(over)", "answer"],
    [wait, "Promise.race([answer, time]).finally(over)", "Promise.race([answer, time])"],
  ]),
  ...mutantsOf("abort ends the run, from each hook", [[hooks, '  if (answer.action === "abort") {', "  if (false) {"]]),
  ...mutantsOf("allowedTools: others are neither offered nor called, also when a hook renames a call", [
    [callTool, "loop.allowedTools?.includes(name) ?? true", "loop.allowedTools?.includes(callName) ?? true"],
  ]),
  ...mutantsOf("maxIterations: reaching it rejects", [
    [loop, "if (iteration >= loop.maxIterations)", "if (iteration > loop.maxIterations)"],
  ]),
  ...mutantsOf("toolErrorHandling: continue, abort, retry with growing waits", [
    [callTool, "loop.retryBackoffMs * loop.retryBackoffFactor ** (attempts - 1)", "loop.retryBackoffMs"],
    [callTool, "attempts <= loop.retryMaxRetries && !wasRefused", "attempts < loop.retryMaxRetries && !wasRefused"],
  ]),
  ...mutantsOf("a tool that is unknown, or refuses its arguments, is not tried again", [
    [callTool, "attempts <= loop.retryMaxRetries && !wasRefused", "attempts <= loop.retryMaxRetries"],
  ]),
  ...mutantsOf("a hook may ask for ten retries and no more", [
    [callTool, "const MOST_HOOK_RETRIES = 10;", "const MOST_HOOK_RETRIES = 11;"],
  ]),
  ...mutantsOf("a hook that fails ends the run, unless it may", [
    ["inference/tool-loop-settings.ts", "if (hooks.failOpen === true)", "if (hooks.failOpen !== false)"],
    ["inference/forgive-hooks.ts", "said.then((later) => check(name, later))", "said"],
    ["inference/forgive-hooks.ts", "          return passOver(error);", "          throw error;"],
  ]),
  ...mutantsOf("maxParallelTools is the most that run at once, and results keep the order of calls", [
    [steps, "pending.length < limit && next", "next"],
    [
      steps,
      "        results[index] = yield* task(items[index] as I);",
      "        results.push(yield* task(items[index] as I));",
    ],
  ]),
  ...mutantsOf("makes the calls, and asks again with their results, until none is left", [
    [steps, "  if (!run.isSync) return true;\n", ""],
  ]),
  ...mutantsOf("may ask twice, give another turn to next, and not wait for it", [
    [ask, "then((said) => said ?? below) : (answer ?? below);", "then((said) => said ?? turn) : (answer ?? turn);"],
  ]),
  ...mutantsOf("normalizes: missing blocks, unknown kinds, __proto__ as data", [
    [
      "inference/plain-data.ts",
      "    const one: Record<string, unknown> = { ...value };",
      "    const one: Record<string, unknown> = {};\n    for (const key of Object.keys(value)) one[key] = (value as Record<string, unknown>)[key];",
    ],
  ]),
];
