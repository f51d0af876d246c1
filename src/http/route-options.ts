import type { $ZodType } from "zod/v4/core";
import type { OwnerHooks } from "../turn/chat-turn-hooks.ts";
import { HOOK_NAMES } from "../turn/chat-turn-hooks.ts";
import type { ChatTurnInput } from "../turn/chat-turn-input.ts";
import { resolveOwnerOptions } from "../turn/turn-owner.ts";
import type { TurnContext, TurnProducer } from "../turn/turn-producer.ts";
import {
  checkCount,
  checkDuration,
  checkFields,
  checkFunction,
  checkName,
  checkObject,
  checkOneOf,
  checkOptionalFunction,
  oneOf,
  optional,
} from "../internal/check-argument.ts";
import type { Clock } from "../internal/clock.ts";
import { fieldsOf } from "../internal/fields-of.ts";
import type { Substrate } from "../substrate/substrate.ts";
import type { TurnInput } from "../substrate/turn-input.ts";
import type { Log } from "../turn/turn-owner.ts";
import type { StartTurnBody } from "./schemas.ts";
import type { Schemas } from "./validate.ts";

/** What somebody who is let in may do is theirs: which tenant's turns, and as whom. */
export interface Authorized {
  readonly tenantId: string;
  readonly userId: string;
  /** Where not everybody of a tenant may use all of its sessions: whether this user may use this one. */
  mayUseSession?(sessionId: string): boolean | Promise<boolean>;
}

/** What a request is about to do. */
export type RouteIntent = "start" | "attach" | "inspect" | "cancel" | "decide" | "list";

/**
 * Decides who somebody is. Called before anything else of the request is looked at; its body is unread. Nothing (or a
 * `TurnError` thrown with code `unauthorized`, `forbidden` or `rate-limited`) refuses; a `Response` is the answer itself.
 */
export type Authorize = (
  request: Request,
  asked: { readonly intent: RouteIntent },
) => Authorized | Response | undefined | Promise<Authorized | Response | undefined>;

/** A turn that these routes own, as `produce` gets it. */
export interface RoutedTurn extends TurnContext {
  readonly input: TurnInput;
}

/** Bounds of what a stranger may send, and of what is kept for one who does not read. */
export interface RouteLimits {
  /** Bytes of a request's body. Default 1,048,576. */
  readonly maxBodyBytes?: number;
  /** Characters of a message, of its JSON where it has parts. Default 100,000. */
  readonly maxMessageChars?: number;
  /** How much is kept for a reader that is slower than the turn. Default 65,536. */
  readonly maxBufferedBytes?: number;
}

/** Settings of a turn that the routes own: with a bare `produce`, or a substrate whose log has no envelope. */
type TurnSettings = Pick<ChatTurnInput, "partialText" | "hookTimeoutMs" | "describeError" | "onDisconnect">;

interface CommonOptions extends TurnSettings {
  /** Who is it? There is no default that lets everyone in. */
  readonly authorize: Authorize;
  /** Part of every execution id, and the fence between products on one substrate. */
  readonly projectId: string;
  /** What the product accepts as a message. Default: a text, or a list of parts with a type. */
  readonly message?: $ZodType<TurnInput["message"]>;
  readonly limits?: RouteLimits;
  /**
   * `session.run.heartbeat` is sent after so long a silence. Default 8,000, below the shortest time that a platform is
   * known to wait (Bun: 10 s); `Infinity` for never.
   */
  readonly keepAliveMs?: number;
  /** Tells the product's operators what clients are not told. Default `console.error`. */
  readonly log?: Log;
  /** Time, for tests. */
  readonly clock?: Clock;
}

export type ChatTurnRoutesOptions = CommonOptions &
  (
    | {
        /** Where executions live. When its envelope is stored, `hooks` belong to its owner. */
        readonly substrate: Substrate;
        readonly produce?: never;
        readonly hooks?: OwnerHooks;
      }
    | {
        /** Answers in the request itself; nothing can be attached to afterwards. */
        readonly produce: (turn: RoutedTurn) => TurnProducer | Promise<TurnProducer>;
        readonly substrate?: never;
        readonly hooks: OwnerHooks;
      }
  );

