import { mutantsOf, type Mutant } from "./mutant.ts";

const settleTurn = "turn/settle-turn.ts";
const settlement = "turn/settlement.ts";
const produceTurn = "turn/produce-turn.ts";
const reports = "turn/producer-reports.ts";
const pump = "turn/pump.ts";
const playTurn = "turn/play-turn.ts";
const encodeEvent = "turn/encode-event.ts";
const eventHook = "turn/event-hook.ts";
const describeError = "turn/describe-error.ts";
const runHook = "turn/run-hook.ts";
const owner = "turn/turn-owner.ts";
const pipe = "wire/byte-pipe.ts";
const runTurn = "turn/run-turn.ts";
const input = "turn/chat-turn-input.ts";

export const mutantsT1ToT5: readonly Mutant[] = [
  ...mutantsOf("T1", [
    [reports, "return !type.startsWith(ENVELOPE_PREFIX);", "return true;"],
    [reports, "return !type.startsWith(ENVELOPE_PREFIX);", 'return type !== "session.run.completed";'],
    [playTurn, "  void emit(startedEvent(turn));\n", ""],
    [playTurn, "    keepAlive.stop();\n", ""],
    [playTurn, "    keepAlive.noted();\n", ""],
    [playTurn, "for (const event of step.events) void emit(event);", "void emit(step.events[0] as never);"],
    ["internal/defined.ts", ".filter(([, value]) => value !== undefined)", ""],
    [settlement, 'status === "completed" ? { usage } : {', 'status === "completed" ? {} : {'],
    [encodeEvent, '"toJSON" in event) checkJson(json, event.type);', '"toJSON" in event) JSON.parse(json);'],
    ["turn/keep-alive.ts", "last + keepAliveMs - now", "0"],
    [settlement, "failure === undefined || errorSent ? [terminal] :", "true ? [terminal] :"],
  ]),
  ...mutantsOf("T2", [
    [
      describeError,
      "    // A value whose class cannot even be asked for, or a response that throws when it is read.\n",
      '    throw new Error("unreadable");\n',
    ],
    [
      pump,
      '    try {\n      checkObject("next()", result);\n',
      '    const over = result.done === true;\n    try {\n      checkObject("next()", over && result);\n',
    ],
    [pump, 'checkObject("next()", result);', 'if (typeof result !== "object" || result === null) return drained();'],
    [pump, "Promise.resolve(result)).then(take, failed);", "Promise.resolve(result)).then(take);"],
    [produceTurn, "        failed(error);\n", "        throw error;\n"],
    [produceTurn, "    checkEvent(event);\n", ""],
    [produceTurn, '    if (end.how === "threw" && !isResponse(end.error)) abortWith(halt, end.error);\n', ""],
    [produceTurn, 'end.how === "threw" && !isResponse(end.error)', 'end.how === "threw"'],
    [runHook, "    await body();\n", "    void body();\n"],
    [describeError, "    if (error instanceof Response) return", "    if (false) return"],
    [describeError, "clip(message, MAX_MESSAGE)", "message"],
    [describeError, '      logFailure(turn, "describeError", cause);\n', "      throw cause;\n"],
    [
      "internal/read-some.ts",
      "const stopTimer = clock.after(maxMs, cancel);",
      "const stopTimer = (): void => undefined;",
    ],
    [
      "turn/from-events.ts",
      "if (!result.done) answer.add(result.value);\n    } catch {",
      "if (!result.done) answer.add(result.value);\n    } catch (error) {\n      throw error;",
    ],
    [settlement, "  ignoreRejection(text);\n", ""],
    [playTurn, 'void attempt(turn, "waitUntil", () => turn.waitUntil?.(finished));', "turn.waitUntil?.(finished);"],
    [runHook, "    await body();\n  } catch (error) {\n", "    await body();\n  } catch (error) {\n    throw error;\n"],
    [input, "    keepAliveMs: optional(checkDuration),\n", ""],
    [
      runTurn,
      "return events(resolveChatTurn(input));",
      "return (async function* () { return yield* events(resolveChatTurn(input)); })();",
    ],
    [owner, ", after: checkFunction }", " }"],
  ]),
  ...mutantsOf("T3", [
    [settleTurn, 'await runHookSafely(turn, "onTurnComplete"', 'void runHookSafely(turn, "onTurnComplete"'],
    [settleTurn, 'await runHookSafely(turn, "onTurnEnd"', 'void runHookSafely(turn, "onTurnEnd"'],
    [playTurn, "  await quiet();\n", ""],
    [playTurn, 'await runHookSafely(turn, "traceFlush"', 'void runHookSafely(turn, "traceFlush"'],
    [settlement, "await transform(turn, readText(produced));", "readText(produced);"],
    [playTurn, "  await Promise.resolve();\n", ""],
    [eventHook, "    if (pending === 0) idle?.resolve();\n", "    idle?.resolve();\n"],
    [playTurn, "    tell(event);\n", "    tell(given);\n"],
    [produceTurn, "lastEventId, signal: halt.signal", "signal: halt.signal"],
  ]),
  ...mutantsOf("T4", [
    [
      settleTurn,
      "  const outcome = outcomeOf(settlement, persisted);\n",
      "  const outcome = outcomeOf(settlement, true);\n",
    ],
    [settleTurn, "if (persisted && settlement.complete &&", "if (settlement.complete &&"],
    [settlement, "failure, details, ...DROPPED };", "failure, details, ...DROPPED, persist: true };"],
    [settlement, '...settlement, status: "failed", failure', "...settlement, failure"],
    [settlement, "  checkString(name, changed);\n  return changed;", "  return String(changed);"],
    [runHook, 'new TurnError("hook-timeout", `', "new Error(`"],
    [
      runHook,
      "    const stopTimer = turn.clock.after(turn.hookTimeoutMs, () => {",
      "    const stopTimer = turn.clock.after(Infinity, () => {",
    ],
    [runHook, "          if (late) turn.log(`${name} finished${late}`, subject(turn));\n", ""],
    [runHook, "          if (late) logFailure(turn, name, error, late);\n", ""],
    [runHook, "      .finally(stopTimer)\n", ""],
    [runHook, "    logFailure(turn, what, error);\n", "    throw error;\n"],
    [owner, "      await log(message, meta);", "      log(message, meta);"],
    [owner, "        console.error(`log failed while told: ${message}`, cause);", "        throw cause;"],
    [owner, "        // The console is the log that failed.\n", "        throw cause;\n"],
    [eventHook, '      logFailure(turn, "onEvent", error);', "      throw error;"],
    [
      eventHook,
      'void attempt(turn, "onEvent", () => result).then(() => {',
      "void (result as unknown as PromiseLike<void>).then(() => {",
    ],
    [eventHook, 'await runHookSafely(turn, "onEvent", () => idle?.promise);', "await idle.promise;"],
  ]),
  ...mutantsOf("T5", [
    [playTurn, 'if (turn.onDisconnect === "cancel") stop.abort', "stop.abort"],
    [playTurn, 'if (turn.onDisconnect === "cancel") stop.abort("The client left");', ""],
    [playTurn, "turn.waitUntil?.(finished)", "turn.waitUntil?.(Promise.resolve())"],
    [playTurn, 'stop.abort("The client left")', "stop.abort()"],
    [runTurn, "    await closed;\n", ""],
    [runTurn, "    if (!ended) leave();\n", ""],
    [pipe, "        makeRoom();\n        onLeave?.();", "        onLeave?.();"],
    [runTurn, "    isRead = false;\n", ""],
    [playTurn, ".finally(unlisten);", ".finally(() => (unlisten(), turn.hooks.onTurnEnd?.({} as never)));"],
  ]),
];
