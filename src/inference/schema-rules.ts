import { checkList, checkObject, isObject, refuse } from "../internal/check-argument.ts";
import { describeValue } from "../internal/describe-value.ts";
import { isPlainObject } from "./plain-data.ts";

// A pattern may take time in the square of the text's length, or worse.
const MAX_PATTERN_TEXT = 2_000;

/** What is wrong, and where: a path from the value that was checked. It is put together on the way out of a refusal only. */
export interface Problem {
  at: string;
  readonly text: string;
}

export type Check = (value: unknown) => Problem | undefined;

/** The checks of schemas that others refer to, by how they do. */
export type Known = Map<unknown, Check>;

/** Makes a keyword's check; `inside` makes those of the schemas that it holds. What could not be checked is refused. */
type Rule = (
  limit: unknown,
  inside: (schema: unknown, name?: string) => Check,
  place: string,
  schema: Readonly<Record<string, unknown>>,
  known: Known,
) => Check | undefined;

// A global is looked up each time, which is slow in a VM.
const { hasOwn } = Object;

export const problem = (text: string, at = ""): Problem => ({ at, text });

/** A problem of what stands in the value under a name. */
export function under(name: string | number, found: Problem | undefined): Problem | undefined {
  if (found !== undefined) found.at = `/${name}${found.at}`;
  return found;
}

/** What can be measured must fit a limit that is a number. */
const measured =
  (
    measure: (value: unknown) => number | undefined,
    fits: (size: number, limit: number) => boolean,
    words: string,
    unit = "",
  ): Rule =>
  (limit, _inside, place) => {
    // Such as the boolean that `exclusiveMinimum` was in older drafts.
    if (typeof limit !== "number") refuse(place, "a number", limit);
    return (value) => {
      const size = measure(value);
      if (size === undefined || fits(size, limit)) return undefined;
      return problem(` must ${words} ${limit}${unit}, got ${size}`);
    };
  };

const amount = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);
const items = (value: unknown): number | undefined => (Array.isArray(value) ? value.length : undefined);
// Characters, as the specification has it, and not code units.
const characters = (value: unknown): number | undefined =>
  typeof value === "string" ? Array.from(value).length : undefined;
const isAtLeast = (size: number, limit: number): boolean => size >= limit;
const isAtMost = (size: number, limit: number): boolean => size <= limit;

/** What a value must fit of a list of schemas is for `judge` to say, of what is wrong by each. */
const judged =
  (judge: (problems: readonly (Problem | undefined)[]) => Problem | undefined): Rule =>
  (list, inside) => {
    checkList("anyOf, oneOf or allOf", list);
    const checks = list.map((schema, index) => inside(schema, `[${index}]`));
    return (value) => judge(checks.map((check) => check(value)));
  };

export interface Named {
  readonly name: string;
  readonly check: Check;
}

/** Schemas by their names, as their checks. */
export function named(schemas: unknown, inside: (schema: unknown, name: string) => Check): Named[] {
  checkObject("properties or $defs", schemas);
  return Object.entries(schemas).map(([name, schema]) => ({ name, check: inside(schema, `.${name}`) }));
}

const definitions =
  (group: string): Rule =>
  (schemas, inside, _place, _schema, known) => {
    for (const { name, check } of named(schemas, inside)) known.set(`#/${group}/${name}`, check);
    return undefined;
  };

const isNothing = (): boolean => false;
const TYPES: ReadonlyMap<unknown, (value: unknown) => boolean> = new Map([
  ["object", isObject],
  ["array", Array.isArray],
  ["string", (value) => typeof value === "string"],
  ["number", Number.isFinite],
  ["integer", Number.isInteger],
  ["boolean", (value) => typeof value === "boolean"],
  ["null", (value) => value === null],
]);