/** How turns are answered here. */
export type TurnSource =
  | { readonly kind: "stored"; readonly substrate: Substrate }
  | { readonly kind: "raw"; readonly substrate: Substrate; readonly hooks: OwnerHooks }
  | {
      readonly kind: "produce";
      readonly produce: NonNullable<ChatTurnRoutesOptions["produce"]>;
      readonly hooks: OwnerHooks;
    };

/** The options with their defaults in place. */
export interface Routes {
  readonly source: TurnSource;
  readonly authorize: Authorize;
  readonly projectId: string;
  readonly startBody: (schemas: Schemas) => $ZodType<StartTurnBody>;
  readonly limits: Required<RouteLimits>;
  readonly keepAliveMs: number;
  readonly turnSettings: TurnSettings & { readonly log: Log; readonly clock: Clock };
  /** Never throws. */
  readonly log: Log;
  readonly clock: Clock;
}

const TURN_SETTINGS = ["partialText", "hookTimeoutMs", "describeError", "onDisconnect"] as const;

/** Refuses what is no option, at once and naming it; then fills in the defaults. */
export function resolveRoutes(options: ChatTurnRoutesOptions): Routes {
  checkObject("options", options);
  const { authorize, projectId, message, limits = {}, keepAliveMs = 8_000 } = options;
  const { maxBodyBytes = 1024 * 1024, maxMessageChars = 100_000, maxBufferedBytes = 64 * 1024 } = limits;
  const resolvedLimits = { maxBodyBytes, maxMessageChars, maxBufferedBytes };
  checkFields(options, {
    authorize: checkFunction,
    projectId: checkName,
    message: optional(checkObject),
    keepAliveMs: optional(checkDuration),
    onDisconnect: optional(oneOf("drain", "cancel")),
  });
  for (const [name, limit] of Object.entries(resolvedLimits)) checkCount(`limits.${name}`, limit, 1);
  const { log, clock } = resolveOwnerOptions(options);
  const turnSettings = Object.fromEntries(
    TURN_SETTINGS.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]),
  );
  return {
    source: resolveSource(options, Object.keys(turnSettings)),
    authorize,
    projectId,
    startBody: startBodyWith(message),
    limits: resolvedLimits,
    keepAliveMs,
    turnSettings: { ...turnSettings, log, clock },
    log,
    clock,
  };
}

/** The body of `POST /turns`, made when it is first needed. */
function startBodyWith(message: ChatTurnRoutesOptions["message"]): Routes["startBody"] {
  if (message === undefined) return (schemas) => schemas.startTurnBody;
  let schema: $ZodType<StartTurnBody> | undefined;
  return (schemas) => (schema ??= schemas.startTurnBodyWith(message));
}

function resolveSource({ substrate, produce, hooks }: ChatTurnRoutesOptions, settings: readonly string[]): TurnSource {
  if ((substrate === undefined) === (produce === undefined)) {
    throw new TypeError("chatTurnRoutes takes either a substrate or a produce function");
  }
  if (substrate !== undefined) {
    checkObject("substrate", substrate);
    checkOneOf("substrate.envelope", substrate.envelope, ["stored", "none"]);
    if (substrate.envelope === "stored") {
      const misplaced = hooks === undefined ? settings[0] : "hooks";
      if (misplaced === undefined) return { kind: "stored", substrate };
      throw new TypeError(`${misplaced} belongs to the owner of this substrate (its run engine), not to the routes`);
    }
  }
  checkObject("hooks", hooks);
  for (const name of HOOK_NAMES) checkOptionalFunction(`hooks.${name}`, fieldsOf(hooks)[name]);
  checkFields(hooks, { persistAssistantMessage: checkFunction }, "hooks.");
  const kept = hooks as OwnerHooks;
  if (substrate !== undefined) return { kind: "raw", substrate, hooks: kept };
  checkFunction("produce", produce);
  return { kind: "produce", produce: produce as NonNullable<typeof produce>, hooks: kept };
}
