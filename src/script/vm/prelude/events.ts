/* Events and aborting, as the Web has them, for scripts. No bubbling: there is no tree. */
export const events: string = /* js */ `
class Event {
  #type;
  #cancelable;
  #prevented = false;
  #stopped = false;
  #target = null;
  constructor(type, options = {}) {
    this.#type = toText(type);
    this.#cancelable = Boolean(options.cancelable);
  }
  get type() { return this.#type; }
  get target() { return this.#target; }
  get currentTarget() { return this.#target; }
  get cancelable() { return this.#cancelable; }
  get defaultPrevented() { return this.#prevented; }
  preventDefault() { if (this.#cancelable) this.#prevented = true; }
  stopPropagation() {}
  stopImmediatePropagation() { this.#stopped = true; }
  static dispatch(event, target, listeners) {
    event.#target = target;
    for (const listener of listeners) {
      if (listener.removed || event.#stopped) continue;
      if (listener.once) listener.remove();
      try {
        if (typeof listener.callback === "function") apply(listener.callback, target, [event]);
        else listener.callback.handleEvent(event);
      } catch (error) {
        uncaught(error);
      }
    }
    return !event.#prevented;
  }
}
const dispatch = Event.dispatch;
delete Event.dispatch;
class EventTarget {
  #listeners = [];
  addEventListener(type, callback, options) {
    if (callback === null || callback === undefined) return;
    const { once = false, signal } = typeof options === "object" && options !== null ? options : {};
    if (signal?.aborted) return;
    type = toText(type);
    if (this.#listeners.some((one) => one.type === type && one.callback === callback)) return;
    const listener = { type, callback, once, removed: false, remove: () => this.#remove(listener) };
    this.#listeners.push(listener);
    signal?.addEventListener("abort", listener.remove, { once: true });
  }
  removeEventListener(type, callback) {
    const listener = this.#listeners.find((one) => one.type === toText(type) && one.callback === callback);
    listener?.remove();
  }
  dispatchEvent(event) {
    return dispatch(event, this, this.#listeners.filter((one) => one.type === event.type));
  }
  #remove(listener) {
    listener.removed = true;
    this.#listeners = this.#listeners.filter((one) => one !== listener);
  }
}
class DOMException extends Error {
  #name;
  constructor(message = "", name = "Error") {
    super(message);
    this.#name = toText(typeof name === "object" && name !== null ? (name.name ?? "Error") : name);
  }
  get name() { return this.#name; }
  get code() { return { AbortError: 20, TimeoutError: 23, DataCloneError: 25 }[this.#name] ?? 0; }
}
let makeSignal, abortThat, isSignal, watchSignal;
class AbortSignal extends EventTarget {
  #aborted = false;
  #reason = undefined;
  #followers = [];
  #onabort = null;
  constructor(key) {
    if (key !== makeSignal) throw new TypeError("Illegal constructor");
    super();
  }
  static {
    makeSignal = () => new AbortSignal(makeSignal);
    abortThat = (signal, reason) => {
      if (signal.#aborted) return;
      signal.#aborted = true;
      signal.#reason = reason === undefined ? new DOMException("This operation was aborted", "AbortError") : reason;
      const followers = signal.#followers;
      signal.#followers = [];
      for (let i = 0; i < followers.length; i++) followers[i](signal.#reason);
      const event = new Event("abort");
      if (typeof signal.#onabort === "function") {
        try {
          apply(signal.#onabort, signal, [event]);
        } catch (error) {
          uncaught(error);
        }
      }
      signal.dispatchEvent(event);
    };
    isSignal = (value) => #aborted in value;
    // Tells once; answers what takes that back.
    watchSignal = (signal, told) => {
      if (signal.#aborted) told(signal.#reason);
      else push(signal.#followers, told);
      return () => {
        const kept = [], all = signal.#followers;
        for (let i = 0; i < all.length; i++) if (all[i] !== told) push(kept, all[i]);
        signal.#followers = kept;
      };
    };
  }
  get aborted() { return this.#aborted; }
  get reason() { return this.#reason; }
  get onabort() { return this.#onabort; }
  set onabort(callback) { this.#onabort = callback; }
  throwIfAborted() { if (this.#aborted) throw this.#reason; }
  static abort(reason) {
    const signal = makeSignal();
    abortThat(signal, reason);
    return signal;
  }
  static timeout(ms) {
    const signal = makeSignal();
    startTimer(() => abortThat(signal, new DOMException("The operation timed out", "TimeoutError")), ms, [], false);
    return signal;
  }
  static any(signals) {
    const signal = makeSignal();
    for (const one of signals) {
      if (one.aborted) {
        abortThat(signal, one.reason);
        break;
      }
      push(one.#followers, (reason) => abortThat(signal, reason));
    }
    return signal;
  }
}
class AbortController {
  #signal = makeSignal();
  get signal() { return this.#signal; }
  abort(reason) { abortThat(this.#signal, reason); }
}
`;
