import readTurn from "../client/read-turn.portable.ts";
import turnClient from "../client/turn-client.portable.ts";
import objectSubstrate from "../cloudflare/object-substrate.portable.ts";
import referenceSubstrate from "../conformance/reference-substrate.portable.ts";
import turnError from "../errors/turn-error.portable.ts";
import knownEvents from "../event/known-events.portable.ts";
import textAccumulator from "../event/text-accumulator.portable.ts";
import memoryStore from "../run/memory-store.portable.ts";
import executionId from "../turn/execution-id.portable.ts";
import wireChunking from "../wire/chunking.portable.ts";
import wireBytePipe from "../wire/byte-pipe.portable.ts";
import wireDecodeStream from "../wire/decode-stream.portable.ts";
import wireLimits from "../wire/limits.portable.ts";
import wireMalformed from "../wire/malformed.portable.ts";
import wireRoundTrip from "../wire/round-trip.portable.ts";
import wireSseFrames from "../wire/sse-frames.portable.ts";
import backpressure from "../turn/backpressure.portable.ts";
import delivery from "../turn/delivery.portable.ts";
import envelope from "../turn/envelope.portable.ts";
import failingHooks from "../turn/failing-hooks.portable.ts";
import hostileLog from "../turn/hostile-log.portable.ts";
import keepAlive from "../turn/keep-alive.portable.ts";
import lateHooks from "../turn/late-hooks.portable.ts";
import leavingClient from "../turn/leaving-client.portable.ts";
import misusedArguments from "../turn/misused-arguments.portable.ts";
import onEvent from "../turn/on-event.portable.ts";
import partialText from "../turn/partial-text.portable.ts";
import producerNonsense from "../turn/producer-nonsense.portable.ts";
import reportedFailure from "../turn/reported-failure.portable.ts";
import settleOrder from "../turn/settle-order.portable.ts";
import stopInSettle from "../turn/stop-in-settle.portable.ts";
import stop from "../turn/stop.portable.ts";
import suspension from "../turn/suspension.portable.ts";
import thrownValues from "../turn/thrown-values.portable.ts";
import todaysEngine from "../turn/todays-engine.portable.ts";
import unencodable from "../turn/unencodable.portable.ts";
import waitUntil from "../turn/wait-until.portable.ts";
import runAgentCancel from "../run/agent-cancel.portable.ts";
import runAgentRun from "../run/agent-run.portable.ts";
import runApprovals from "../run/approvals.portable.ts";
import runBadInput from "../run/bad-input.portable.ts";
import runCancel from "../run/cancel.portable.ts";
import runDeadline from "../run/deadline.portable.ts";
import runEngineHooks from "../run/engine-hooks.portable.ts";
import runEngineStop from "../run/engine-stop.portable.ts";
import runEventReader from "../run/event-reader.portable.ts";
import runFailingStore from "../run/failing-store.portable.ts";
import runLeases from "../run/leases.portable.ts";
import runRecovery from "../run/recovery.portable.ts";
import runRecoverySettling from "../run/recovery-settling.portable.ts";
import runRestartedText from "../run/restarted-text.portable.ts";
import runAppendInterval from "../run/append-interval.portable.ts";
import runRetention from "../run/retention.portable.ts";
import runValueSizes from "../run/value-sizes.portable.ts";
import runWake from "../run/wake.portable.ts";
import runSessionPolicy from "../run/session-policy.portable.ts";
import runSlots from "../run/slots.portable.ts";
import runUnknownAgent from "../run/unknown-agent.portable.ts";
import runConformance from "../run/conformance.portable.ts";
import fromSubstrate from "../turn/from-substrate.portable.ts";
import ownerCancel from "../script/owner-cancel.portable.ts";
import ownerErrors from "../script/owner-errors.portable.ts";
import ownerOrder from "../script/owner-order.portable.ts";
import macrotask from "../script/macrotask.portable.ts";
import ownerShutdown from "../script/owner-shutdown.portable.ts";
import scriptAbuse from "../script/script-abuse.portable.ts";
import scriptCalls from "../script/script-calls.portable.ts";
import scriptLeaks from "../script/script-leaks.portable.ts";
import scriptLost from "../script/script-lost.portable.ts";
import scriptOrder from "../script/script-order.portable.ts";
import scriptTenants from "../script/script-tenants.portable.ts";
import inferenceBehaviour from "../inference/behaviour.portable.ts";
import guestBehaviour from "../script/guest-behaviour.portable.ts";
import loadScript from "../script/load-script.portable.ts";
import manyTenants from "../script/many-tenants.portable.ts";
import scriptAgent from "../script/script-agent.portable.ts";
import inferenceStress from "../inference/stress.portable.ts";
import type { PortableSuite } from "../support/test-api.ts";

