// Deep comparison by the rules of Vitest's `toEqual`, `toStrictEqual` and `toMatchObject`, so that a portable suite means
// the same with either. Stricter on purpose in two places: the bytes of two ArrayBuffers count in `toEqual` too, and a
// primitive does not match `{}`.

export type Comparison = "equal" | "strict" | "subset";

/** The first place where two values differ. */
export interface Difference {
  /** From the compared value, as in `.events[2].data`; empty for the value itself. */
  readonly path: string;
  readonly actual: unknown;
  readonly expected: unknown;
  readonly why?: string;
}

interface Rules {
  /** A key with undefined is not an absent key. */
  readonly undefinedCounts: boolean;
  /** Values of different classes differ. */
  readonly classCounts: boolean;
  /** Plain objects may have more than is expected. */
  readonly subset: boolean;
}

const RULES: Readonly<Record<Comparison, Rules>> = {
  equal: { undefinedCounts: false, classCounts: false, subset: false },
  strict: { undefinedCounts: true, classCounts: true, subset: false },
  subset: { undefinedCounts: false, classCounts: false, subset: true },
};

export function findDifference(actual: unknown, expected: unknown, comparison: Comparison): Difference | undefined {
  return compare(actual, expected, { rules: RULES[comparison], path: "", pairs: [] });
}

interface Place {
  readonly rules: Rules;
  readonly path: string;
  /** The objects being compared on the way here, for cycles. */
  readonly pairs: readonly (readonly [object, object])[];
}

function compare(actual: unknown, expected: unknown, place: Place): Difference | undefined {
  const differ = (why?: string): Difference => ({
    path: place.path,
    actual,
    expected,
    ...(why === undefined ? {} : { why }),
  });
  if (!isObject(actual) || !isObject(expected)) return Object.is(actual, expected) ? undefined : differ();
  if (actual === expected) return undefined;
  for (const [one, other] of place.pairs) {
    if (one !== actual && other !== expected) continue;
    return one === actual && other === expected ? undefined : differ("a cycle on one side only");
  }
  const inside: Place = { ...place, pairs: [...place.pairs, [actual, expected]] };

  if (isIterable(actual) && isIterable(expected)) {
    if (actual.constructor !== expected.constructor) return differ("different classes");
    return compareIterables(actual, expected, { ...inside, rules: { ...place.rules, undefinedCounts: false } }, differ);
  }
  if (place.rules.classCounts && actual.constructor !== expected.constructor) return differ("different classes");
  if (place.rules.subset && hasPlainKeys(expected)) return compareSubset(actual, expected, inside);
  if (isBuffer(actual) && isBuffer(expected))
    return sameBytes(actual, expected) ? undefined : differ("different bytes");
  if (actual instanceof URL && expected instanceof URL) return actual.href === expected.href ? undefined : differ();

  const tag = tagOf(actual);
  if (tag !== tagOf(expected)) return differ("different classes");
  if (tag === "[object Boolean]" || tag === "[object String]" || tag === "[object Number]" || tag === "[object Date]") {
    return Object.is(actual.valueOf(), expected.valueOf()) ? undefined : differ();
  }
  if (actual instanceof RegExp && expected instanceof RegExp) {
    return actual.source === expected.source && actual.flags === expected.flags ? undefined : differ();
  }
  if (actual instanceof Error && expected instanceof Error) return compareErrors(actual, expected, inside);
  if (Array.isArray(actual) && Array.isArray(expected)) {
    if (actual.length !== expected.length) return differ(`length ${actual.length}, expected ${expected.length}`);
    if (place.rules.undefinedCounts && String(Object.keys(actual)) !== String(Object.keys(expected))) {
      return differ("different holes");
    }
  }
  return compareKeys(actual, expected, inside);
}

function compareKeys(actual: object, expected: object, place: Place): Difference | undefined {
  const wanted = new Set(keysOf(expected, place.rules));
  const found = new Set(keysOf(actual, place.rules));
  for (const key of wanted) {
    const difference = found.has(key)
      ? compare(Reflect.get(actual, key), Reflect.get(expected, key), below(place, key))
      : missing(actual, expected, key, place);
    if (difference !== undefined) return difference;
  }
  const extra = [...found].find((key) => !wanted.has(key));
  if (extra === undefined) return undefined;
  const { path } = below(place, extra);
  return { path, actual: Reflect.get(actual, extra), expected: undefined, why: "not expected to be there" };
}

