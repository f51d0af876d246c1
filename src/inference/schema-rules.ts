import { checkList, checkObject, isObject } from "../internal/check-argument.ts";
import { describeValue } from "../internal/describe-value.ts";
import { isPlainObject } from "./plain-data.ts";

// A pattern may take time in the square of the text's length, or worse.
const MAX_PATTERN_TEXT = 2_000;

/** A check of a value that stands at the place `at`. */
export type Check = (value: unknown, at: string) => string | undefined;

/** The checks of schemas that others refer to, by how they do. */
export type Known = Map<unknown, Check>;

/** Makes a keyword's check; `inside` makes those of the schemas that it holds. */
type Rule = (
  limit: unknown,
  inside: (schema: unknown, name?: string) => Check,
  schema: Readonly<Record<string, unknown>>,
  known: Known,
) => Check | undefined;

// A global is looked up each time, which is slow in a VM.
const { hasOwn } = Object;

export const placeOf = (at: string): string => at || "the arguments";

/** What can be measured must fit a limit that is a number. */
const measured =
  (
    measure: (value: unknown) => number | undefined,
    fits: (size: number, limit: number) => boolean,
    words: string,
    unit = "",
  ): Rule =>
  (limit) =>
    typeof limit !== "number"
      ? undefined
      : (value, at) => {
          const size = measure(value);
          if (size === undefined || fits(size, limit)) return undefined;
          return `${placeOf(at)} must ${words} ${limit}${unit}, got ${size}`;
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
  (judge: (problems: readonly (string | undefined)[], place: string) => string | undefined): Rule =>
  (list, inside) => {
    checkList("anyOf, oneOf or allOf", list);
    const checks = list.map((schema, index) => inside(schema, `[${index}]`));
    return (value, at) =>
      judge(
        checks.map((check) => check(value, at)),
        placeOf(at),
      );
  };

interface Named {
  readonly name: string;
  readonly check: Check;
}

/** Schemas by their names, as their checks. */
function named(schemas: unknown, inside: (schema: unknown, name: string) => Check): Named[] {
  checkObject("properties or $defs", schemas);
  return Object.entries(schemas).map(([name, schema]) => ({ name, check: inside(schema, `.${name}`) }));
}

const definitions =
  (group: string): Rule =>
  (schemas, inside, _, known) => {
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

/** What each keyword checks. */
export const schemaRules: Readonly<Record<string, Rule>> = {
  type(type) {
    const types: readonly unknown[] = [type].flat();
    const [isFirst = isNothing, ...isOther] = types.map((one) => TYPES.get(one) ?? isNothing);
    return (value, at) =>
      isFirst(value) || isOther.some((isIt) => isIt(value))
        ? undefined
        : `${placeOf(at)} must be ${types.join(" or ")}, got ${describeValue(value)}`;
  },
  enum: (list) =>
    Array.isArray(list)
      ? (value, at) =>
          list.some((one) => isSame(one, value))
            ? undefined
            : `${placeOf(at)} must be one of ${JSON.stringify(list)}, got ${describeValue(value)}`
      : undefined,
  const: (only) => (value, at) => (isSame(only, value) ? undefined : `${placeOf(at)} must be ${JSON.stringify(only)}`),
  $defs: definitions("$defs"),
  definitions: definitions("definitions"),
  $ref: (ref, _inside, _schema, known) => (value, at) => {
    const check = known.get(ref);
    return check === undefined ? `${placeOf(at)}: there is no schema ${describeValue(ref)}` : check(value, at);
  },
  required(names) {
    const list = Array.isArray(names) ? names.map(String) : [];
    return (value, at) => {
      if (!isObject(value)) return undefined;
      for (let index = 0; index < list.length; index++) {
        const name = list[index] as string;
        if (!hasOwn(value, name)) return `${at}/${name} is missing`;
      }
      return undefined;
    };
  },
  properties(schemas, inside) {
    const checks = named(schemas, inside);
    return (value, at) => {
      if (!isObject(value)) return undefined;
      let problem: string | undefined;
      for (let index = 0; problem === undefined && index < checks.length; index++) {
        const { name, check } = checks[index] as Named;
        if (hasOwn(value, name)) problem = check(value[name], `${at}/${name}`);
      }
      return problem;
    };
  },
  additionalProperties(more, inside, { properties }) {
    const check = inside(more);
    return (value, at) => {
      if (!isObject(value)) return undefined;
      for (const name of Object.keys(value)) {
        if (isPlainObject(properties) && hasOwn(properties, name)) continue;
        const problem = more === false ? `${at}/${name} is not known` : check(value[name], `${at}/${name}`);
        if (problem !== undefined) return problem;
      }
      return undefined;
    };
  },
  items(schema, inside) {
    const check = inside(schema);
    return (value, at) => {
      if (!Array.isArray(value)) return undefined;
      for (const [index, item] of value.entries()) {
        const problem = check(item, `${at}/${index}`);
        if (problem !== undefined) return problem;
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
    return (value, at) => {
      if (typeof value !== "string") return undefined;
      if (value.length > MAX_PATTERN_TEXT)
        return `${placeOf(at)} is longer than ${MAX_PATTERN_TEXT}, too long for a pattern`;
      return expression.test(value) ? undefined : `${placeOf(at)} must match ${expression.source}`;
    };
  },
  minimum: measured(amount, isAtLeast, "be at least"),
  maximum: measured(amount, isAtMost, "be at most"),
  exclusiveMinimum: measured(amount, (size, limit) => size > limit, "be above"),
  exclusiveMaximum: measured(amount, (size, limit) => size < limit, "be below"),
  multipleOf: measured(amount, isMultiple, "be a multiple of"),
  allOf: judged((problems) => problems.find((one) => one !== undefined)),
  anyOf: judged((problems, place) =>
    problems.includes(undefined) ? undefined : (problems[0] ?? `${place} fits none of anyOf`),
  ),
  oneOf: judged((problems, place) => {
    const fits = problems.filter((one) => one === undefined).length;
    return fits === 1 ? undefined : `${place} must fit exactly one of oneOf, and fits ${fits}`;
  }),
  not(schema, inside) {
    const check = inside(schema);
    return (value, at) => (check(value, at) === undefined ? `${placeOf(at)} is what it must not be` : undefined);
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
