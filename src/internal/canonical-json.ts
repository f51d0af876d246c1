import { describeValue } from "./describe-value.ts";

/**
 * JSON text that is the same for values that mean the same: keys sorted, absent and undefined keys alike. Refuses what
 * JSON cannot say, naming the place.
 */
export function canonicalJson(value: unknown, place = "value", depth = 0): string {
  if (depth > MAX_DEPTH) throw new RangeError(`${place} nests deeper than ${MAX_DEPTH} levels`);
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number" && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) {
    return `[${value.map((item, index) => canonicalJson(item, `${place}[${index}]`, depth + 1)).join(",")}]`;
  }
  if (typeof value === "object" && value !== null && isPlain(value)) {
    const entries = Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item, `${place}.${key}`, depth + 1)}`);
    return `{${entries.join(",")}}`;
  }
  throw new TypeError(`${place} must be JSON, got ${describeValue(value)}`);
}

const MAX_DEPTH = 200;

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}
