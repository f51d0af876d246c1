import type { Expect } from "./test-api.ts";

/** A use of a matcher: what it is called in reports, and the call. Its verdict is whether the call throws. */
export type MatcherCase = readonly [name: string, use: (expect: Expect) => void | Promise<void>];

class Point {
  x = 1;
}
class Special extends TypeError {}

const cyclic = (extra?: unknown): unknown => {
  const value: Record<string, unknown> = { a: 1, extra };
  value["self"] = value;
  return value;
};
const withSymbol = (value: unknown): object => ({ [Symbol.for("key")]: value });
const buffer = (...bytes: number[]): ArrayBuffer => Uint8Array.from(bytes).buffer;
const withFields = <T extends object>(value: T, fields: object): T => Object.assign(value, fields);
// oxlint-disable-next-line no-sparse-arrays -- the hole is the case
const holed: unknown[] = [1, , 3];
const bare = Object.assign(Object.create(null) as object, { x: 1 });
const inheriting = Object.create({ x: 1 }) as object;

/** Pairs that every comparing matcher is tried with, in both directions. */
const pairs: readonly (readonly [unknown, unknown])[] = [
  [1, 1],
  [1, 2],
  [1, "1"],
  [1, 1n],
  [0, -0],
  [NaN, NaN],
  [null, undefined],
  [undefined, undefined],
  ["a", "a"],
  [true, new Boolean(true)],
  [new Number(3), new Number(3)],
  [Symbol.iterator, Symbol.iterator],
  [{}, {}],
  [{}, []],
  [{}, null],
  [{ a: 1 }, { a: 1, b: undefined }],
  [{ a: 1 }, { a: 1, b: 2 }],
  [{ a: { b: [1, { c: 2 }] } }, { a: { b: [1, { c: 2 }] } }],
  [{ a: { b: [1, { c: 2 }] } }, { a: { b: [1, { c: 3 }] } }],
  [{ a: { b: [1, { c: 2, d: 3 }] } }, { a: { b: [1, { c: 2 }] } }],
  [{ a: -0 }, { a: 0 }],
  [{ a: NaN }, { a: NaN }],
  [
    [1, 2],
    [1, 2],
  ],
  [[1, 2], [1]],
  [[undefined], []],
  [[undefined], [undefined]],
  [holed, [1, undefined, 3]],
  [holed, [...holed]],
  [[{ a: 1, b: 2 }], [{ a: 1 }]],
  [withFields([1], { more: 1 }), [1]],
  [new Date(5), new Date(5)],
  [new Date(5), new Date(6)],
  [new Date(NaN), new Date(NaN)],
  [new Date(5), 5],
  [/a/g, /a/g],
  [/a/g, /a/i],
  [new Error("a"), new Error("a")],
  [new Error("a"), new Error("b")],
  [new Error("a"), new TypeError("a")],
  [new TypeError("a"), new Special("a")],
  [new Error("a"), { message: "a" }],
  [new Error("a", { cause: 1 }), new Error("a", { cause: 1 })],
  [new Error("a", { cause: 1 }), new Error("a", { cause: 2 })],
  [new Error("a", { cause: 1 }), new Error("a")],
  [withFields(new Error("a"), { code: 1 }), new Error("a")],
  [withFields(new Error("a"), { code: 1 }), { code: 1 }],
  [withFields(new Error("a"), { code: 1 }), withFields(new Error("a"), { code: 2 })],
  [new AggregateError([1], "a"), new AggregateError([1], "a")],
  [new AggregateError([1], "a"), new AggregateError([2], "a")],
  [new Map([[1, { a: 1 }]]), new Map([[1, { a: 1 }]])],
  [new Map([[1, { a: 1 }]]), new Map([[1, { a: 2 }]])],
  [new Map([[{ k: 1 }, 1]]), new Map([[{ k: 1 }, 1]])],
  [new Map([[1, 1]]), new Map<unknown, unknown>([[2, 1]])],
  [new Map([[1, undefined]]), new Map([[2, undefined]])],
  [new Map([[1, 1]]), new Set([1])],
  [new Map([[1, { a: 1, b: 2 }]]), new Map([[1, { a: 1 }]])],
  [new Set([1, 2]), new Set([2, 1])],
  [new Set([{ a: 1 }]), new Set([{ a: 1 }])],
  [new Set([{ a: 1 }]), new Set([{ a: 2 }])],
  [new Set([1]), new Set([1, 2])],
  [new Set([{ a: 1, b: undefined }]), new Set([{ a: 1 }])],
  [new Set([1]), [1]],
  [Uint8Array.of(1, 2), Uint8Array.of(1, 2)],
  [Uint8Array.of(1, 2), Uint8Array.of(1, 3)],
  [Uint8Array.of(1, 2), Uint8Array.of(1)],
  [Uint8Array.of(1, 2), Int8Array.of(1, 2)],
  [Uint8Array.of(1, 2), [1, 2]],
  [Float64Array.of(NaN), Float64Array.of(NaN)],
  [Float64Array.of(0), Float64Array.of(-0)],
  [withFields(Uint8Array.of(1), { more: 1 }), Uint8Array.of(1)],
  [buffer(1, 2), buffer(1, 2)],
  [new DataView(buffer(1, 2)), new DataView(buffer(1, 2))],
  [new URL("http://a/b"), new URL("http://a/b")],
  [new URL("http://a/b"), new URL("http://a/c")],
  [new Point(), new Point()],
  [new Point(), { x: 1 }],
  [bare, { x: 1 }],
  [inheriting, { x: 1 }],
  [inheriting, {}],
  [{ nested: new Point() }, { nested: { x: 1 } }],
  [cyclic(), cyclic()],
  [cyclic(1), cyclic(2)],
  [withSymbol(1), withSymbol(1)],
  [withSymbol(1), withSymbol(2)],
  [withSymbol(1), {}],
  [() => 1, () => 1],
  [Point, Point],
];

