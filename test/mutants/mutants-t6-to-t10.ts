import { mutantsOf, type Mutant } from "./mutant.ts";

const settlement = "turn/settlement.ts";
const produceTurn = "turn/produce-turn.ts";
const reports = "turn/producer-reports.ts";
const pump = "turn/pump.ts";
const playTurn = "turn/play-turn.ts";
const encodeEvent = "turn/encode-event.ts";
const pipe = "wire/byte-pipe.ts";
const runTurn = "turn/run-turn.ts";
const onAbort = "internal/on-abort.ts";

export const mutantsT6ToT10: readonly Mutant[] = [
  ...mutantsOf("T6", [
    [
      onAbort,
      'else signal?.addEventListener("abort", callback);',
      'else queueMicrotask(() => signal?.addEventListener("abort", callback));',
    ],
    [
      produceTurn,
      "    // Anything may be a reason, also a value that cannot be read.\n",
      '    throw new Error("unreadable");\n',
    ],
    [produceTurn, '      resolve({ how: "stopped" });\n', ""],
    [pump, "    if (!isOpen()) return;\n    try {\n      check", "    try {\n      check"],
    [produceTurn, "    if (open) void start();", "    void start();"],
    [produceTurn, "    if (iterator !== undefined) void abandon(turn, iterator);\n", ""],
    [produceTurn, "      abortWith(halt, stop.reason);\n", ""],
    [produceTurn, "if (!open) return abandon(turn, opened);", "if (!open) return;"],
    [produceTurn, "      open = false;\n      abortWith", "      abortWith"],
    [produceTurn, "  unlisten();\n", ""],
    [produceTurn, "abortWith(halt, stop.reason)", "halt.abort()"],
    [produceTurn, 'reason.name !== "AbortError"', "true"],
    [produceTurn, 'end.how === "stopped" ? reasonText(stop.reason)', 'end.how === "drained" ? reasonText(stop.reason)'],
    [onAbort, "if (signal?.aborted === true) callback();\n  else ", ""],
    [playTurn, "abortWith(stop, signal?.reason)", "stop.abort()"],
    [playTurn, ".finally(unlisten);", ";"],
    [
      settlement,
      '...common, ...answer, status: "cancelled"',
      '...common, finalText: "", persist: true, complete: true, status: "cancelled"',
    ],
  ]),
  ...mutantsOf("T7", [
    [pump, "if (room !== undefined) room.then(advance, failed);\n      else if", "if"],
    [pump, "else if (++values % VALUES_PER_TIMER === 0) setTimeout(advance, 0);\n", ""],
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
    [runTurn, "return room?.promise;", "return undefined;"],
    [runTurn, "      size -= next.size;\n", ""],
    [runTurn, "      if (!isFull()) makeRoom();\n", ""],
    [runTurn, "waiting.shift()", "waiting.pop()"],
    [runTurn, "      return isFull();\n", "      return false;\n"],
  ]),
  ...mutantsOf("T8", [
    [encodeEvent, "const json = stringifyEvent(event, maxBytes);", "const json = JSON.stringify(event);"],
    [encodeEvent, "defined({ type, data, id })", "{ type, data }"],
    [encodeEvent, "    logFailure(turn, `Encoding ${type}`, error);\n", ""],
    [encodeEvent, "    return encodeEvent(turn, defined(", "    throw (error, defined("],
    [playTurn, "reader.deliver(event, json)", "reader.deliver(given, json)"],
    [encodeEvent, "encodingError: describeThrown(error).message", "encodingError: true"],
    [reports, "      stringifyEvent({ type: FAILED, data: details });\n", ""],
    [
      "wire/event-json.ts",
      "const json = JSON.stringify(event);",
      "const json = JSON.stringify(event) ?? JSON.stringify({ type: event.type });",
    ],
  ]),
  ...mutantsOf("T9", [
    [reports, "        this.errorSent = true;\n", ""],
    [reports, "        this.errorSent = true;\n        this.#fail(data);\n", "        this.errorSent = true;\n"],
    ["turn/envelope.ts", "...said, executionId }", "executionId, ...said }"],
    [reports, "{ ...this.details, ...details }", "{ ...details }"],
    [
      settlement,
      "details, finalText, persist: true, complete: true };",
      "details, finalText, persist: true, complete: false };",
    ],
    [settlement, '  if (turn.partialText === "drop") return DROPPED;\n', ""],
    [
      settlement,
      "textSoFar(turn, produced)), persist: true, complete: false",
      "textSoFar(turn, produced)), persist: true, complete: true",
    ],
    [settlement, "await transform(turn, textSoFar(turn, produced))", "textSoFar(turn, produced)"],
    [settlement, "if (!mayKnowMore || producer === undefined) return told;", "return told;"],
    [
      settlement,
      "if (!mayKnowMore || producer === undefined) return told;\n",
      "if (producer === undefined) return told;\n",
    ],
    [settlement, "resumed === true || (spoke", "(spoke"],
    [settlement, "failure, errorSent: false, reason", "failure, reason"],
    [settlement, "const told = errorSent && reported", "const told = errorSent || reported"],
    [settlement, "failure, details, errorSent: told }", "failure, errorSent: told }"],
    [settlement, 'reported === undefined ? "completed" : "failed"', '"completed"'],
    [settlement, "  if (settlement.failure !== undefined) return settlement;\n", ""],
    [
      produceTurn,
      'const keepsText = turn.partialText === "keep" || options.answer !== undefined;',
      "const keepsText = options.answer !== undefined;",
    ],
    [settlement, "{ reason, ...details, ...failure }", "{ reason, ...failure }"],
    [reports, "sessionId: _theirs, ", ""],
    [settlement, "(reported !== undefined || cancelled === undefined)", "true"],
  ]),
  ...mutantsOf("T10", [
    [produceTurn, "if (reports.waits) end = {", "if (false) end = {"],
    [
      reports,
      "if (id === undefined || !this.#asked.includes(id)) this",
      "if (id !== undefined && !this.#asked.includes(id)) this",
    ],
    [reports, " && this.failure === undefined", ""],
    [reports, " && this.cancelled === undefined", ""],
    [reports, "if (at !== -1) this.#asked.splice(at, 1);", "if (at !== -1) this.#asked.splice(at);"],
    [reports, "if (at !== -1) this.#asked.splice(at, 1);", "this.#asked.splice(at, 1);"],
    [reports, '["approvalId"]);\n        break;\n', '["approvalId"]);\n        return false;\n'],
    [produceTurn, 'new TurnError("unsupported-suspension", message)', "new Error(message)"],
    [produceTurn, '  if (end.how === "drained") {', "  if (true) {"],
  ]),
];