/** Every portable suite, by the name that reports show. The runners of all runtimes read this one list. */
export const portableSuites: Readonly<Record<string, PortableSuite>> = {
  "client/read-turn": readTurn,
  "client/turn-client": turnClient,
  "cloudflare/object-substrate": objectSubstrate,
  "conformance/reference-substrate": referenceSubstrate,
  "errors/turn-error": turnError,
  "event/known-events": knownEvents,
  "event/text-accumulator": textAccumulator,
  "run/memory-store": memoryStore,
  "turn/execution-id": executionId,
  "wire/chunking": wireChunking,
  "wire/byte-pipe": wireBytePipe,
  "wire/decode-stream": wireDecodeStream,
  "wire/limits": wireLimits,
  "wire/malformed": wireMalformed,
  "wire/round-trip": wireRoundTrip,
  "wire/sse-frames": wireSseFrames,
  "turn/backpressure": backpressure,
  "turn/delivery": delivery,
  "turn/envelope": envelope,
  "turn/failing-hooks": failingHooks,
  "turn/hostile-log": hostileLog,
  "turn/keep-alive": keepAlive,
  "turn/late-hooks": lateHooks,
  "turn/leaving-client": leavingClient,
  "turn/misused-arguments": misusedArguments,
  "turn/on-event": onEvent,
  "turn/partial-text": partialText,
  "turn/producer-nonsense": producerNonsense,
  "turn/reported-failure": reportedFailure,
  "turn/settle-order": settleOrder,
  "turn/stop-in-settle": stopInSettle,
  "turn/stop": stop,
  "turn/suspension": suspension,
  "turn/thrown-values": thrownValues,
  "turn/todays-engine": todaysEngine,
  "turn/unencodable": unencodable,
  "turn/wait-until": waitUntil,
  "run/agent-cancel": runAgentCancel,
  "run/agent-run": runAgentRun,
  "run/approvals": runApprovals,
  "run/bad-input": runBadInput,
  "run/cancel": runCancel,
  "run/deadline": runDeadline,
  "run/engine-hooks": runEngineHooks,
  "run/engine-stop": runEngineStop,
  "run/event-reader": runEventReader,
  "run/failing-store": runFailingStore,
  "run/leases": runLeases,
  "run/recovery": runRecovery,
  "run/recovery-settling": runRecoverySettling,
  "run/restarted-text": runRestartedText,
  "run/append-interval": runAppendInterval,
  "run/retention": runRetention,
  "run/value-sizes": runValueSizes,
  "run/wake": runWake,
  "run/session-policy": runSessionPolicy,
  "run/slots": runSlots,
  "run/unknown-agent": runUnknownAgent,
  "run/conformance": runConformance,
  "turn/from-substrate": fromSubstrate,
  "script/owner-cancel": ownerCancel,
  "script/owner-errors": ownerErrors,
  "script/owner-order": ownerOrder,
  "script/macrotask": macrotask,
  "script/owner-shutdown": ownerShutdown,
  "script/script-abuse": scriptAbuse,
  "script/script-calls": scriptCalls,
  "script/script-leaks": scriptLeaks,
  "script/script-lost": scriptLost,
  "script/script-order": scriptOrder,
  "script/script-tenants": scriptTenants,
  "inference/behaviour": inferenceBehaviour,
  "script/guest-behaviour": guestBehaviour,
  "script/load-script": loadScript,
  "script/many-tenants": manyTenants,
  "script/script-agent": scriptAgent,
  "inference/stress": inferenceStress,
};
