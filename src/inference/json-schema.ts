import { describeValue } from "../internal/describe-value.ts";
import { isPlainObject } from "./plain-data.ts";

/*
 * A small checker of JSON Schema, for the arguments of tools.
 *
 * It knows: type, enum, const, properties, required, additionalProperties, items, minItems, maxItems, minLength, maxLength,
 * pattern, minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, anyOf, oneOf, allOf, not, nullable, and $ref
 * to `#/$defs/…` or `#/definitions/…` of the same schema. Notes such as title, description, default and format are not looked at. Any
 * other keyword is refused when the tool is registered: a limit that nobody checks is worse than none.
 */

export type JsonSchema = Readonly<Record<string, unknown>>;

const NOTES: ReadonlySet<string> = new Set(
  "title description default examples format $schema $id $comment deprecated readOnly writeOnly".split(" "),
);
const CHECKED: ReadonlySet<string> = new Set(
  (
    "type enum const required minItems maxItems minLength maxLength pattern minimum maximum exclusiveMinimum " +
    "exclusiveMaximum multipleOf nullable $ref"
  ).split(" "),
);
const OF_ONE = ["items", "additionalProperties", "not"] as const;
const OF_LIST = ["anyOf", "oneOf", "allOf"] as const;
const OF_MAP = ["properties", "$defs", "definitions"] as const;

// How much of it one check looks at: a schema may come from a tenant, and refer to itself.
const MAX_DEPTH = 40;
const MAX_STEPS = 10_000;
// A pattern may take time in the square of the text's length, or worse.
const MAX_PATTERN_TEXT = 2_000;

/** Refuses a schema with parts that are not checked, naming the place. */
export function checkSchema(schema: unknown, place: string, depth = 0): void {
  if (typeof schema === "boolean") return;
  if (!isPlainObject(schema)) throw new TypeError(`${place} must be a JSON Schema, got ${describeValue(schema)}`);
  if (depth > MAX_DEPTH) throw new RangeError(`${place} nests deeper than ${MAX_DEPTH} levels`);
  const below = (inner: unknown, key: string): void => checkSchema(inner, `${place}.${key}`, depth + 1);
  for (const [key, value] of Object.entries(schema)) {
    if (NOTES.has(key) || key.startsWith("x-")) continue;
    if (isOneOf(OF_ONE, key)) below(value, key);
    else if (isOneOf(OF_LIST, key)) {
      if (!Array.isArray(value)) throw new TypeError(`${place}.${key} must be an array`);
      for (const [index, inner] of value.entries()) below(inner, `${key}[${index}]`);
    } else if (isOneOf(OF_MAP, key)) {
      if (!isPlainObject(value)) throw new TypeError(`${place}.${key} must be an object`);
      for (const [name, inner] of Object.entries(value)) below(inner, `${key}.${name}`);
    } else if (key === "pattern" && typeof value === "string") new RegExp(value, "u");
    else if (!CHECKED.has(key)) throw new TypeError(`${place}: the keyword ${key} is not supported`);
  }
}

/** What is wrong with a value, naming the place; undefined when nothing is. */
export function findSchemaProblem(schema: JsonSchema, value: unknown): string | undefined {
  return new SchemaCheck(schema).problem(schema, value, "", 0);
}

class SchemaCheck {
  readonly #root: JsonSchema;
  #steps = 0;

  constructor(root: JsonSchema) {
    this.#root = root;
  }