/** Whether a value is of a type, or of one of some; nothing is of one that is not known. */
export function typeTest(type: unknown): (value: unknown) => boolean {
  const [isFirst = isNothing, ...isOther] = [type].flat().map((one) => TYPES.get(one) ?? isNothing);
  return isOther.length === 0 ? isFirst : (value) => isFirst(value) || isOther.some((isIt) => isIt(value));
}

/** What each keyword checks, but type, required and properties. */
export const schemaRules: Readonly<Record<string, Rule>> = {
  enum(list, _inside, place) {
    checkList(place, list);
    return (value) =>
      list.some((one) => isSame(one, value))
        ? undefined
        : problem(` must be one of ${JSON.stringify(list)}, got ${describeValue(value)}`);
  },
  const: (only) => (value) => (isSame(only, value) ? undefined : problem(` must be ${JSON.stringify(only)}`)),
  $defs: definitions("$defs"),
  definitions: definitions("definitions"),
  $ref: (ref, _inside, _place, _schema, known) => (value) => {
    const check = known.get(ref);
    return check === undefined ? problem(`: there is no schema ${describeValue(ref)}`) : check(value);
  },
  additionalProperties(more, inside, _place, { properties }) {
    const check = inside(more);
    return (value) => {
      if (!isObject(value)) return undefined;
      for (const name of Object.keys(value)) {
        if (isPlainObject(properties) && hasOwn(properties, name)) continue;
        const found = under(name, more === false ? problem(" is not known") : check(value[name]));
        if (found !== undefined) return found;
      }
      return undefined;
    };
  },
  items(schema, inside) {
    const check = inside(schema);
    return (value) => {
      if (!Array.isArray(value)) return undefined;
      for (const [index, item] of value.entries()) {
        const found = under(index, check(item));
        if (found !== undefined) return found;
      }
      return undefined;
    };
  },
  minItems: measured(items, isAtLeast, "have at least", " items"),
  maxItems: measured(items, isAtMost, "have at most", " items"),
  minLength: measured(characters, isAtLeast, "have at least", " characters"),
  maxLength: measured(characters, isAtMost, "have at most", " characters"),
  pattern(pattern) {
    const expression = new RegExp(String(pattern), "u");
    return (value) => {
      if (typeof value !== "string") return undefined;
      if (value.length > MAX_PATTERN_TEXT)
        return problem(` is longer than ${MAX_PATTERN_TEXT}, too long for a pattern`);
      return expression.test(value) ? undefined : problem(` must match ${expression.source}`);
    };
  },
  minimum: measured(amount, isAtLeast, "be at least"),
  maximum: measured(amount, isAtMost, "be at most"),
  exclusiveMinimum: measured(amount, (size, limit) => size > limit, "be above"),
  exclusiveMaximum: measured(amount, (size, limit) => size < limit, "be below"),
  multipleOf: measured(amount, isMultiple, "be a multiple of"),
  allOf: judged((problems) => problems.find((one) => one !== undefined)),
  anyOf: judged((problems) =>
    problems.includes(undefined) ? undefined : (problems[0] ?? problem(" fits none of anyOf")),
  ),
  oneOf: judged((problems) => {
    const fits = problems.filter((one) => one === undefined).length;
    return fits === 1 ? undefined : problem(` must fit exactly one of oneOf, and fits ${fits}`);
  }),
  not(schema, inside) {
    const check = inside(schema);
    return (value) => (check(value) === undefined ? problem(" is what it must not be") : undefined);
  },
};

// 0.3 is a multiple of 0.1, whatever floating point makes of it.
function isMultiple(value: number, of: number): boolean {
  const ratio = value / of;
  return Math.abs(ratio - Math.round(ratio)) < 1e-9 * Math.max(1, Math.abs(ratio));
}

function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) ? !Array.isArray(b) : !isPlainObject(a) || !isPlainObject(b)) return false;
  const entries = Object.entries(a as object);
  const other = b as Record<string, unknown>;
  return (
    entries.length === Object.keys(other).length &&
    entries.every(([key, one]) => hasOwn(other, key) && isSame(one, other[key]))
  );
}
