import { mutantsOf, type Mutant } from "./mutant.ts";

const settlement = "turn/settlement.ts";
const produceTurn = "turn/produce-turn.ts";
const reports = "turn/producer-reports.ts";
const pump = "turn/pump.ts";
const playTurn = "turn/play-turn.ts";
const encodeEvent = "turn/encode-event.ts";
const emitter = "turn/turn-emitter.ts";
const envelope = "turn/envelope.ts";
const pipe = "wire/byte-pipe.ts";
const handoff = "internal/handoff.ts";

export const mutantsT6ToT10: readonly Mutant[] = [
  ...mutantsOf("T6", [
    [
      produceTurn,
      '    stop.addEventListener("abort", onStop);\n',
      '    queueMicrotask(() => stop.addEventListener("abort", onStop));\n',
    ],
    [
      produceTurn,
      "    // Anything may be a reason, also a value that cannot be read.\n",
      '    throw new Error("unreadable");\n',
    ],
    [pump, '      end({ how: "stopped" });\n', ""],
    [pump, "      if (!open) return;\n      if (typeof result", "      if (typeof result"],
    [pump, "    if (stop.aborted) {\n", "    if (false) {\n"],
    [produceTurn, 'if (stop.aborted) return { how: "stopped" };', ""],
    [produceTurn, '      if (end.how !== "drained") abandon(turn, started.iterator);\n', ""],
    [produceTurn, '    stop.addEventListener("abort", forwardStop);\n', ""],
    [produceTurn, "if (stop.aborted) abandon(turn, iterator);", "if (stop.aborted) return;"],
    [produceTurn, "    const onStop = (): void => resolve(undefined);", "    const onStop = (): void => undefined;"],
    [produceTurn, "abortWith(halt, stop.reason)", "halt.abort()"],
    [produceTurn, 'reason.name !== "AbortError"', "true"],
    [produceTurn, 'end.how === "stopped" ? reasonText(stop.reason)', 'end.how === "drained" ? reasonText(stop.reason)'],
    [playTurn, "if (turn.signal?.aborted === true) forwardStop();\n  else ", ""],
    [playTurn, "abortWith(stop, turn.signal?.reason)", "stop.abort()"],
    [playTurn, 'turn.signal?.removeEventListener("abort", forwardStop)', "undefined"],
    [
      settlement,
      '...(await partial(turn, produced)), status: "cancelled" };\n    }\n    case "threw"',
      'finalText: "", persist: true, complete: true, status: "cancelled" };\n    }\n    case "threw"',
    ],
  ]),
  ...mutantsOf("T7", [
    [pump, "if (room !== undefined) room.then(advance, fail);\n        else if", "if"],
    [pump, "else if (++values % VALUES_PER_MACROTASK === 0) letOthersRun(values).then(advance, fail);\n", ""],
    [pipe, "chunkBytes + text.length > maxBufferedBytes", "text.length > maxBufferedBytes"],
    [pipe, "chunkBytes + text.length > maxBufferedBytes", "chunkBytes > maxBufferedBytes"],
    [pipe, "      if (room !== undefined && !isFull()) makeRoom();\n", ""],
    [pipe, "        makeRoom();\n        onLeave?.();", "        onLeave?.();"],
    [pipe, "{ highWaterMark: 0 },", "{ highWaterMark: 1e6 },"],
    [pipe, "    if (wanted) send();\n  }\n\n  const readable", "  }\n\n  const readable"],
    ["internal/when-quiet.ts", "ticks < QUIET_TICKS", "ticks < 1"],
    [
      pipe,
      "      } else if (wanted && !watching) {\n        void watch();",
      "      } else if (wanted) {\n        send();",
    ],
    [pipe, 'return state === "open" && isFull();', "return false;"],
    [handoff, "if (size <= maxSize) return undefined;", "return undefined;"],
    [handoff, "      size -= next.size;\n", ""],
    [handoff, "        values = values.slice(head);\n", "        values = values.slice(1);\n"],
    [handoff, 'return state === "open" && size > maxSize;', "return false;"],
  ]),
  ...mutantsOf("T8", [
    [encodeEvent, "const json = stringifyEvent(event);", "const json = JSON.stringify(event);"],
    [encodeEvent, "      ...(id === undefined ? {} : { id }),\n", ""],
    [encodeEvent, '    turn.log("An event cannot be encoded", { ...subject(turn), type, error });\n', ""],
    [encodeEvent, "    return { event: replacement, json: stringifyEvent(replacement) };", "    throw error;"],
    [emitter, "deliver(encoded.event, encoded.json)", "deliver(event, encoded.json)"],
    [encodeEvent, "encodingError: describeThrown(error).message", "encodingError: true"],
    [reports, "...(isEncodable(details) ? details : {})", "...details"],
    [
      "wire/event-json.ts",
      'if (json === undefined) throw new TypeError("The event\'s toJSON returned nothing");',
      'if (json === undefined) return "{}";',
    ],
  ]),
  ...mutantsOf("T9", [
    [reports, "        this.errorSent = true;\n", ""],
    [reports, "        this.errorSent = true;\n        this.#fail(event);\n", "        this.errorSent = true;\n"],
    [reports, "executionId: _theirs, ...details", "...details"],
    [reports, "details: { ...this.failure?.details, ", "details: { "],
    [
      settlement,
      "finalText: text.value, persist: true, complete: true }\n          :",
      "finalText: text.value, persist: true, complete: false }\n          :",
    ],
    [settlement, 'if (turn.partialText === "drop") return { finalText: "", persist: false, complete: false };\n', ""],
    [
      settlement,
      "if (text.ok) return { finalText: text.value, persist: true, complete: false };",
      "if (text.ok) return { finalText: text.value, persist: true, complete: true };",
    ],
    [
      settlement,
      "const text = await transform(turn, textSoFar(turn, produced));",
      "const text = { ok: true, value: textSoFar(turn, produced) } as Text;",
    ],
    [
      settlement,
      "if (answer.touched || !spoke || producer === undefined) return answer.text();",
      "return answer.text();",
    ],
    [
      settlement,
      "if (answer.touched || !spoke || producer === undefined) return answer.text();\n",
      "if (producer === undefined) return answer.text();\n",
    ],
    [settlement, "{ ...failed, failure, errorSent: false }", "{ ...failed, failure }"],
    [settlement, "const errorSent = common.errorSent && produced", "const errorSent = common.errorSent || produced"],
    [settlement, "const more = details === undefined ? {} : { details };", "const more = {};"],
    [settlement, "if (reports.failure !== undefined) {", "if (false) {"],
    [
      settlement,
      "{ ...failed, failure, errorSent: false } : failed",
      "{ ...failed, failure, errorSent: false } : { ...failed, failure }",
    ],
    [
      produceTurn,
      'const keepsText = turn.partialText === "keep" || options.answer !== undefined;',
      "const keepsText = options.answer !== undefined;",
    ],
    [envelope, "{ ...details, sessionId, message,", "{ sessionId, message, ...details,"],
    [
      settlement,
      '      if (reports.cancelled !== undefined) {\n        return { ...common, ...reports.cancelled, ...(await partial(turn, produced)), status: "cancelled" };\n      }\n',
      "",
    ],
  ]),
  ...mutantsOf("T10", [
    [produceTurn, 'end: end.how === "drained" && reports.waits ? { how: "suspended" } : end,', "end,"],
    [reports, "this.#asked.size + this.#nameless > 0", "this.#asked.size > 0"],
    [reports, " && this.failure === undefined", ""],
    [reports, " && this.cancelled === undefined", ""],
    [
      reports,
      "    if (id !== undefined) this.#asked.delete(id);\n    else if",
      "    if (id !== undefined) this.#asked.clear();\n    else if",
    ],
    [reports, "this.#nameless--;", "this.#nameless = 0;"],
    [reports, "        this.#ask(event);\n        return true;", "        this.#ask(event);\n        return false;"],
    [settlement, 'new TurnError("unsupported-suspension", message)', "new Error(message)"],
    [produceTurn, 'end.how === "drained" && reports.waits', "reports.waits"],
  ]),
];
