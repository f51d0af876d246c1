/** How a case may end: with one of these codes, or with this value. */
export type AbuseOutcome = readonly string[] | { readonly value: unknown };

export interface AbuseCase {
  readonly name: string;
  /** Body of `export default async function (give, deep) { … }`, or a whole module. */
  readonly code: string;
  readonly module?: true;
  readonly ends: AbuseOutcome;
}

const timeout = ["script-timeout"] as const;
const limit = ["script-limit"] as const;
const error = ["script-error"] as const;
// Which of the two comes first depends on the machine.
const timeoutOrLimit = ["script-timeout", "script-limit"] as const;

function body(name: string, code: string, ends: AbuseOutcome): AbuseCase {
  return { name, code, ends };
}

function moduleOf(name: string, code: string, ends: AbuseOutcome): AbuseCase {
  return { name, code, ends, module: true };
}

/** What hostile scripts try, and how each must end. None of these may take the host or the VM's owner with it. */
export const abuseCases: readonly AbuseCase[] = [
  // Endless loops, wherever code can run.
  body("an endless for", "for (;;);", timeout),
  body("an endless while with work", "let i = 0; while (true) i = (i * 31 + 7) % 1000;", timeout),
  body("an endless do with a catch that goes on", "for (;;) try { for (;;); } catch {}", timeout),
  body("an endless loop in finally", "try { throw 1; } finally { for (;;); }", timeout),
  body(
    "finally around finally around loops",
    "try { for (;;); } finally { try { for (;;); } finally { for (;;); } }",
    timeout,
  ),
  body("an endless loop in a getter of the result", "return { get a() { for (;;); } };", timeout),
  body("an endless loop in toJSON of the result", "return { toJSON() { for (;;); } };", timeout),
  body("an endless loop in then of the result", "return { then() { for (;;); } };", timeout),
  body("a getter for then that loops", "return { get then() { for (;;); } };", timeout),
  body("an endless loop in a proxy trap of the result", "return new Proxy({}, { ownKeys() { for (;;); } });", timeout),
  body("an endless loop in an argument's toJSON", "await give({ toJSON() { for (;;); } });", timeout),
  body("an endless loop in a thrown error's getter", "throw { get message() { for (;;); } };", timeout),
  body(
    "an endless loop in a thrown error's stack",
    "const e = new Error('x'); Object.defineProperty(e, 'stack', { get() { for (;;); } }); throw e;",
    timeout,
  ),
  body("an endless loop in a thrown proxy", "throw new Proxy(new Error('x'), { get() { for (;;); } });", timeout),
  body("an endless generator", "function* g() { for (;;) yield 1; } for (const x of g());", timeout),
  body("an endless spread", "Math.max(...{ *[Symbol.iterator]() { for (;;) yield 1; } });", timeoutOrLimit),
  body("an endless Array.from", "Array.from({ *[Symbol.iterator]() { for (;;) yield 1; } });", timeoutOrLimit),
  body("an endless sort comparator", "[1, 2].sort(() => { for (;;); });", timeout),
  body("an endless replace callback", "'a'.replace(/a/, () => { for (;;); });", timeout),
  body("an endless reviver", "JSON.parse('[1]', () => { for (;;); });", timeout),
  body("an endless Symbol.toPrimitive", "return `${{ [Symbol.toPrimitive]() { for (;;); } }}`;", timeout),
  body("an endless valueOf", "return 1 + { valueOf() { for (;;); } };", timeout),
  body("an endless Symbol.hasInstance", "return 1 instanceof { [Symbol.hasInstance]() { for (;;); } };", timeout),
  body("an endless eval", "eval('for (;;);');", timeout),
  body("an endless new Function", "new Function('for (;;);')();", timeout),
  body("an endless loop in console arguments", "console.log({ toJSON() { for (;;); } });", timeout),
  body(
    "an endless event listener",
    "const t = new EventTarget(); t.addEventListener('a', () => { for (;;); }); t.dispatchEvent(new Event('a'));",
    timeout,
  ),
  body(
    "an endless abort listener",
    "const c = new AbortController(); c.signal.onabort = () => { for (;;); }; c.abort();",
    timeout,
  ),
  body("an endless structuredClone getter", "structuredClone({ get a() { for (;;); } });", timeout),
  body("an endless timer callback", "await new Promise(() => setTimeout(() => { for (;;); }, 0));", timeout),
  moduleOf("an endless top level", "for (;;);", timeout),
  moduleOf("an endless static block", "class A { static { for (;;); } }", timeout),
  moduleOf("an endless exported getter", "export default { get a() { for (;;); } }; for (;;);", timeout),

  // Jobs without end.
  body("a storm of awaits", "for (;;) await null;", timeout),
  body("a storm of then", "const f = () => Promise.resolve().then(f); await f();", timeoutOrLimit),
  body(
    "a storm of microtasks",
    "const f = () => { queueMicrotask(f); queueMicrotask(f); }; f(); await new Promise(() => {});",
    timeoutOrLimit,
  ),
  body("a storm after the answer", "(async () => { for (;;) await null; })(); return 1;", timeout),
  body("a storm of async generators", "async function* g() { for (;;) yield 1; } for await (const x of g());", timeout),
  body("a thenable that resolves to itself", "const t = { then(r) { r(t); } }; await t;", timeout),
  body("a loop in a promise job", "await Promise.resolve().then(() => { for (;;); });", timeout),
  body("a loop in a rejection handler", "await Promise.reject(1).catch(() => { for (;;); });", timeout),
  body(
    "a job that catches its interrupt",
    "for (;;) try { await Promise.resolve().then(() => { for (;;); }); } catch {}",
    timeout,
  ),

  // Memory.
  body("memory by objects", "const keep = []; for (;;) keep.push({ a: 1, b: [] });", timeoutOrLimit),
  body("memory by strings", "const keep = []; for (let i = 0; ; i++) keep.push('x'.repeat(1000) + i);", timeoutOrLimit),
  body("memory by one string", "let s = 'x'; for (;;) s += s;", timeoutOrLimit),
  body("memory by repeat", "return 'x'.repeat(2 ** 30 - 1).length;", timeoutOrLimit),
  body("memory by padEnd", "return 'x'.padEnd(2 ** 29).length;", timeoutOrLimit),
  body("memory by typed arrays", "const keep = []; for (;;) keep.push(new Uint8Array(1e6));", timeoutOrLimit),
  body("memory by one buffer", "return new ArrayBuffer(2 ** 31).byteLength;", [...timeoutOrLimit, "script-error"]),
  body("memory by a dense array", "return new Array(1e8).fill(0).length;", timeoutOrLimit),
  body("memory by maps", "const m = new Map(); for (let i = 0; ; i++) m.set(i, { i });", timeoutOrLimit),
  body("memory by closures", "let f = () => 1; for (;;) { const g = f; f = () => g; }", timeoutOrLimit),
  body(
    "memory by regular expressions",
    "const keep = []; for (let i = 0; ; i++) keep.push(new RegExp('(a' + i + '){1,50}'));",
    timeoutOrLimit,
  ),
  body("memory by JSON text", "let v = [1]; for (;;) v = JSON.parse(JSON.stringify([v, v]));", timeoutOrLimit),
  body("memory by symbols", "const keep = []; for (let i = 0; ; i++) keep.push(Symbol('s' + i));", timeoutOrLimit),
  body("memory by property names", "const o = {}; for (let i = 0; ; i++) o['key' + i] = i;", timeoutOrLimit),
  body("memory by pending promises", "const keep = []; for (;;) keep.push(new Promise(() => {}));", timeoutOrLimit),
  body("memory by BigInt", "let n = 2n; for (;;) n *= n;", [...timeoutOrLimit, "script-error"]),
  body(
    "memory that is caught and kept",
    "const keep = []; globalThis.keep = keep; for (;;) try { for (;;) keep.push({}); } catch {}",
    timeoutOrLimit,
  ),
  body(
    "memory that is caught, then an answer",
    "const keep = []; globalThis.keep = keep; try { for (;;) keep.push([{}]); } catch { return 'caught'; }",
    limit,
  ),
  body("a result that is too long", "return 'x'.repeat(2_000_000);", limit),
  body("arguments that are too long", "await give('x'.repeat(2_000_000));", error),
  body("console lines without end", "for (let i = 0; i < 1e5; i++) console.log('x'.repeat(100)); return 'done';", [
    ...timeout,
    "value",
  ]),

  // Recursion and nesting.
  body("deep recursion", "const f = (n) => f(n + 1) + 1; return f(0);", limit),
  body(
    "mutual recursion through apply",
    "const f = () => Reflect.apply(g, null, []); const g = () => f.call(); f();",
    limit,
  ),
  body("recursion through getters", "const o = { get a() { return this.a; } }; return o.a;", limit),
  body("recursion through toString", "const o = { toString() { return '' + this; } }; return '' + o;", limit),
  body(
    "recursion through proxies",
    "let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); return p.a;",
    timeoutOrLimit,
  ),
  body("recursion through toJSON", "const o = { toJSON() { return JSON.stringify(o); } }; return o;", limit),
  body(
    "recursion that is caught at every level",
    "const f = () => { try { f(); } catch { f(); } }; f();",
    timeoutOrLimit,
  ),
  body("a deep result", "let v = []; for (let i = 0; i < 1e5; i++) v = [v]; return v;", timeoutOrLimit),
  body("a deep JSON text", "return JSON.parse('['.repeat(1e5) + ']'.repeat(1e5));", limit),
  body("a deep expression", "return eval('('.repeat(1e4) + '1' + ')'.repeat(1e4));", limit),
  body("a deep regular expression", "return new RegExp('('.repeat(1e4) + ')'.repeat(1e4)).source.length;", [
    ...timeoutOrLimit,
    "script-error",
  ]),
  body(
    "a deep structuredClone",
    "let v = {}; for (let i = 0; i < 1e5; i++) v = { v }; structuredClone(v);",
    timeoutOrLimit,
  ),
  body(
    "a deep cause",
    "let e = new Error('0'); for (let i = 0; i < 1e4; i++) e = new Error('x', { cause: e }); throw e;",
    error,
  ),
  body("a cause that is itself", "const e = new Error('x'); e.cause = e; throw e;", error),
  moduleOf("deep nesting in the source", `export default ${"[".repeat(5_000)}${"]".repeat(5_000)}`, limit),
  moduleOf("deep blocks in the source", `${"{".repeat(5_000)}${"}".repeat(5_000)}`, limit),

  // Regular expressions.
  body("a catastrophic regular expression", "return /^(a+)+$/.test('a'.repeat(40) + 'b');", timeout),
  body("a catastrophic alternation", "return /^(a|a)*$/.test('a'.repeat(40) + 'b');", timeout),
  body(
    "catastrophic lookahead",
    "return /(?=(a+))*b/.test('a'.repeat(40)) && /^(([a-z])+.)+[A-Z]([a-z])+$/.test('a'.repeat(60));",
    [...timeout, "value"],
  ),

  // Tampering with what everything is built of.
  body(
    "a poisoned Object.prototype",
    "Object.prototype.then = 1; Object.prototype.toJSON = undefined; Object.prototype.x = 1; return { a: 1 };",
    { value: { a: 1 } },
  ),
  // QuickJS's own JSON.stringify runs into such setters; whoever put them there gets what they throw.
  body(
    "setters on Object.prototype",
    "for (const k of ['text', 'next', '0', 'resolve']) Object.defineProperty(Object.prototype, k, { set() { throw new Error('seen'); }, configurable: true }); return await give(5);",
    [...error, "value"],
  ),
  body("a replaced JSON", "JSON.parse = () => 'forged'; JSON.stringify = () => 'forged'; return await give(6);", {
    value: 6,
  }),
  body("a replaced Promise", "globalThis.Promise = class { constructor() { throw 1; } }; return await give(7);", {
    value: 7,
  }),
  body(
    "a replaced Promise.prototype.then",
    "Promise.prototype.then = () => { throw new Error('then'); }; return await give(8);",
    { value: 8 },
  ),
  body(
    "a replaced Promise constructor property",
    "Promise.prototype.constructor = function () { throw new Error('species'); }; return 9;",
    { value: 9 },
  ),
  body(
    "a replaced Array.prototype",
    "Array.prototype.push = Array.prototype.map = Array.prototype[Symbol.iterator] = () => { throw 1; }; return give(10);",
    { value: 10 },
  ),
  body(
    "setters on Array.prototype",
    "Object.defineProperty(Array.prototype, 0, { set() { throw new Error('seen'); }, configurable: true }); return await give(11);",
    [...error, "value"],
  ),
  body(
    "replaced String and RegExp methods",
    "for (const k of ['split', 'slice', 'indexOf']) String.prototype[k] = () => { throw 1; }; RegExp.prototype.exec = () => { throw 2; }; throw new TypeError('plain');",
    error,
  ),
  body(
    "a replaced Function.prototype",
    "Function.prototype.call = Function.prototype.apply = () => 'forged'; return await give(12);",
    { value: 12 },
  ),
  body("a replaced Reflect.apply", "Reflect.apply = () => 'forged'; return await give(13);", { value: 13 }),
  body(
    "a frozen world",
    "for (const k of Object.getOwnPropertyNames(globalThis)) { try { Object.freeze(globalThis[k]); Object.freeze(globalThis[k].prototype); } catch {} } return await give(14);",
    { value: 14 },
  ),
  body(
    "an emptied world",
    "for (const k of Reflect.ownKeys(globalThis)) { try { delete globalThis[k]; } catch {} } return 15;",
    { value: 15 },
  ),

  // Looking for the host.
  body(
    "looking for the host's globals",
    "return ['require', 'process', 'module', 'Deno', 'Bun', 'fetch', 'global', 'self', 'window', '__dirname'].filter((k) => k in globalThis);",
    { value: [] },
  ),
  body(
    "the global of a new Function",
    "return [typeof new Function('return this')().process, (0, eval)('typeof require')];",
    { value: ["undefined", "undefined"] },
  ),
  body("the constructor of a host function", "return typeof give.constructor.constructor('return this')().process;", {
    value: "undefined",
  }),
  body(
    "the constructor of a host's error",
    "try { await give.fail(); } catch (e) { return [e.constructor === Error || e.constructor === TypeError, typeof e.constructor.constructor('return process')]; }",
    { value: [true, "function"] },
  ),
  body(
    "process by a host error's constructor",
    "try { await give(Symbol()); } catch {} return (() => {}).constructor('return process')();",
    error,
  ),
  body("a dynamic import of the host's modules", "await import('node:fs');", error),
  body("a dynamic import of an address", "await import('https://127.0.0.1/x.js');", error),
  body("a dynamic import of data", "await import('data:text/javascript,export default 1');", error),
  body("a dynamic import of itself's path", "await import('../../package.json', { with: { type: 'json' } });", error),
  moduleOf("a static import of the host's modules", "import 'node:child_process'; export default () => 1;", error),
  body("caller and arguments", "function f() { return f.caller; } return typeof f();", [...error, "value"]),
  body("QuickJS's own helpers", "return [typeof std, typeof os, typeof bjson, typeof print, typeof scriptArgs];", {
    value: Array.from({ length: 5 }, () => "undefined"),
  }),

  // Throwing and returning strange things.
  body("throwing a string", "throw 'text';", error),
  body("throwing null", "throw null;", error),
  body("throwing undefined", "throw undefined;", error),
  body("throwing a symbol", "throw Symbol('s');", error),
  body("throwing a BigInt", "throw 10n;", error),
  body("throwing a function", "throw () => 1;", error),
  body("throwing a revoked proxy", "const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); throw proxy;", error),
  body(
    "throwing an error with throwing getters",
    "const e = new Error(); for (const k of ['name', 'message', 'stack', 'cause', 'code']) Object.defineProperty(e, k, { get() { throw 1; } }); throw e;",
    error,
  ),
  body("throwing an error with numbers for texts", "throw { message: 1, name: {}, stack: [] };", error),
  body("throwing a huge message", "throw new Error('x'.repeat(5e6));", [...error, ...limit]),
  body("throwing a forged limit", "const e = new Error('out of memory'); e.name = 'InternalError'; throw e;", limit),
  body(
    "returning a revoked proxy",
    "const { proxy, revoke } = Proxy.revocable([], {}); revoke(); return proxy;",
    error,
  ),
  body("returning a proxy that throws", "return new Proxy({}, { get() { throw new Error('trap'); } });", error),
  body("returning a cycle", "const a = {}; a.a = a; return a;", error),
  body("returning a BigInt", "return { n: 10n };", error),
  body("returning a symbol", "return { s: Symbol('s'), [Symbol('k')]: 1 };", { value: {} }),
  body("returning -0, NaN and holes", "return [-0, NaN, , Infinity, undefined];", {
    value: [0, null, null, null, null],
  }),
  body("returning __proto__", "return JSON.parse('{\"__proto__\": {\"admin\": true}}').admin ?? 'clean';", {
    value: "clean",
  }),
  body("a then that answers twice", "return { then(resolve, reject) { resolve(1); resolve(2); reject(3); } };", {
    value: 1,
  }),
  body("a then that throws after answering", "return { then(resolve) { resolve(4); throw new Error('late'); } };", {
    value: 4,
  }),

  // Asking too much of the host.
  body(
    "1,000,000 pending host calls",
    "for (let i = 0; i < 1e6; i++) give(i).catch(() => {}); await new Promise(() => {});",
    limit,
  ),
  body(
    "1,000,000 pending host calls, caught",
    "for (let i = 0; i < 1e6; i++) { try { give(i).catch(() => {}); } catch {} } return 'done';",
    limit,
  ),
  body("1,000,000 timers", "for (let i = 0; i < 1e6; i++) setTimeout(() => {}, 1e6);", limit),
  body(
    "1,000,000 functions",
    "for (let i = 0; i < 1e6; i++) { try { give(() => i).catch(() => {}); } catch {} }",
    limit,
  ),
  body(
    "an answer without end of functions",
    "return Array.from({ length: 1 }, () => 0).concat(Object.fromEntries(Array.from({ length: 20000 }, (_, i) => ['f' + i, () => i])));",
    [...timeoutOrLimit, "value"],
  ),
  body(
    "an object of 20,000 functions",
    "return Object.fromEntries(Array.from({ length: 20000 }, (_, i) => ['f' + i, () => i]));",
    timeoutOrLimit,
  ),
  body(
    "timers with strange times",
    "for (const ms of [NaN, -1, Infinity, 'x', {}, 2 ** 53]) clearTimeout(setTimeout(() => {}, ms)); clearTimeout('x'); clearTimeout(-5); return 'fine';",
    { value: "fine" },
  ),
  body("a timer that is no function", "setTimeout('for (;;);', 0);", error),
];

/** Builtins that go on by themselves for minutes, where the interrupt is not asked. Only a kill from outside ends them. */
export const stuckBuiltins: readonly AbuseCase[] = [
  body("indexOf on a huge length", "Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1);", timeout),
  body("indexOf in a huge sparse array", "new Array(4e9).indexOf(1);", timeout),
  body("copyWithin on a huge length", "Array.prototype.copyWithin.call({ length: 2 ** 53 - 1 }, 0, 1);", timeout),
  body("indexOf of one long string in another", "'a'.repeat(4e6).indexOf('a'.repeat(2e6) + 'b');", timeout),
  body("sort of a huge sparse array", "new Array(2e8).sort();", timeout),
];

/** The module that holds a case; `ok` is what a later call finds usable. */
export function moduleFor({ code, module }: AbuseCase): string {
  if (module === true) return `${code}\nexport const ok = () => "ok";`;
  return `export default async (give) => { ${code}\n};\nexport const ok = () => "ok";`;
}
