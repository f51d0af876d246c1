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

const checkPart: Check<string> = (name, value) => {
  checkName(name, value);
  checkWhole(name, value);
};

const checkWhole: Check<string> = /* @__PURE__ */ mustBe(
  "well-formed Unicode, without half of a surrogate pair",
  (value) => !/\p{Cs}/u.test(value as string),
);

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
    tenantId: optional(checkPart),
    projectId: checkPart,
    sessionId: checkPart,
    turnIndex: countFrom(0),
    attempt: optional(countFrom(0)),
  });
  const { projectId, sessionId, turnIndex, tenantId, attempt } = parts;
  const tenant = tenantId === undefined ? "" : `${encodeURIComponent(tenantId)}@`;
  const again = attempt === undefined ? "" : `~${attempt}`;
  const id = `${tenant}${encodeURIComponent(projectId)}:${encodeURIComponent(sessionId)}:${turnIndex}${again}`;
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
  checkDerived("executionId", id);
  return partsOf(id);
}

const checkDerived: Check<string> = /* @__PURE__ */ mustBe("[tenant@]project:session:turn[~attempt]", (id) => {
  try {
    // Another spelling ("%41" for "A", "03" for "3") is another string, and so no id of ours.
    return deriveExecutionId(partsOf(id as string)) === id;
  } catch {
    return false;
  }
});

function partsOf(id: string): ExecutionIdParts {
  // Of a text that is no id every part is missing, which cannot be derived again.
  const [, tenantId, projectId = "", sessionId = "", turn, again] = SHAPE.exec(id) ?? [];
  return defined({
    projectId: decodeURIComponent(projectId),
    sessionId: decodeURIComponent(sessionId),
    turnIndex: Number(turn),
    tenantId: tenantId && decodeURIComponent(tenantId),
    attempt: again === undefined ? undefined : Number(again),
  });
}
