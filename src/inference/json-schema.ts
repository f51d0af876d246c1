import { checkList, refuse } from "../internal/check-argument.ts";
import { isPlainObject } from "./plain-data.ts";
import {
  type Check,
  type Known,
  type Named,
  named,
  type Problem,
  problem,
  schemaRules,
  typeTest,
  under,
} from "./schema-rules.ts";
import { describeValue } from "../internal/describe-value.ts";

/*
 * A small checker of JSON Schema, for the arguments of tools.
 *
 * It knows: type, enum, const, properties, required, additionalProperties, items, minItems, maxItems, minLength, maxLength,
 * pattern, minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, anyOf, oneOf, allOf, not, nullable, and $ref
 * to `#/$defs/…` or `#/definitions/…` of the same schema. Notes such as title, description, default and format are not looked at. Any
 * other keyword is refused when the tool is registered: a limit that nobody checks is worse than none.
 */

export type JsonSchema = Readonly<Record<string, unknown>>;

/** What is wrong with a value, naming the place; undefined when nothing is. */
export type SchemaCheck = (value: unknown) => string | undefined;

// How much of it one check looks at: a schema may come from a tenant, and refer to itself.
const MAX_DEPTH = 40;
const MAX_STEPS = 10_000;

// What the check that runs has looked at. Not an object of each check: what it looks at is data, so there is one at a time.
let steps = 0;
let depth = 0;

// A global is looked up each time, which is slow in a VM.
const { hasOwn } = Object;
const { isArray } = Array;

const tooMuch = (): Problem => problem(": too much to check");

const isAnything = (): boolean => true;

// Those that have no rule of their own, or need none.
const NOTES =
  "type required properties title description default examples format $schema $id $comment deprecated readOnly writeOnly nullable".split(
    " ",
  );

/** Makes a schema's check; one with parts that would not be checked is refused, naming the place. */
export function compileSchema(schema: JsonSchema, place: string): SchemaCheck {
  const known: Known = new Map();
  const check = compile(schema, place, known, 0);
  known.set("#", check);
  return (value) => {
    steps = depth = 0;
    // Where it stopped to look, `not` may have taken that for the refusal that it wants.
    const found = check(value) ?? (steps > MAX_STEPS ? tooMuch() : undefined);
    return found && (found.at || "the arguments") + found.text;
  };
}

function compile(schema: unknown, place: string, known: Known, level: number): Check {
  if (typeof schema === "boolean") return () => (schema ? undefined : problem(" must not be there"));
  if (!isPlainObject(schema)) refuse(place, "a JSON Schema", schema);
  if (level > MAX_DEPTH) throw new RangeError(`${place} nests deeper than ${MAX_DEPTH} levels`);
  const insideOf =
    (key: string) =>
    (inner: unknown, name = ""): Check =>
      compile(inner, `${place}.${key}${name}`, known, level + 1);
  const { type, required = [], properties = {}, nullable } = schema;
  const isOfType = type === undefined ? isAnything : typeTest(type);
  checkList(`${place}.required`, required);
  const needed = required.map(String);
  const fields = named(properties, insideOf("properties"));
  const others: Check[] = [];
  for (const [key, limit] of Object.entries(schema)) {
    if (limit === undefined) continue;
    if (Object.hasOwn(schemaRules, key)) {
      const check = schemaRules[key]?.(limit, insideOf(key), `${place}.${key}`, schema, known);
      if (check !== undefined) others.push(check);
    } else if (!NOTES.includes(key) && !key.startsWith("x-")) {
      throw new TypeError(`${place}: the keyword ${key} is not supported`);
    }
  }
  const isLeaf = needed.length + fields.length + others.length === 0;
  // What nearly every schema has is looked at here: a function each would be most of what a check costs in a VM.
  const check: Check = (value) => {
    if (depth > MAX_DEPTH) steps = MAX_STEPS;
    if (++steps > MAX_STEPS) return tooMuch();
    if (!isOfType(value)) return problem(` must be ${[type].flat().join(" or ")}, got ${describeValue(value)}`);
    if (isLeaf) return undefined;
    let found: Problem | undefined;
    depth++;
    if (typeof value === "object" && value !== null && !isArray(value)) {
      for (let index = 0; found === undefined && index < needed.length; index++) {
        const name = needed[index] as string;
        if (!hasOwn(value, name)) found = problem(" is missing", `/${name}`);
      }
      for (let index = 0; found === undefined && index < fields.length; index++) {
        const { name, check } = fields[index] as Named;
        if (hasOwn(value, name)) found = under(name, check((value as Record<string, unknown>)[name]));
      }
    }
    for (let index = 0; found === undefined && index < others.length; index++) found = others[index]?.(value);
    depth--;
    return found;
  };
  return nullable === true ? (value) => (value === null ? undefined : check(value)) : check;
}
