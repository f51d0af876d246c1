// Half of what a script's stack holds in calls.
const MAX_DEPTH = 90;

// A global is looked up each time, which is slow in a VM.
const { getPrototypeOf, hasOwn } = Object;
const objectPrototype = Object.prototype;
const { isArray } = Array;

/** A copy of plain data: objects and arrays anew, the rest as it is. */
export function clonePlain<T>(value: T): T {
  return isObject(value) ? (copy(value, 0) as T) : value;
}

function copy(value: object, depth: number): object {
  if (depth > MAX_DEPTH) throw new RangeError(`The data nests deeper than ${MAX_DEPTH} levels`);
  if (isArray(value)) {
    const list: unknown[] = [];
    for (let index = 0; index < value.length; index++) {
      const inner: unknown = value[index];
      list.push(typeof inner === "object" && inner !== null ? copy(inner, depth + 1) : inner);
    }
    return list;
  }
  if (!hasPlainPrototype(value)) return value;
  // Not an assignment of each key: one that is called `__proto__` would set a prototype.
  const object: Record<string, unknown> = { ...value };
  for (const key in object) {
    const inner = object[key];
    // Not what somebody put on every object's prototype.
    if (typeof inner === "object" && inner !== null && hasOwn(object, key)) object[key] = copy(inner, depth + 1);
  }
  return object;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return isObject(value) && hasPlainPrototype(value);
}

function hasPlainPrototype(value: object): boolean {
  const prototype: unknown = getPrototypeOf(value);
  // The second: an object of another realm.
  return prototype === objectPrototype || prototype === null || getPrototypeOf(prototype) === null;
}

/** Plain data that nobody can change any more. */
export function freezePlain<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) freezePlain(inner);
  }
  return value;
}
