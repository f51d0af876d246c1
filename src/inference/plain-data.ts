// Half of what a script's stack holds in calls.
const MAX_DEPTH = 90;

// Of a block's payload in a list of turns: what is let in at its own place must not be too deep to be read from there.
const DEPTH_IN_HISTORY = 4;

// A global is looked up each time, which is slow in a VM.
const { getPrototypeOf, hasOwn } = Object;
const objectPrototype = Object.prototype;

/** A copy of plain data: objects and arrays anew, the rest as it is. */
export function clonePlain<T>(value: T): T {
  return isData(value) ? (copy(value, 0, false) as T) : value;
}

/** Two copies at one place of two objects, for little more than one: most of the cost is to look for what must be copied in turn. */
export function clonePlainFor<T extends object>(key: keyof T, one: T, other: T): void {
  const value = one[key];
  if (!isData(value)) return;
  one[key] = copy(value, DEPTH_IN_HISTORY, one !== other) as T[keyof T];
  other[key] = twin as T[keyof T];
}

function isData(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

// The second copy of what was copied last; the first again where only one was wanted.
let twin: unknown;

function copy(value: object, depth: number, twice: boolean): unknown {
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
        if (twice) other[key] = twin;
      }
    }
    twin = other;
    return one;
  }
  twin = value;
  if (!Array.isArray(value)) return value;
  const one: unknown[] = [];
  const other = twice ? [] : one;
  for (let index = 0; index < value.length; index++) {
    const inner: unknown = (twin = value[index]);
    one[index] = isData(inner) ? copy(inner, depth + 1, twice) : inner;
    other[index] = twin;
  }
  twin = other;
  return one;
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (!isData(value)) return false;
  const prototype: unknown = getPrototypeOf(value);
  return prototype === objectPrototype || isPlain(prototype);
}

/** No prototype, or the one that objects of another realm have. */
function isPlain(prototype: unknown): boolean {
  return prototype === null || getPrototypeOf(prototype) === null;
}

/** Makes a copy of plain data one that nobody can change any more. What was not copied is its owner's, and stays as it is. */
export function freezePlain<T>(copied: T): T {
  if (Array.isArray(copied) || isPlainObject(copied)) {
    Object.freeze(copied);
    for (const inner of Object.values(copied)) freezePlain(inner);
  }
  return copied;
}
