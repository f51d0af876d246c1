import { refuse } from "../internal/check-argument.ts";
import { isPlainObject } from "./plain-data.ts";
import { type Check, type Known, placeOf, schemaRules } from "./schema-rules.ts";

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

const NOTES =
  "title description default examples format $schema $id $comment deprecated readOnly writeOnly nullable".split(" ");

/** Makes a schema's check; one with parts that would not be checked is refused, naming the place. */
export function compileSchema(schema: JsonSchema, place: string): SchemaCheck {
  const known: Known = new Map();
  const check = compile(schema, place, known, 0);
  known.set("#", check);
  return (value) => {
    steps = depth = 0;
    return check(value, "");
  };
}

function compile(schema: unknown, place: string, known: Known, level: number): Check {
  if (typeof schema === "boolean") return (_, at) => (schema ? undefined : `${placeOf(at)} must not be there`);
  if (!isPlainObject(schema)) refuse(place, "a JSON Schema", schema);
  if (level > MAX_DEPTH) throw new RangeError(`${place} nests deeper than ${MAX_DEPTH} levels`);
  const checks: Check[] = [];
  for (const [key, limit] of Object.entries(schema)) {
    if (Object.hasOwn(schemaRules, key)) {
      const inside = (inner: unknown, name = ""): Check => compile(inner, `${place}.${key}${name}`, known, level + 1);
      const check = schemaRules[key]?.(limit, inside, schema, known);
      if (check !== undefined) checks.push(check);
    } else if (!NOTES.includes(key) && !key.startsWith("x-")) {
      throw new TypeError(`${place}: the keyword ${key} is not supported`);
    }
  }
  const isNullable = schema["nullable"] === true;
  return (value, at) => {
    if (++steps > MAX_STEPS || depth > MAX_DEPTH) return `${placeOf(at)}: too much to check`;
    if (isNullable && value === null) return undefined;
    depth++;
    let problem: string | undefined;
    for (let index = 0; problem === undefined && index < checks.length; index++) {
      problem = checks[index]?.(value, at);
    }
    depth--;
    return problem;
  };
}