  problem(schema: unknown, value: unknown, at: string, depth: number): string | undefined {
    if (schema === true) return undefined;
    const place = at === "" ? "the arguments" : at;
    if (schema === false) return `${place} must not be there`;
    if (!isPlainObject(schema)) return `${place}: the schema is none`;
    if (++this.#steps > MAX_STEPS || depth > MAX_DEPTH) return `${place}: too much to check`;
    if (value === null && schema["nullable"] === true) return undefined;
    return (
      this.#reference(schema, value, at, depth) ??
      typeProblem(schema, value, place) ??
      valueProblem(schema, value, place) ??
      (typeof value === "string" ? textProblem(schema, value, place) : undefined) ??
      (typeof value === "number" ? numberProblem(schema, value, place) : undefined) ??
      (Array.isArray(value) ? this.#list(schema, value, at, depth) : undefined) ??
      (isObject(value) ? this.#object(schema, value, at, depth) : undefined) ??
      this.#combined(schema, value, at, depth)
    );
  }

  #reference(schema: JsonSchema, value: unknown, at: string, depth: number): string | undefined {
    const ref = schema["$ref"];
    if (ref === undefined) return undefined;
    const path = typeof ref === "string" ? ref.split("/") : [];
    const [hash, group = "", name = ""] = path;
    const defs = group === "$defs" || group === "definitions" ? this.#root[group] : undefined;
    if (ref === "#") return this.problem(this.#root, value, at, depth + 1);
    const known = hash === "#" && path.length === 3 && isPlainObject(defs) && Object.hasOwn(defs, name);
    if (!known) return `${at === "" ? "the arguments" : at}: there is no schema ${describeValue(ref)}`;
    return this.problem(defs[name], value, at, depth + 1);
  }

  #list(schema: JsonSchema, value: readonly unknown[], at: string, depth: number): string | undefined {
    const range = rangeProblem(value.length, schema["minItems"], schema["maxItems"], "items", at);
    if (range !== undefined || schema["items"] === undefined) return range;
    for (const [index, item] of value.entries()) {
      const found = this.problem(schema["items"], item, `${at}/${index}`, depth + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #object(schema: JsonSchema, value: Record<string, unknown>, at: string, depth: number): string | undefined {
    const { required, additionalProperties: more } = schema;
    const properties = isPlainObject(schema["properties"]) ? schema["properties"] : {};
    for (const name of Array.isArray(required) ? required : []) {
      if (!Object.hasOwn(value, String(name))) return `${at}/${String(name)} is missing`;
    }
    for (const [name, inner] of Object.entries(value)) {
      const own = Object.hasOwn(properties, name);
      if (!own && more === false) return `${at}/${name} is not known`;
      const found = this.problem(own ? properties[name] : (more ?? true), inner, `${at}/${name}`, depth + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #combined(schema: JsonSchema, value: unknown, at: string, depth: number): string | undefined {
    const place = at === "" ? "the arguments" : at;
    const each = (key: "allOf" | "anyOf" | "oneOf"): (string | undefined)[] | undefined => {
      const list = schema[key];
      return Array.isArray(list) ? list.map((one) => this.problem(one, value, at, depth + 1)) : undefined;
    };
    const broken = each("allOf")?.find((found) => found !== undefined);
    if (broken !== undefined) return broken;
    const any = each("anyOf");
    if (any !== undefined && !any.includes(undefined)) return any[0] ?? `${place} fits none of anyOf`;
    const fits = each("oneOf")?.filter((found) => found === undefined).length;
    if (fits !== undefined && fits !== 1) return `${place} must fit exactly one of oneOf, and fits ${fits}`;
    if (schema["not"] !== undefined && this.problem(schema["not"], value, at, depth + 1) === undefined) {
      return `${place} is what it must not be`;
    }
    return undefined;
  }
}

function typeProblem(schema: JsonSchema, value: unknown, place: string): string | undefined {
  const { type } = schema;
  if (type === undefined) return undefined;
  const types: unknown[] = Array.isArray(type) ? type : [type];
  if (types.some((one) => hasType(one, value))) return undefined;
  return `${place} must be ${types.join(" or ")}, got ${describeValue(value)}`;
}

function hasType(type: unknown, value: unknown): boolean {
  if (type === "object") return isObject(value);
  if (type === "array") return Array.isArray(value);
  if (type === "null") return value === null;
  if (type === "integer") return Number.isInteger(value);
  if (type === "number") return typeof value === "number" && Number.isFinite(value);
  return (type === "string" || type === "boolean") && typeof value === type;
}

function valueProblem(schema: JsonSchema, value: unknown, place: string): string | undefined {
  const { enum: list, const: only } = schema;
  if (Array.isArray(list) && !list.some((one) => isSame(one, value))) {
    return `${place} must be one of ${JSON.stringify(list)}, got ${describeValue(value)}`;
  }
  if (only !== undefined && !isSame(only, value)) return `${place} must be ${JSON.stringify(only)}`;
  return undefined;
}

function textProblem(schema: JsonSchema, value: string, place: string): string | undefined {
  // Characters, as the specification has it, and not code units.
  const limited = schema["minLength"] !== undefined || schema["maxLength"] !== undefined;
  const length = limited ? Array.from(value).length : 0;
  const range = limited
    ? rangeProblem(length, schema["minLength"], schema["maxLength"], "characters", place)
    : undefined;
  const { pattern } = schema;
  if (range !== undefined || typeof pattern !== "string") return range;
  if (value.length > MAX_PATTERN_TEXT) return `${place} is longer than ${MAX_PATTERN_TEXT}, too long for a pattern`;
  return new RegExp(pattern, "u").test(value) ? undefined : `${place} must match ${pattern}`;
}

function numberProblem(schema: JsonSchema, value: number, place: string): string | undefined {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  if (typeof minimum === "number" && value < minimum) return `${place} must be at least ${minimum}, got ${value}`;
  if (typeof maximum === "number" && value > maximum) return `${place} must be at most ${maximum}, got ${value}`;
  if (typeof exclusiveMinimum === "number" && value <= exclusiveMinimum)
    return `${place} must be above ${exclusiveMinimum}, got ${value}`;
  if (typeof exclusiveMaximum === "number" && value >= exclusiveMaximum)
    return `${place} must be below ${exclusiveMaximum}, got ${value}`;
  if (typeof multipleOf === "number" && !isMultiple(value, multipleOf))
    return `${place} must be a multiple of ${multipleOf}, got ${value}`;
  return undefined;
}

// 0.3 is a multiple of 0.1, whatever floating point makes of it.
function isMultiple(value: number, of: number): boolean {
  const ratio = value / of;
  return Math.abs(ratio - Math.round(ratio)) < 1e-9 * Math.max(1, Math.abs(ratio));
}

function rangeProblem(count: number, least: unknown, most: unknown, what: string, at: string): string | undefined {
  if (typeof least === "number" && count < least) return `${at} must have at least ${least} ${what}, got ${count}`;
  if (typeof most === "number" && count > most) return `${at} must have at most ${most} ${what}, got ${count}`;
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((one, index) => isSame(one, b[index]));
  }
  if (!isPlainObject(a) || !isPlainObject(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && isSame(a[key], b[key]));
}

function isOneOf<T extends string>(list: readonly T[], key: string): key is T {
  return (list as readonly string[]).includes(key);
}
