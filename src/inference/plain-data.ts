// Half of what a script's stack holds in calls.
const MAX_DEPTH = 90;

// A global is looked up each time, which is slow in a VM.
const { getPrototypeOf, hasOwn } = Object;
const objectPrototype = Object.prototype;

/** A copy of plain data: objects and arrays anew, the rest as it is. */
export function clonePlain<T>(value: T): T {
  return copy(value, 0, false) as T;
}

/** Two copies, for little more than one: most of the cost is to look for what must be copied in turn. */
export function clonePlainTwice<T>(value: T): { readonly one: T; readonly other: T } {
  const one = copy(value, 0, true) as T;
  return { one, other: twin as T };
}

// The second copy of what `copy` has copied last; the first again where there is none.
let twin: unknown;

function copy(value: unknown, depth: number, twice: boolean): unknown {
  twin = value;
  if (typeof value !== "object" || value === null) return value;
  if (depth > MAX_DEPTH) throw new RangeError(`The data nests deeper than ${MAX_DEPTH} levels`);
  const prototype: unknown = getPrototypeOf(value);
  if (prototype === objectPrototype || isPlain(prototype)) {
    // Not an assignment of each key: one that is called `__proto__` would set a prototype.
    const one: Record<string, unknown> = { ...value };
    const other: Record<string, unknown> = twice ? { ...value } : one;
    for (const key in one) {
      const inner = one[key];
      // Not what somebody put on every object's prototype.
      if (typeof inner === "object" && inner !== null && (!(key in objectPrototype) || hasOwn(one, key))) {
        one[key] = copy(inner, depth + 1, twice);
        other[key] = twin;
      }
    }
    twin = other;
    return one;
  }
  if (!Array.isArray(value)) return value;
  const one: unknown[] = [];
  const other = twice ? [] : one;
  for (let index = 0; index < value.length; index++) {
    one[index] = copy(value[index], depth + 1, twice);
    other[index] = twin;
  }
  twin = other;
  return one;
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = getPrototypeOf(value);
  return prototype === objectPrototype || isPlain(prototype);
}

/** No prototype, or the one that objects of another realm have. */
function isPlain(prototype: unknown): boolean {
  return prototype === null || getPrototypeOf(prototype) === null;
}

/** Plain data that nobody can change any more. */
export function freezePlain<T>(value: T): T {
  if (typeof value === "object" && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value as object)) freezePlain(inner);
  }
  return value;
}
