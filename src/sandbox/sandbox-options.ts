import { checkDuration, checkObject, checkOneOf, checkOptionalFunction } from "../internal/check-argument.ts";
import { type Clock, systemClock } from "../internal/clock.ts";
import { answerInteraction, type AnswerInteraction } from "./interaction.ts";
import { createHttpTransport, type SandboxEndpoint } from "./http-transport.ts";
import { type ResolvedRetry, resolveRetry, type SandboxRetry } from "./retry-options.ts";
import type { SandboxAnswer, SandboxBox } from "./sandbox-sdk.ts";
import type { Prompt, SandboxTransport } from "./sandbox-transport.ts";
import { canReconnect, createSdkTransport } from "./sdk-transport.ts";
import { type SessionOf, sessionOfExecution } from "./remote-session.ts";

/** How the sandbox is reached: by its SDK, or straight over HTTP. */
export type SandboxAccess = { readonly box: SandboxBox } | SandboxEndpoint;

export interface SandboxOptions {
  /** When a lost connection is given up. Default: after ten seconds without anything new. */
  readonly retry?: SandboxRetry;
  /** Which model answers. Default: the sandbox's own. */
  readonly model?: string;
  /** How long one prompt may take, as the SDK knows it. */
  readonly timeoutMs?: number;
  /** Handed to the sandbox with the prompt. */
  readonly context?: Record<string, unknown>;
  /** Default: the session of the execution id, with the tenant in front when the id has one. */
  readonly sessionOf?: SessionOf;
  /** How long a connection may be silent before another one is made. Default 60,000. */
  readonly stallMs?: number;
  /**
   * How long a connection must be silent for `inspect` to take what came for all that there is: the sandbox itself does
   * not say where a log ends. Of a run that never is, two seconds are read. Default 100.
   */
  readonly quietMs?: number;
  /** What must not appear in events, errors and logs. The token of an endpoint is always among it. */
  readonly secrets?: readonly string[];
  /** What a decision means to the sandbox. Default: accepted with no fields (or the edited ones), or declined. */
  readonly answer?: AnswerInteraction;
  /** Hands an answer to the sandbox. Default: the SDK's `respondToInteraction`, or the route for it. */
  readonly respond?: (interaction: {
    readonly executionId: string;
    readonly sessionId: string;
    readonly answer: SandboxAnswer;
  }) => Promise<void>;
  /**
   * What a run comes to whose events the sandbox has dropped: `cursor-gap`, or the `result`, where the sandbox keeps one,
   * to readers from the start. It is never run again.
   */
  readonly whenExpired?: "cursor-gap" | "result";
  /**
   * Notes durably that an execution is about to be dispatched; true for the first time only (a row with a unique key).
   * With it, a turn that is posted again by a process that knows nothing of it, after the sandbox has forgotten it, is an
   * error instead of a second run. The SDK does without, where it keeps results.
   */
  readonly claim?: (executionId: string) => boolean | Promise<boolean>;
  /** Time, for tests. */
  readonly clock?: Clock;
}

export interface ResolvedSandbox {
  readonly transport: SandboxTransport;
  readonly retry: ResolvedRetry;
  readonly settings: Omit<Prompt, "message">;
  readonly sessionOf: SessionOf;
  readonly answer: AnswerInteraction;
  readonly whenExpired: "cursor-gap" | "result";
  readonly claim: ((executionId: string) => boolean | Promise<boolean>) | undefined;
  readonly quietMs: number;
  readonly clock: Clock;
}

/** Refuses what is no setting, at once and naming it, and opens the way to the sandbox. */
export function resolveSandbox(
  access: SandboxAccess,
  options: SandboxOptions,
  defaults: Pick<ResolvedSandbox, "whenExpired">,
): ResolvedSandbox {
  checkObject("access", access);
  checkObject("options", options);
  const {
    retry,
    model,
    timeoutMs,
    context,
    stallMs = 60_000,
    quietMs = 100,
    secrets = [],
    clock = systemClock,
  } = options;
  const { sessionOf = sessionOfExecution, answer = answerInteraction, respond, claim } = options;
  const { whenExpired = defaults.whenExpired } = options;
  checkDuration("stallMs", stallMs);
  checkDuration("quietMs", quietMs);
  checkOneOf("whenExpired", whenExpired, ["cursor-gap", "result"]);
  checkOptionalFunction("sessionOf", sessionOf);
  checkOptionalFunction("answer", answer);
  checkOptionalFunction("respond", respond);
  checkOptionalFunction("claim", claim);
  const transport = openTransport(access, { clock, stallMs, secrets });
  return {
    transport:
      respond === undefined ? transport : { ...transport, respond: (run, given) => respond({ ...run, answer: given }) },
    retry: resolveRetry(retry, clock),
    settings: {
      ...(model === undefined ? {} : { model }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(context === undefined ? {} : { context }),
    },
    sessionOf,
    answer,
    whenExpired,
    claim,
    quietMs,
    clock,
  };
}

function openTransport(
  access: SandboxAccess,
  options: { readonly clock: Clock; readonly stallMs: number; readonly secrets: readonly string[] },
): SandboxTransport {
  if (!("box" in access)) return createHttpTransport(access, options);
  const { box } = access;
  checkObject("box", box);
  if (!canReconnect(box)) {
    throw new TypeError(
      "This box has no session(), so its SDK (0.1.x) cannot find a run again: pass { url, token } instead of { box }",
    );
  }
  return createSdkTransport(box, options);
}
