import { bridge } from "./bridge.ts";
import { events } from "./events.ts";
import { structuredCloneSource } from "./structured-clone.ts";
import { timers } from "./timers.ts";

/*
 * What every context evaluates first: the globals that scripts may expect, and the entry function that the host keeps.
 *
 * It is text because it runs in the VM, where nothing of the host exists; it is evaluated anew in every context, which
 * is why it is short and its comments stand outside. Strict, in one function scope: scripts reach none of its variables.
 */
export const prelude: string = `(function (settingsText, randomHex, overLimit) {
"use strict";
const settings = JSON.parse(settingsText);
${bridge}${timers}${events}${structuredCloneSource}
function define(target, name, value) {
  defineProperty(target, name, { value, writable: true, enumerable: false, configurable: true });
}
const crypto = {};
define(crypto, "randomUUID", function randomUUID() {
  const hex = randomHex();
  const part = (from, to) => apply(slice, hex, [from, to]);
  const variant = "89ab"[parseInt(part(16, 17), 16) & 3];
  return part(0, 8) + "-" + part(8, 12) + "-4" + part(13, 16) + "-" + variant + part(17, 20) + "-" + part(20, 32);
});
const console = {};
for (const level of ["debug", "log", "info", "warn", "error"]) {
  define(console, level, (...args) => log(level, args));
}
const globals = {
  AbortController, AbortSignal, DOMException, Event, EventTarget, console, crypto, structuredClone,
  setTimeout: (fn, ms, ...args) => startTimer(fn, ms, args, false),
  setInterval: (fn, ms, ...args) => startTimer(fn, ms, args, true),
  clearTimeout: clearTimer,
  clearInterval: clearTimer,
  queueMicrotask: (fn) => {
    if (typeof fn !== "function") throw new TypeError("queueMicrotask needs a function");
    void (async () => {
      await undefined;
      try {
        fn();
      } catch (error) {
        uncaught(error);
      }
    })();
  },
};
for (const name of keys(globals)) define(globalThis, name, globals[name]);
for (const name of settings.hosts) define(globalThis, name, (...args) => hostCall("h", 0, name, args));
return entry;
})`;