const comparing: MatcherCase[] = pairs.flatMap(([one, other], index) =>
  [
    [one, other],
    [other, one],
  ].flatMap(([actual, expected], turned): MatcherCase[] => [
    [`pair ${index}.${turned} toBe`, (expect) => expect(actual).toBe(expected)],
    [`pair ${index}.${turned} toEqual`, (expect) => expect(actual).toEqual(expected)],
    [`pair ${index}.${turned} toStrictEqual`, (expect) => expect(actual).toStrictEqual(expected)],
    [`pair ${index}.${turned} not.toEqual`, (expect) => expect(actual).not.toEqual(expected)],
    ...(isObject(expected) && isObject(actual)
      ? [[`pair ${index}.${turned} toMatchObject`, (expect: Expect) => expect(actual).toMatchObject(expected)] as const]
      : []),
  ]),
);

const subsets: MatcherCase[] = [
  ["toMatchObject takes less", (expect) => expect({ a: 1, b: 2 }).toMatchObject({ a: 1 })],
  ["toMatchObject wants a key", (expect) => expect({ b: 2 }).toMatchObject({ a: 1 })],
  ["toMatchObject wants undefined to be there", (expect) => expect({}).toMatchObject({ a: undefined })],
  ["toMatchObject finds undefined", (expect) => expect({ a: undefined }).toMatchObject({ a: undefined })],
  ["toMatchObject goes deep", (expect) => expect({ a: { b: { c: 1, d: 2 } } }).toMatchObject({ a: { b: { c: 1 } } })],
  ["toMatchObject wants whole arrays", (expect) => expect({ a: [1, 2] }).toMatchObject({ a: [1] })],
  ["toMatchObject of null", (expect) => expect(null).toMatchObject({ a: 1 })],
  ["toMatchObject of a list", (expect) => expect([{ a: 1, b: 2 }, { c: 3 }]).toMatchObject([{ a: 1 }, {}])],
  ["not.toMatchObject", (expect) => expect({ a: 1 }).not.toMatchObject({ a: 1 })],
];

const sized: MatcherCase[] = [
  1,
  "abc",
  [1, 2],
  [NaN],
  new Set([1]),
  new Map([[1, 2]]),
  { length: 2 },
  {},
  null,
].flatMap((value, index): MatcherCase[] => [
  [`sized ${index} toHaveLength 1`, (expect) => expect(value).toHaveLength(1)],
  [`sized ${index} toHaveLength 2`, (expect) => expect(value).toHaveLength(2)],
  [`sized ${index} not.toHaveLength`, (expect) => expect(value).not.toHaveLength(1)],
  [`sized ${index} toContain`, (expect) => expect(value).toContain(typeof value === "string" ? "b" : 1)],
  [`sized ${index} not.toContain`, (expect) => expect(value).not.toContain(typeof value === "string" ? "x" : 9)],
  [`sized ${index} toContain NaN`, (expect) => expect(typeof value === "string" ? [0] : value).toContain(NaN)],
]);

