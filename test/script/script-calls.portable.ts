import { nextMacrotask } from "../../src/internal/macrotask.ts";
import type { ConsoleEntry, JobReport, Script } from "../../src/script/index.ts";
import { isScriptFunction } from "../../src/script/index.ts";
import { withThrowingListeners } from "../inference/suite-support.ts";
import type { TestApi } from "../support/test-api.ts";
import { manualClock } from "./manual-clock.ts";
import { codeOf, testRuntime, turnErrorOf, withScript } from "./script-support.ts";

export default function scriptCalls({ describe, it, expect }: TestApi): void {
  describe("script: calls and values", () => {
    it("calls exported functions, synchronous and async, with JSON both ways", async () => {
      const source = `
        export const add = (a, b) => a + b;
        export default async (value) => { await null; return { value, twice: [value, value] }; };
        export function nothing() {}
      `;
      await withScript(source, async (script) => {
        expect(script.exports).toEqual(["add", "default", "nothing"]);
        expect(await script.call("add", [1, 2])).toBe(3);
        expect(await script.call("default", [{ a: "ü€😀\u2028", b: null }])).toEqual({
          value: { a: "ü€😀\u2028", b: null },
          twice: [
            { a: "ü€😀\u2028", b: null },
            { a: "ü€😀\u2028", b: null },
          ],
        });
        expect(await script.call("nothing")).toBe(undefined);
      });
    });

    it("carries texts of every length, with lone surrogates and NUL as JSON has them", async () => {
      await withScript("export default (text) => text;", async (script) => {
        for (const unit of ["a", "ä", "€", "😀", "\ud800", "\0", '"', "\\"]) {
          for (const length of [0, 1, 10, 31, 32, 33, 5_000, 20_000]) {
            const text = unit.repeat(length);
            expect((await script.call("default", [text])) === text, `${JSON.stringify(unit)} × ${length}`).toBe(true);
          }
        }
      });
    });

    it("follows JSON for what JSON cannot say, both ways", async () => {
      const source = `
        export const odd = () => ({ nan: NaN, inf: -Infinity, zero: -0, holes: [1, , 3], undef: undefined, sym: Symbol("s") });
        export const echo = (value) => [typeof value, JSON.stringify(value)];
        export const big = () => 10n;
        export const cycle = () => { const a = {}; a.a = a; return a; };
        export const date = () => new Date(0);
      `;
      await withScript(source, async (script) => {
        expect(await script.call("odd")).toStrictEqual({ nan: null, inf: null, zero: 0, holes: [1, null, 3] });
        expect(await script.call("echo", [[NaN, undefined, -0]])).toEqual(["object", "[null,null,0]"]);
        expect(await script.call("date")).toBe("1970-01-01T00:00:00.000Z");
        expect(await codeOf(script.call("big"))).toBe("script-error");
        expect(await codeOf(script.call("cycle"))).toBe("script-error");
        const cycle: Record<string, unknown> = {};
        cycle["self"] = cycle;
        await expect(script.call("echo", [cycle])).rejects.toThrow(TypeError);
        await expect(script.call("echo", [10n])).rejects.toThrow(TypeError);
      });
    });

    it("says which functions there are when one is missing", async () => {
      await withScript("export const a = () => 1, b = () => 2, c = 3;", async (script) => {
        const error = await turnErrorOf(script.call("nope"));
        expect(error.code).toBe("script-error");
        expect(error.message).toBe('The script exports no function "nope"; it has: a, b');
        expect(await codeOf(script.call("c"))).toBe("script-error");
      });
    });

    it("reports every job on the VM to observe, with the labels of the call that it belongs to", async () => {
      const reports: JobReport[] = [];
      const host = { ask: () => 1 };
      await withScript(
        "export default () => ask();",
        async (script) => {
          await script.call("default", [], { labels: { session: "s1" } });
          const mine = reports
            .filter(({ labels }) => labels?.["session"] === "s1")
            .map(({ op, outcome }) => [op, outcome]);
          expect(mine).toEqual([
            ["call default", "done"],
            ["settle host call", "done"],
          ]);
        },
        { host, observe: (report) => reports.push(report) },
      );
    });

    it("imports the modules that it is given, by their names, also dynamically", async () => {
      const source = `
        import { double } from "math/double";
        import * as constants from "./constants.js";
        export const run = (n) => double(n) + constants.one;
        export const late = async (name) => (await import(name)).one;
      `;
      const modules = {
        "math/double": 'import { two } from "./constants.js"; export const double = (n) => n * two;',
        "./constants.js": "export const one = 1, two = 2;",
      };
      const open = { modules };
      await withScript(
        source,
        async (script) => {
          expect(await script.call("run", [20])).toBe(41);
          expect(await script.call("late", ["./constants.js"])).toBe(1);
          const error = await turnErrorOf(script.call("late", ["node:fs"]));
          expect(error.message).toMatch(/Cannot find module "node:fs"/);
        },
        { open },
      );
    });

    it("awaits at the top level, host functions included", async () => {
      const source = "const config = await load('config'); export const name = () => config.name;";
      const host = { load: async ([what]: readonly unknown[]) => ({ name: what }) };
      await withScript(source, async (script) => expect(await script.call("name")).toBe("config"), { host });
    });

    it("refuses sources that do not compile, with file and line", async () => {
      const runtime = testRuntime();
      const opening = runtime.openScript({ source: "export const a = 1;\nexport const = 2;", fileName: "tenant.js" });
      const error = await turnErrorOf(opening);
      expect(error.code).toBe("script-error");
      expect(error.message).toMatch(/^SyntaxError: /);
      expect((error.cause as Error).stack).toMatch(/tenant\.js:2/);
      expect(await codeOf(runtime.openScript({ source: "throw new TypeError('no')" }))).toBe("script-error");
      expect(await codeOf(runtime.openScript({ source: "import 'nowhere'" }))).toBe("script-error");
      expect(await codeOf(runtime.openScript({ source: "export const a = 'x\0y'" }))).toBe("script-error");
      expect(runtime.stats().scripts).toBe(0);
      await runtime.close();
    });

    it("refuses misused arguments at once", async () => {
      expect(() => testRuntime({ host: { "not a name": () => 1 } })).toThrow(TypeError);
      expect(() => testRuntime({ isolation: "thread" as "inline" })).toThrow(TypeError);
      expect(() => testRuntime({ limits: { memoryBytes: 1 } })).toThrow(RangeError);
      expect(() => testRuntime({ limits: { stackBytes: 1_000_000 } })).toThrow(RangeError);
      expect(() => testRuntime({ limits: { sliceMs: 0 } })).toThrow(RangeError);
      const runtime = testRuntime();
      await expect(runtime.openScript({ source: 1 as unknown as string })).rejects.toThrow(TypeError);
      await runtime.close();
    });
  });

  describe("script: errors", () => {
    it("cross with name, message, script stack, code and cause, and nothing of the host", async () => {
      const source = [
        "class QuotaError extends Error { name = 'QuotaError'; code = 'quota'; }",
        "function inner() { throw new QuotaError('too much', { cause: new RangeError('deep') }); }",
        "export function run() { inner(); }",
        "export async function late() { await null; inner(); }",
      ].join("\n");
      await withScript(
        source,
        async (script) => {
          for (const name of ["run", "late"]) {
            const error = await turnErrorOf(script.call(name));
            expect(error.code).toBe("script-error");
            expect(error.message).toBe("QuotaError: too much");
            const cause = error.cause as Error & { code?: string };
            expect([cause.name, cause.message, cause.code]).toEqual(["QuotaError", "too much", "quota"]);
            expect(cause.stack).toMatch(/^QuotaError: too much\n(.*\n)? {4}at inner \(tenant\.js:2:\d+\)\n/);
            expect(cause.stack?.includes("turnwire") === true || cause.stack?.includes("file:") === true).toBe(false);
            expect((cause.cause as Error).name).toBe("RangeError");
          }
        },
        { open: { fileName: "tenant.js" } },
      );
    });

    it("show what was thrown when it is no Error", async () => {
      await withScript(
        "export default (kind) => { throw [42, 'text', null, undefined, { a: 1 }][kind]; };",
        async (script) => {
          const messages = [];
          for (const kind of [0, 1, 2, 3, 4])
            messages.push((await turnErrorOf(script.call("default", [kind]))).message);
          expect(messages).toEqual([
            "Thrown: 42",
            "Thrown: text",
            "Thrown: null",
            "Thrown: undefined",
            'Thrown: {"a":1}',
          ]);
        },
      );
    });
  });

  describe("script: host functions", () => {
    it("are globals that return promises, with plain data both ways", async () => {
      const seen: unknown[] = [];
      const host = {
        lookup: async (args: readonly unknown[]) => (seen.push(args), { found: args[0] }),
        plain: () => [1, { two: 2 }],
        nothing: () => undefined,
      };
      const source = `export default async () => {
        const isPromise = plain() instanceof Promise;
        return [isPromise, await lookup({ id: 7 }, [1]), await plain(), await nothing()];
      };`;
      await withScript(
        source,
        async (script) => {
          expect(await script.call("default")).toEqual([true, { found: { id: 7 } }, [1, { two: 2 }], null]);
          expect(seen).toEqual([[{ id: 7 }, [1]]]);
        },
        { host },
      );
    });

    it("fail in the script with name, message and code, without a stack of the host", async () => {
      const host = {
        throws: () => {
          throw Object.assign(new RangeError("no such user"), { code: "not-found", secret: "s" });
        },
        rejects: () => Promise.reject(new Error("later")),
        text: () => Promise.reject("just text"),
        big: () => 10n,
        odd: () => Promise.reject(Object.defineProperty({}, "message", { get: () => JSON.parse("{") })),
      };
      const source = `export default async (name) => {
        try { await globalThis[name](); } catch (e) {
          return [e instanceof Error, e.name, e.message, e.code ?? null, e.secret ?? null, e.stack];
        }
      };`;
      await withScript(
        source,
        async (script) => {
          expect(await script.call("default", ["throws"])).toEqual([
            true,
            "RangeError",
            "no such user",
            "not-found",
            null,
            "",
          ]);
          expect(await script.call("default", ["rejects"])).toEqual([true, "Error", "later", null, null, ""]);
          expect(await script.call("default", ["text"])).toEqual([true, "Error", "just text", null, null, ""]);
          expect(((await script.call("default", ["big"])) as unknown[])[1]).toBe("TypeError");
          const odd = "An error that cannot be described";
          expect(await script.call("default", ["odd"])).toEqual([true, "Error", odd, null, null, ""]);
        },
        { host },
      );
    });

    it("take and keep functions as references: callbacks into the script, functions of the host in arguments", async () => {
      const events: unknown[] = [];
      const host = {
        each: async ([items, callback]: readonly unknown[]) => {
          if (!isScriptFunction(callback) || !Array.isArray(items)) throw new TypeError("each(items, callback)");
          const results = [];
          for (const item of items) results.push(await callback.call([item]));
          return results;
        },
      };
      const source = `
        export const run = () => each([1, 2, 3], async (n) => n * 2);
        export const middleware = async (turn, next, ctx) => { ctx.emit({ type: "seen" }); return (await next(turn)) + "!"; };
        export const tools = [{ name: "double", handler: (n) => n * 2 }];
        export const hooks = { before: { call: () => "deep" } };
        export const make = () => ({ n: 1, fn: () => "made" });
      `;
      await withScript(
        source,
        async (script) => {
          expect(await script.call("run")).toEqual([2, 4, 6]);
          const next = async ([turn]: readonly unknown[]) => `next(${String(turn)})`;
          const ctx = { id: 5, emit: (args: readonly unknown[]) => void events.push(args[0]) };
          expect(await script.call("middleware", ["turn", next, ctx])).toBe("next(turn)!");
          expect(events).toEqual([{ type: "seen" }]);
          const tools = (await script.read("tools")) as { name: string; handler: unknown }[];
          const handler = tools[0]?.handler;
          expect(tools[0]?.name).toBe("double");
          expect(isScriptFunction(handler) ? await handler.call([21]) : "no function").toBe(42);
          const hooks = (await script.read("hooks")) as { before: { call: unknown } };
          const deep = hooks.before.call;
          expect(isScriptFunction(deep) ? await deep.call() : "no function").toBe("deep");
          const made = (await script.call("make")) as { fn: unknown };
          expect(isScriptFunction(made.fn) ? await made.fn.call() : "no function").toBe("made");
          if (isScriptFunction(made.fn)) made.fn.release();
          expect(isScriptFunction(made.fn) ? await codeOf(made.fn.call()) : "").toBe("script-error");
        },
        { host },
      );
    });

    it("take the script's abort signals, as arguments and as fields of one: each fires with its own, once", async () => {
      const seen: unknown[] = [];
      const noted = (name: string, signal: unknown): void => {
        if (!(signal instanceof AbortSignal)) throw new TypeError(`${name} is no signal`);
        const note = (): void => {
          const { name: kind, message, code } = signal.reason as Error & { readonly code?: string };
          seen.push([name, kind, message, code ?? null]);
        };
        if (signal.aborted) note();
        else signal.addEventListener("abort", note);
      };
      const release: (() => void)[] = [];
      const host = {
        watch: ([first, more]: readonly unknown[]) => {
          const { second, data } = more as { readonly second: unknown; readonly data: unknown };
          noted("first", first);
          noted("second", second);
          seen.push(data);
          return new Promise<string>((resolve) => release.push(() => resolve("settled")));
        },
        look: async ([signal]: readonly unknown[]) => {
          kept = signal as AbortSignal;
          const before = kept.aborted;
          await nextMacrotask();
          return [before, kept.aborted];
        },
        again: () => kept?.aborted,
        release: () => release.forEach((one) => one()),
      };
      const source = `
        const one = new AbortController(), two = new AbortController(), done = new AbortController();
        export const run = async () => {
          const watched = watch(one.signal, { second: two.signal, data: { nested: [done.signal] } });
          await null;
          two.abort(Object.assign(new RangeError("too far"), { code: "far" }));
          two.abort(new Error("again"));
          one.abort();
          await release();
          return watched;
        };
        export const aborted = async () => { done.abort(); return look(done.signal); };
        export const late = async () => {
          const after = new AbortController();
          const answer = look(after.signal);
          await answer;
          after.abort();
          await again();
          return again();
        };`;
      let kept: AbortSignal | undefined;
      await withScript(
        source,
        async (script) => {
          expect(await script.call("run")).toBe("settled");
          expect(seen).toEqual([
            { nested: [{}] },
            ["second", "RangeError", "too far", "far"],
            ["first", "AbortError", "This operation was aborted", null],
          ]);
          // It is told right after the call, not with it, and no more when that has settled.
          expect(await script.call("aborted")).toEqual([false, true]);
          expect(await script.call("late")).toBe(false);
        },
        { host },
      );
    });

    it("hear of the end of the call by the script's signals too: nobody else would fire them any more", async () => {
      const heard: string[] = [];
      let begun = (): void => undefined;
      const host = {
        hold: ([signal]: readonly unknown[]) => {
          (signal as AbortSignal).addEventListener("abort", () => heard.push(String((signal as AbortSignal).reason)));
          begun();
          return new Promise(() => {});
        },
      };
      const source = "export default () => hold(new AbortController().signal);";
      await withScript(
        source,
        async (script) => {
          const held = new Promise<void>((resolve) => (begun = resolve));
          const call = codeOf(script.call("default"));
          await held;
          await script.close();
          expect(await call).toBe("closed");
          expect(heard).toEqual(["TurnError: The script was closed"]);
        },
        { host },
      );
    });

    it("end their call also where a listener to its signal, or to the script's own, throws out of abort", async () => {
      let begun = (): void => undefined;
      const hold = ([own]: readonly unknown[], call: { readonly signal: AbortSignal }): Promise<never> => {
        expect([own instanceof AbortSignal, call.signal.aborted]).toEqual([true, false]);
        begun();
        return new Promise(() => undefined);
      };
      const source = `
        export const wait = () => hold(new AbortController().signal);
        export const stop = () => {
          const controller = new AbortController();
          const held = hold(controller.signal).catch(({ message }) => message);
          controller.abort();
          return "stopped";
        };`;
      const body = async (script: Script): Promise<void> => {
        const controller = new AbortController();
        const held = new Promise<void>((resolve) => (begun = resolve));
        const call = codeOf(script.call("wait", [], { signal: controller.signal }));
        await held;
        await withThrowingListeners(async () => {
          expect(() => controller.abort()).toThrow("a listener failed");
          expect(await script.call("stop")).toBe("stopped");
        });
        expect(await call).toBe("canceled");
      };
      await withScript(source, body, { host: { hold } });
    });

    it("cannot be called through a function that outlived the call that brought it", async () => {
      const source = `let kept; export const keep = (fn) => { kept = fn; }; export const use = () => kept();`;
      await withScript(source, async (script) => {
        await script.call("keep", [() => "secret"]);
        const error = await turnErrorOf(script.call("use"));
        expect(error.message).toMatch(/has ended/);
      });
    });
  });

  describe("script: globals", () => {
    it("has timers, in order of time", async () => {
      const source = `export default async () => {
        const log = [];
        const cleared = setTimeout(() => log.push("cleared"), 1);
        clearTimeout(cleared);
        setTimeout((...args) => log.push(args), 20, "b", 1);
        setTimeout(() => log.push("a"), 1);
        let ticks = 0;
        await new Promise((resolve) => {
          const interval = setInterval(() => { if (++ticks === 3) { clearInterval(interval); resolve(); } }, 1);
        });
        await new Promise((resolve) => setTimeout(resolve, 30));
        return [ticks, log];
      };`;
      // Time by hand: a machine that is held up lets several of its own timers come at once.
      const clock = manualClock();
      await withScript(
        source,
        async (script) => {
          const call = script.call("default");
          for (let ms = 0; ms < 60; ms++) {
            await nextMacrotask();
            clock.advance(1);
          }
          expect(await call).toEqual([3, ["a", ["b", 1]]]);
        },
        { clock },
      );
    });

    it("takes cleared timers away from the host too", async () => {
      const clock = manualClock();
      const source = `export default () => {
        for (const timer of [setTimeout(() => {}, 5), setInterval(() => {}, 5)]) clearTimeout(timer);
        setTimeout(() => {}, 5);
      };`;
      await withScript(
        source,
        async (script) => {
          const before = clock.pending();
          await script.call("default");
          expect(clock.pending() - before).toBe(1);
        },
        { clock },
      );
    });

    it("has queueMicrotask, structuredClone and randomUUID", async () => {
      const source = `export default async () => {
        const order = [];
        queueMicrotask(() => order.push("micro"));
        order.push("sync");
        await null; await null;
        const shared = { n: 1 };
        const original = { shared, again: shared, list: [1, , 3], map: new Map([["k", new Set([1])]]), date: new Date(5), re: /a/g, bytes: new Uint8Array([1, 2]), error: new TypeError("e"), und: undefined };
        original.self = original;
        const copy = structuredClone(original);
        let refused;
        try { structuredClone({ fn() {} }); } catch (e) { refused = e.name; }
        const ids = new Set(Array.from({ length: 100 }, () => crypto.randomUUID()));
        return {
          order, refused,
          same: copy.shared === copy.again && copy.self === copy && copy !== original,
          parts: [copy.map.get("k").has(1), copy.date.getTime(), copy.re.flags, copy.bytes[1], copy.error.name, 1 in copy.list, "und" in copy],
          ids: ids.size, shape: /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test([...ids][0]),
        };
      };`;
      await withScript(source, async (script) =>
        expect(await script.call("default")).toEqual({
          order: ["sync", "micro"],
          refused: "DataCloneError",
          same: true,
          parts: [true, 5, "g", 2, "TypeError", false, true],
          ids: 100,
          shape: true,
        }),
      );
    });

    it("has EventTarget, AbortController and AbortSignal as on the Web", async () => {
      const source = `export default async () => {
        const log = [];
        const target = new EventTarget();
        const controller = new AbortController();
        const listener = (event) => log.push(event.type);
        target.addEventListener("a", listener);
        target.addEventListener("a", listener);
        target.addEventListener("a", { handleEvent: () => log.push("once") }, { once: true });
        target.addEventListener("a", () => log.push("until aborted"), { signal: controller.signal });
        target.dispatchEvent(new Event("a"));
        controller.abort();
        target.dispatchEvent(new Event("a"));
        target.removeEventListener("a", listener);
        const event = new Event("a", { cancelable: true });
        target.addEventListener("a", (e) => e.preventDefault());
        log.push(target.dispatchEvent(event), event.defaultPrevented);
        const any = AbortSignal.any([new AbortController().signal, AbortSignal.abort(new Error("why"))]);
        const late = new AbortController();
        const follower = AbortSignal.any([late.signal]);
        late.abort("reason");
        const timeout = AbortSignal.timeout(1);
        await new Promise((resolve) => { timeout.onabort = resolve; });
        let thrown;
        try { timeout.throwIfAborted(); } catch (e) { thrown = e.name; }
        return [log, controller.signal.reason.name, any.reason.message, follower.aborted, follower.reason, thrown];
      };`;
      await withScript(source, async (script) =>
        expect(await script.call("default")).toEqual([
          ["a", "once", "until aborted", "a", false, true],
          "AbortError",
          "why",
          true,
          "reason",
          "TimeoutError",
        ]),
      );
    });

    it("has no fetch, files, environment or modules unless the host passes functions", async () => {
      const names = [
        "fetch",
        "process",
        "require",
        "Deno",
        "Bun",
        "Buffer",
        "navigator",
        "XMLHttpRequest",
        "WebSocket",
      ];
      const more = ["Worker", "WebAssembly", "std", "os", "global", "window", "self", "postMessage", "caches"];
      const source = `export default (names) => names.filter((name) => name in globalThis);`;
      await withScript(source, async (script) =>
        expect(await script.call("default", [[...names, ...more]])).toEqual([]),
      );
      const host = { fetch: ([url]: readonly unknown[]) => ({ url }) };
      await withScript(
        "export default async () => (await fetch('x')).url;",
        async (script) => expect(await script.call("default")).toBe("x"),
        { host },
      );
    });

    it("writes to a console that is the host's hook", async () => {
      const entries: ConsoleEntry[] = [];
      const source = `export default () => {
        console.log("text", 1, { a: [1] }, null, undefined, 10n, () => 1, Symbol("s"));
        console.error(new TypeError("bad"));
        for (let i = 0; i < 10_000; i++) console.debug(i);
      };`;
      await withScript(
        source,
        async (script) => {
          await script.call("default");
          expect(entries[0]).toMatchObject({ level: "log", tenant: "acme", fileName: "a.js" });
          expect(entries[0]?.text).toBe('text 1 {"a":[1]} null undefined 10n a function Symbol(s)');
          expect(entries[1]?.level).toBe("error");
          expect(entries[1]?.text).toMatch(/^TypeError: bad\n {4}at default \(a\.js:3/);
          expect(entries.length).toBe(200);
        },
        { console: (entry) => entries.push(entry), open: { tenant: "acme", fileName: "a.js" } },
      );
    });
  });
}
