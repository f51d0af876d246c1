// Half of what a script's stack holds in calls.
const MAX_DEPTH = 90;

/** A copy of plain data: objects and arrays anew, the rest as it is. */
export function clonePlain<T>(value: T): T {
  return copy(value, 0) as T;
}

function copy(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth > MAX_DEPTH) throw new RangeError(`The data nests deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    for (let index = 0; index < value.length; index++) list.push(copy(value[index], depth + 1));
    return list;
  }
  if (!isPlainObject(value)) return value;
  const object: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const inner = copy((value as Readonly<Record<string, unknown>>)[key], depth + 1);
    if (key === "__proto__") define(object, key, inner);
    else object[key] = inner;
  }
  return object;
}

// Assigning to `__proto__` would set a prototype.
function define(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // The second: an object of another realm.
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

/** Plain data that nobody can change any more. */
export function freezePlain<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) freezePlain(inner);
  }
  return value;
}
