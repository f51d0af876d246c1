import type { AgentObject, AgentRun } from "../agent/agent.ts";
import { textDelta } from "../event/known-events.ts";
import type { JsonValue } from "../event/json.ts";
import { checkEvent, type TurnEvent } from "../event/turn-event.ts";
import { checkObject, checkOneOf, checkString } from "../internal/check-argument.ts";
import { systemClock } from "../internal/clock.ts";
import { agentRunner } from "./guest/agent-runner.ts";
import { guestModules } from "./guest/guest-modules.ts";
import type { ScriptLimits } from "./limits.ts";
import { checkProductHost, describeHost, hostFunctions, type ProductHost } from "./product-host.ts";
import { createScriptRuntime } from "./script-runtime.ts";
import type { ScriptRuntime } from "./script-runtime-contract.ts";
import { ScriptSteps } from "./script-steps.ts";
import { quickjs } from "./vm/quickjs/quickjs.ts";

export interface ScriptAgentOptions extends ProductHost {
  /** The text of an ES module that exports by default what answers: `async (turn, ctx) => …`. */
  readonly source: string;
  /** What errors call it. Default `script.js`. */
  readonly fileName?: string;
  /** Where it runs. Default: a runtime of its own with QuickJS inline, made on first use. */
  readonly runtime?: ScriptRuntime;
  /** Of that own runtime. */
  readonly limits?: ScriptLimits;
  /** Wall time of a whole turn in the script, instead of `limits.timeoutMs`. */
  readonly timeoutMs?: number;
  /** Put under the run's own tags. */
  readonly tags?: Readonly<Record<string, JsonValue>>;
  readonly replay?: "safe" | "unsafe";
}

// How long a script that is told to stop may clean up, while its turn has ended already.
const STOP_GRACE_MS = 1_000;

/**
 * An agent that is a tenant's script. Each turn runs in a context of its own, in its tenant's VM: what a script keeps in
 * variables is seen by no other turn.
 *
 * @example
 * ```ts
 * import { scriptAgent } from "turnwire/script";
 *
 * const agent = scriptAgent({
 *   source: `export default async (turn, ctx) => {
 *     await ctx.text("You said: ");
 *     await ctx.text(turn.message);
 *   }`,
 * });
 * ```
 */
export function scriptAgent(options: ScriptAgentOptions): AgentObject {
  checkObject("options", options);
  checkString("source", options.source);
  checkOneOf("replay", options.replay ?? "unsafe", ["safe", "unsafe"]);
  checkProductHost(options);
  if (options.runtime !== undefined && options.limits !== undefined) {
    throw new TypeError("limits belong to the runtime that is given: pass them there");
  }
  let runtime = options.runtime;
  return {
    replay: options.replay ?? "unsafe",
    stream: (run) => {
      runtime ??= createScriptRuntime({ engine: quickjs(), limits: options.limits ?? {} });
      return answer(run, runtime, options);
    },
  };
}

async function* answer(run: AgentRun, runtime: ScriptRuntime, options: ScriptAgentOptions): AsyncGenerator<TurnEvent> {
  const { source, fileName = "script.js", timeoutMs } = options;
  const { signal } = run;
  const time = timeoutMs === undefined ? {} : { timeoutMs };
  const script = await runtime.openScript({
    tenant: run.identity.tenantId,
    source: agentRunner(fileName),
    fileName: "turnwire:agent",
    modules: { ...(await guestModules(describeHost(options))), [fileName]: source },
    host: hostFunctions(options, signal),
    signal,
    ...time,
  });
  const steps = new ScriptSteps();
  const abandon = new AbortController();
  let spoke = false;
  const context = {
    identity: run.identity,
    executionId: run.executionId,
    tags: { ...options.tags, ...run.tags },
    ...(run.deadline === undefined ? {} : { deadline: run.deadline }),
    signal,
    emit([event]: readonly unknown[]) {
      checkEvent(event);
      spoke ||= saysText(event);
      return steps.emit(event);
    },
    saveCheckpoint: ([value = null]: readonly unknown[]) => steps.checkpoint(value),
  };
  const call = script.call("default", [describeTurn(run), context], { signal: abandon.signal, ...time });
  call.then(
    (text) => {
      if (typeof text === "string" && text !== "" && !spoke) void steps.emit(textDelta(text));
      steps.end();
    },
    (error: unknown) => steps.fail(error, "after"),
  );
  // The turn ends at once; the script has heard of it by its own signal.
  const stop = (): void => steps.fail(signal.reason, "now");
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  try {
    yield* steps.events((value) => run.saveCheckpoint(value as JsonValue));
  } finally {
    signal.removeEventListener("abort", stop);
    const cancelTimer = systemClock.after(signal.aborted ? STOP_GRACE_MS : 0, () => abandon.abort());
    const ended = call.then(
      () => undefined,
      () => undefined,
    );
    void ended.then(() => {
      cancelTimer();
      return script.close();
    });
  }
}

/** What the script gets as its turn. */
function describeTurn({ input, history, attempt, resume, checkpoint }: AgentRun): object {
  return {
    message: input.message,
    text: textOf(input.message),
    ...(input.data === undefined ? {} : { data: input.data }),
    history,
    attempt,
    ...(resume === undefined ? {} : { resume }),
    ...(checkpoint === undefined ? {} : { checkpoint }),
  };
}

function textOf(message: AgentRun["input"]["message"]): string {
  if (typeof message === "string") return message;
  return message.flatMap(({ type, text }) => (type === "text" && typeof text === "string" ? [text] : [])).join("\n");
}

function saysText({ type, data }: TurnEvent): boolean {
  const part = data?.["part"] as { readonly type?: unknown } | undefined;
  return type === "result" || (type === "message.part.updated" && part?.type === "text");
}