const plain: MatcherCase[] = [undefined, null, 0, "", "abc", new Point(), Special].flatMap(
  (value, index): MatcherCase[] => [
    [`plain ${index} toBeDefined`, (expect) => expect(value).toBeDefined()],
    [`plain ${index} not.toBeDefined`, (expect) => expect(value).not.toBeDefined()],
    [`plain ${index} toBeUndefined`, (expect) => expect(value).toBeUndefined()],
    [`plain ${index} toBeInstanceOf`, (expect) => expect(value).toBeInstanceOf(Point)],
    [`plain ${index} not.toBeInstanceOf`, (expect) => expect(value).not.toBeInstanceOf(Point)],
    [`plain ${index} toMatch string`, (expect) => expect(value).toMatch("b")],
    [`plain ${index} toMatch pattern`, (expect) => expect(value).toMatch(/^a.c$/)],
    [`plain ${index} not.toMatch`, (expect) => expect(value).not.toMatch(/b/)],
    [`plain ${index} toBeGreaterThan`, (expect) => expect(value).toBeGreaterThan(-1)],
    [`plain ${index} not.toBeGreaterThan`, (expect) => expect(value).not.toBeGreaterThan(1)],
  ],
);

const ordered: MatcherCase[] = [1, 2, 3, NaN, Infinity].flatMap((value): MatcherCase[] => [
  [`${value} toBeGreaterThan 2`, (expect) => expect(value).toBeGreaterThan(2)],
  [`${value} toBeGreaterThanOrEqual 2`, (expect) => expect(value).toBeGreaterThanOrEqual(2)],
  [`${value} toBeLessThan 2`, (expect) => expect(value).toBeLessThan(2)],
  [`${value} toBeLessThanOrEqual 2`, (expect) => expect(value).toBeLessThanOrEqual(2)],
]);

// Without null and undefined: Vitest takes these for an error that says whatever was asked for.
const thrown = [new Error("bad thing"), new Special("bad thing"), "bad thing", { message: "bad thing" }, 5];
const throwing: MatcherCase[] = [...thrown.keys(), -1].flatMap((index): MatcherCase[] => {
  const body = (): void => {
    if (index >= 0) throw thrown[index];
  };
  const promise = async (): Promise<void> => body();
  return [
    [`thrown ${index} toThrow`, (expect) => expect(body).toThrow()],
    [`thrown ${index} toThrow string`, (expect) => expect(body).toThrow("bad")],
    [`thrown ${index} toThrow other string`, (expect) => expect(body).toThrow("good")],
    [`thrown ${index} toThrow pattern`, (expect) => expect(body).toThrow(/^bad/)],
    [`thrown ${index} toThrow class`, (expect) => expect(body).toThrow(TypeError)],
    [`thrown ${index} not.toThrow`, (expect) => expect(body).not.toThrow()],
    [`thrown ${index} not.toThrow string`, (expect) => expect(body).not.toThrow("good")],
    [`thrown ${index} not.toThrow class`, (expect) => expect(body).not.toThrow(TypeError)],
    [`thrown ${index} rejects.toThrow`, (expect) => expect(promise()).rejects.toThrow()],
    [`thrown ${index} rejects.toThrow string`, (expect) => expect(promise()).rejects.toThrow("bad")],
    [`thrown ${index} rejects.toThrow pattern`, (expect) => expect(promise()).rejects.toThrow(/good/)],
    [`thrown ${index} rejects.toThrow class`, (expect) => expect(promise()).rejects.toThrow(TypeError)],
    [
      `thrown ${index} rejects.toMatchObject`,
      (expect) => expect(promise).rejects.toMatchObject({ message: "bad thing" }),
    ],
  ];
});

const misused: MatcherCase[] = [
  ["toThrow of no function", (expect) => expect(5).toThrow()],
  ["not.toThrow of no function", (expect) => expect(5).not.toThrow()],
  ["rejects of no promise", (expect) => expect(5).rejects.toThrow()],
];

export const matcherCases: readonly MatcherCase[] = [
  ...comparing,
  ...subsets,
  ...sized,
  ...plain,
  ...ordered,
  ...throwing,
  ...misused,
];

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
