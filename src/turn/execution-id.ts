import {
  type Check,
  checkFields,
  checkName,
  checkObject,
  checkString,
  countFrom,
  mustBe,
  optional,
} from "../internal/check-argument.ts";
import { describeValue } from "../internal/describe-value.ts";
import { defined } from "../internal/defined.ts";

/** What names an execution: always the same parts for the same turn, never anything random. */
export interface ExecutionIdParts {
  readonly projectId: string;
  readonly sessionId: string;
  readonly turnIndex: number;
  readonly tenantId?: string;
  /** How a product deliberately runs a turn again. Absent is not 0. */
  readonly attempt?: number;
}

const MAX_LENGTH = 256;
// Colon, at and tilde separate; encodeURIComponent escapes the first two, and the third stands only before digits at
// the very end. So no part can imitate a separator, and no two inputs share an id.
const SHAPE = /^(?:([^:@]+)@)?([^:@]+):([^:@]+):(\d+)(?:~(\d+))?$/;

const checkLength: Check<string> = /* @__PURE__ */ mustBe(
  `of at most ${MAX_LENGTH} characters`,
  (id) => (id as string).length <= MAX_LENGTH,
  RangeError,
);

/**
 * The id under which a turn's execution lives: `[tenant@]project:session:turn[~attempt]`, its string parts escaped.
 * The same turn always gets the same id, and two different turns never do.
 *
 * @example
 * ```ts
 * import { deriveExecutionId } from "turnwire";
 *
 * deriveExecutionId({ projectId: "gtm-agent", sessionId: "thread-abc", turnIndex: 3 }); // "gtm-agent:thread-abc:3"
 * ```
 */
export function deriveExecutionId(parts: ExecutionIdParts): string {
  checkObject("parts", parts);
  checkFields(parts, {
    tenantId: optional(checkName),
    projectId: checkName,
    sessionId: checkName,
    turnIndex: countFrom(0),
    attempt: optional(countFrom(0)),
  });
  const { projectId, sessionId, turnIndex, tenantId, attempt } = parts;
  const [tenant, project, session] = [tenantId ?? "", projectId, sessionId].map(encodeURIComponent);
  const again = attempt === undefined ? "" : `~${attempt}`;
  const id = `${tenant && `${tenant}@`}${project}:${session}:${turnIndex}${again}`;
  checkLength("An execution id", id);
  return id;
}

/**
 * The parts that an execution id was derived from. Takes only what {@link deriveExecutionId} gives.
 *
 * @example
 * ```ts
 * import { parseExecutionId } from "turnwire";
 *
 * parseExecutionId("acme@gtm-agent:thread-abc:3~1");
 * // { tenantId: "acme", projectId: "gtm-agent", sessionId: "thread-abc", turnIndex: 3, attempt: 1 }
 * ```
 */
export function parseExecutionId(id: string): ExecutionIdParts {
  checkString("executionId", id);
  checkLength("executionId", id);
  try {
    // Of a text that is no id every part is missing, which cannot be derived again.
    const [, tenant, project = "", session = "", turn, again] = SHAPE.exec(id) ?? [];
    const parts = defined({
      projectId: decodeURIComponent(project),
      sessionId: decodeURIComponent(session),
      turnIndex: Number(turn),
      tenantId: tenant && decodeURIComponent(tenant),
      attempt: again === undefined ? again : Number(again),
    });
    // Another spelling ("%41" for "A", "03" for "3") is another string, and so no id of ours.
    if (deriveExecutionId(parts) === id) return parts;
  } catch {
    // Parts that are none; or an escape that is none.
  }
  throw new TypeError(`executionId must be [tenant@]project:session:turn[~attempt], got ${describeValue(id)}`);
}
