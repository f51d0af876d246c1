import { checkCount, checkName, checkObject, checkString } from "../internal/check-argument.ts";
import { describeValue } from "../internal/describe-value.ts";

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
  const { projectId, sessionId, turnIndex, tenantId, attempt } = parts;
  checkCount("turnIndex", turnIndex);
  const tenant = tenantId === undefined ? "" : `${escapePart("tenantId", tenantId)}@`;
  const names = `${escapePart("projectId", projectId)}:${escapePart("sessionId", sessionId)}`;
  let again = "";
  if (attempt !== undefined) {
    checkCount("attempt", attempt);
    again = `~${attempt}`;
  }
  const id = `${tenant}${names}:${turnIndex}${again}`;
  if (id.length > MAX_LENGTH) {
    throw new RangeError(`An execution id takes at most ${MAX_LENGTH} characters, and this one ${id.length}`);
  }
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
  if (id.length > MAX_LENGTH) {
    throw new RangeError(`An execution id takes at most ${MAX_LENGTH} characters, and this one ${id.length}`);
  }
  const [, tenant, project, session, turn, again] = SHAPE.exec(id) ?? [];
  if (project !== undefined && session !== undefined && turn !== undefined) {
    const parts: ExecutionIdParts = {
      projectId: unescapePart(project),
      sessionId: unescapePart(session),
      turnIndex: Number(turn),
      ...(tenant === undefined ? {} : { tenantId: unescapePart(tenant) }),
      ...(again === undefined ? {} : { attempt: Number(again) }),
    };
    // Another spelling ("%41" for "A", "03" for "3") is another string, and so no id of ours.
    if (isDerived(parts, id)) return parts;
  }
  throw new TypeError(
    `Cannot parse the execution id ${describeValue(id)}: expected [tenant@]project:session:turn[~attempt] as derived`,
  );
}

function isDerived(parts: ExecutionIdParts, id: string): boolean {
  try {
    return deriveExecutionId(parts) === id;
  } catch {
    return false;
  }
}

function escapePart(name: string, value: unknown): string {
  checkName(name, value);
  try {
    return encodeURIComponent(value);
  } catch (cause) {
    throw new TypeError(`${name} is no well-formed Unicode: it holds half of a surrogate pair`, { cause });
  }
}

/** The text that was escaped; something that is no part (and so cannot be derived again) where none was. */
function unescapePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}