function compareSubset(actual: object, expected: object, place: Place): Difference | undefined {
  for (const key of Object.keys(expected)) {
    const difference = hasBelowObjectPrototype(actual, key)
      ? compare(Reflect.get(actual, key), Reflect.get(expected, key), below(place, key))
      : missing(actual, expected, key, place);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function compareErrors(actual: Error, expected: Error, place: Place): Difference | undefined {
  const fields: ("name" | "message" | "cause")[] = ["name", "message"];
  // A cause is only asked for where the expected error has one.
  if (expected.cause !== undefined) fields.push("cause");
  for (const field of fields) {
    const difference = compare(actual[field], expected[field], below(place, field));
    if (difference !== undefined) return difference;
  }
  if (actual instanceof AggregateError && expected instanceof AggregateError) {
    const difference = compare(actual.errors, expected.errors, below(place, "errors"));
    if (difference !== undefined) return difference;
  }
  return compare(Object.assign({}, actual), Object.assign({}, expected), place);
}

type Differ = (why: string) => Difference;

function compareIterables(
  actual: Iterable<unknown>,
  expected: Iterable<unknown>,
  place: Place,
  differ: Differ,
): Difference | undefined {
  const same = (one: unknown, other: unknown): boolean => compare(one, other, place) === undefined;
  if (actual instanceof Set && expected instanceof Set) {
    if (actual.size !== expected.size) return differ(`size ${actual.size}, expected ${expected.size}`);
    for (const item of actual) {
      if (!expected.has(item) && ![...expected].some((other) => same(item, other))) return differ("different members");
    }
    return undefined;
  }
  if (actual instanceof Map && expected instanceof Map) {
    if (actual.size !== expected.size) return differ(`size ${actual.size}, expected ${expected.size}`);
    for (const [key, item] of actual) {
      if (expected.has(key) && same(item, expected.get(key))) continue;
      if (![...expected].some(([k, v]) => same(key, k) && same(item, v))) return differ("different entries");
    }
    return undefined;
  }
  const found = [...actual];
  const wanted = [...expected];
  if (found.length !== wanted.length) return differ(`${found.length} items, expected ${wanted.length}`);
  for (const [index, item] of found.entries()) {
    const difference = compare(item, wanted[index], below(place, String(index)));
    if (difference !== undefined) return difference;
  }
  // A typed array's indices are its items, compared just now; what is left are fields that someone added.
  const fields = (value: object): unknown => Object.entries(value).slice(ArrayBuffer.isView(value) ? found.length : 0);
  return same(fields(actual), fields(expected)) ? undefined : differ("different fields");
}

function missing(actual: object, expected: object, key: string | symbol, place: Place): Difference {
  const why = "missing";
  return { path: below(place, key).path, actual: Reflect.get(actual, key), expected: Reflect.get(expected, key), why };
}

function below(place: Place, key: string | symbol): Place {
  const step = typeof key === "symbol" || !/^[A-Za-z_$][\w$]*$/.test(key) ? `[${String(key)}]` : `.${key}`;
  return { ...place, path: place.path + step };
}

function keysOf(value: object, rules: Rules): (string | symbol)[] {
  const names = Object.keys(value).filter((key) => rules.undefinedCounts || Reflect.get(value, key) !== undefined);
  const symbols = Object.getOwnPropertySymbols(value).filter((key) =>
    Object.prototype.propertyIsEnumerable.call(value, key),
  );
  return [...names, ...symbols];
}

function hasBelowObjectPrototype(value: object, key: string): boolean {
  for (let at: unknown = value; isObject(at) && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    if (Object.hasOwn(at, key)) return true;
  }
  return false;
}

function sameBytes(one: ArrayBuffer | DataView, other: ArrayBuffer | DataView): boolean {
  const left = bytesOf(one);
  const right = bytesOf(other);
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

const bytesOf = (value: ArrayBuffer | DataView): Uint8Array =>
  value instanceof DataView ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : new Uint8Array(value);

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
const isBuffer = (value: object): value is ArrayBuffer | DataView =>
  value instanceof ArrayBuffer || value instanceof DataView;
const isIterable = (value: object): value is Iterable<unknown> => !Array.isArray(value) && Symbol.iterator in value;
const hasPlainKeys = (value: object): boolean =>
  !Array.isArray(value) && ![Error, Date, Set, Map].some((type) => value instanceof type);
const tagOf = (value: object): string => Object.prototype.toString.call(value);
