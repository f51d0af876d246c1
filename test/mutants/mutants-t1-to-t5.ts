import { mutantsOf, type Mutant } from "./mutant.ts";

const settleTurn = "turn/settle-turn.ts";
const settlement = "turn/settlement.ts";
const produceTurn = "turn/produce-turn.ts";
const reports = "turn/producer-reports.ts";
const pump = "turn/pump.ts";
const playTurn = "turn/play-turn.ts";
const encodeEvent = "turn/encode-event.ts";
const eventHook = "turn/event-hook.ts";
const emitter = "turn/turn-emitter.ts";
const describeError = "turn/describe-error.ts";
const envelope = "turn/envelope.ts";
const runHook = "turn/run-hook.ts";
const owner = "turn/turn-owner.ts";
const pipe = "wire/byte-pipe.ts";
const handoff = "internal/handoff.ts";
const input = "turn/chat-turn-input.ts";

export const mutantsT1ToT5: readonly Mutant[] = [
  ...mutantsOf("T1", [
    [reports, "return !event.type.startsWith(ENVELOPE_PREFIX);", "return true;"],
    [reports, "return !event.type.startsWith(ENVELOPE_PREFIX);", 'return event.type !== "session.run.completed";'],
    [playTurn, "  void emit(startedEvent(turn));\n", ""],
    [playTurn, "    hush();\n", ""],
    [playTurn, "    keepAlive.noted();\n", ""],
    [playTurn, "for (const event of step.events) void emit(event);", "void emit(step.events[0] as never);"],
    [envelope, "turnIndex, ...optional({ executionId })", "turnIndex, executionId"],
    [envelope, "...optional({ executionId, usage })", "...optional({ executionId })"],
    [encodeEvent, '.toJSON === "function") checkJson(json, event.type);', '.toJSON === "function") JSON.parse(json);'],
    ["turn/keep-alive.ts", "last + silenceMs - clock.now()", "0"],
    [settlement, "return settlement.errorSent ? [terminal] : [errorEvent(failure), terminal];", "return [terminal];"],
  ]),
  ...mutantsOf("T2", [
    [
      describeError,
      "    // A value whose class cannot even be asked for, or a response that throws when it is read.\n",
      '    throw new Error("unreadable");\n',
    ],
    [
      pump,
      "      try {\n        // Like everything that comes from the iterator, `done` may be a getter that throws.\n        if (result.done === true) {",
      "      const over = result.done === true;\n      try {\n        if (over) {",
    ],
    [
      pump,
      "fail(new TypeError(`An iterator's next() must give an object, got ${describeValue(result)}`));",
      'end({ how: "drained" });',
    ],
    [pump, "Promise.resolve(result)).then(take, fail);", "Promise.resolve(result)).then(take);"],
    [produceTurn, '      return { how: "threw", error };\n', "      throw error;\n"],
    [produceTurn, "    checkEvent(event);\n", ""],
    [produceTurn, '      if (end.how === "threw" && !isResponse(end.error)) abortWith(halt, end.error);\n', ""],
    [produceTurn, 'end.how === "threw" && !isResponse(end.error)', 'end.how === "threw"'],
    [produceTurn, "if (result instanceof Promise) result.catch(failed);", "void result;"],
    [describeError, "    if (error instanceof Response) return", "    if (false) return"],
    [describeError, "clip(message, MAX_MESSAGE)", "message"],
    [describeError, "if (isFailure(described)) return", "if (described) return"],
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
    [settlement, "      ignoreRejection(text);\n      return", "      return"],
    [playTurn, "if (result instanceof Promise) result.catch(refused);", "void result;"],
    [playTurn, "  } catch (error) {\n    refused(error);", "  } catch (error) {\n    throw error;"],
    [input, '  checkDuration("keepAliveMs", keepAliveMs);\n', ""],
    [
      "turn/run-turn.ts",
      "return events(resolveChatTurn(input));",
      "return (async function* () { return yield* events(resolveChatTurn(input)); })();",
    ],
    [owner, '  checkFunction("clock.after", after);\n', ""],
  ]),
  ...mutantsOf("T3", [
    [settleTurn, 'await runHookSafely(turn, "onTurnComplete"', 'void runHookSafely(turn, "onTurnComplete"'],
    [settleTurn, 'await runHookSafely(turn, "onTurnEnd"', 'void runHookSafely(turn, "onTurnEnd"'],
    [playTurn, "  await quiet();\n", ""],
    [playTurn, 'await runHookSafely(turn, "traceFlush"', 'void runHookSafely(turn, "traceFlush"'],
    [settlement, "return await transform(turn, text);", "return { ok: true, value: text };"],
    [playTurn, "  await Promise.resolve();\n", ""],
    [eventHook, "    if (pending === 0) idle?.resolve();\n", "    idle?.resolve();\n"],
    [emitter, "hook.tell(encoded.event);", "hook.tell(event);"],
    [produceTurn, "        ...(lastEventId === undefined ? {} : { lastEventId }),\n        signal", "        signal"],
  ]),
  ...mutantsOf("T4", [
    [
      settleTurn,
      "  const outcome = outcomeOf(settlement, persisted);\n",
      "  const outcome = outcomeOf(settlement, true);\n",
    ],
    [settleTurn, "if (persisted && settlement.complete && progress", "if (settlement.complete && progress"],
    [
      settlement,
      'finalText: "", failure, persist: false, complete: false };\n}\n\nasync function failedBy',
      'finalText: "", failure, persist: true, complete: false };\n}\n\nasync function failedBy',
    ],
    [settlement, 'status: "failed" } as const', "status: settlement.status } as const"],
    [
      settlement,
      'if (typeof result.value === "string") return { ok: true, value: result.value };',
      "return { ok: true, value: String(result.value) };",
    ],
    [runHook, 'new TurnError("hook-timeout", message)', "new Error(message)"],
    [
      runHook,
      "    const stopTimer = turn.clock.after(turn.hookTimeoutMs, () => {",
      "    const stopTimer = turn.clock.after(Infinity, () => {",
    ],
    [
      runHook,
      "      else if (result.ok) turn.log(`${name} finished after its time was up`, subject(turn));",
      "      else if (result.ok) return;",
    ],
    [runHook, "      stopTimer();\n", ""],
    [
      runHook,
      "  if (!result.ok) turn.log(`${name} failed`, { ...subject(turn), error: result.error });",
      "  if (!result.ok) throw result.error;",
    ],
    [
      owner,
      "      const result: unknown = log(message, meta);",
      "      const result: unknown = log(message, meta); return;",
    ],
    [owner, "    } catch (cause) {\n      complain(cause);", "    } catch (cause) {\n      throw cause;"],
    [owner, "        // The console is the log that failed.\n", "        throw cause;\n"],
    [eventHook, "    } catch (error) {\n      failed(error);", "    } catch (error) {\n      throw error;"],
    [eventHook, "      Promise.resolve(result).then(onSettled", "      result.then(onSettled"],
    [eventHook, "        idle?.resolve();\n      });", "      });"],
  ]),
  ...mutantsOf("T5", [
    [playTurn, 'if (turn.onDisconnect === "cancel") stop.abort', "stop.abort"],
    [playTurn, 'if (turn.onDisconnect === "cancel") stop.abort("The client left");', ""],
    [playTurn, "  handOver(turn, finished);\n", "  handOver(turn, Promise.resolve() as never);\n"],
    [playTurn, 'stop.abort("The client left")', "stop.abort()"],
    ["turn/run-turn.ts", "    await closed;\n", ""],
    ["turn/run-turn.ts", "if (handoff.leave()) leave();", "handoff.leave();"],
    [pipe, "        makeRoom();\n        onLeave?.();", "        onLeave?.();"],
    [handoff, '      state = "left";\n', ""],
    [
      playTurn,
      'turn.signal?.removeEventListener("abort", forwardStop),',
      'turn.signal?.removeEventListener("abort", forwardStop) ?? turn.hooks.onTurnEnd?.({} as never),',
    ],
  ]),
];
