import turnError from "../errors/turn-error.portable.ts";
import envelope from "../turn/envelope.portable.ts";
import failingHooks from "../turn/failing-hooks.portable.ts";
import hostileLog from "../turn/hostile-log.portable.ts";
import lateHooks from "../turn/late-hooks.portable.ts";
import misusedArguments from "../turn/misused-arguments.portable.ts";
import producerNonsense from "../turn/producer-nonsense.portable.ts";
import settleOrder from "../turn/settle-order.portable.ts";
import thrownValues from "../turn/thrown-values.portable.ts";
import type { PortableSuite } from "../support/test-api.ts";

/** Every portable suite, by the name that reports show. The runners of all runtimes read this one list. */
export const portableSuites: Readonly<Record<string, PortableSuite>> = {
  "errors/turn-error": turnError,
  "turn/envelope": envelope,
  "turn/failing-hooks": failingHooks,
  "turn/hostile-log": hostileLog,
  "turn/late-hooks": lateHooks,
  "turn/misused-arguments": misusedArguments,
  "turn/producer-nonsense": producerNonsense,
  "turn/settle-order": settleOrder,
  "turn/thrown-values": thrownValues,
};
