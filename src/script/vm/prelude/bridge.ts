/*
 * The bridge, inside: everything between the entry function, which only the host can call, and the script.
 *
 * It keeps the VM's own functions from before any script ran, and objects without a prototype, so that a script that
 * tampers with globals spoils its own work and not what crosses. What it hands out goes to a queue that the host reads
 * after the VM's stack has unwound (V4); the host takes all of it for untrusted anyway.
 *
 * A message is `kind number details\ntext`. Functions do not cross: they stay in a table and cross as [path, number].
 */
export const bridge: string = /* js */ `
const { parse, stringify } = JSON, { apply, defineProperty } = Reflect, { keys } = Object, { isArray } = Array;
const NativePromise = Promise, NativeError = Error, toText = String;
const slice = String.prototype.slice, split = String.prototype.split, join = Array.prototype.join;
const indexOf = String.prototype.indexOf;
let first, last, pending = 0, held = 0, lastRef = 0, lastHostCall = 0, lines = 0, namespace;
const refs = { __proto__: null }, hostCalls = { __proto__: null }, signals = { __proto__: null };

// Assigning to a list's new index would run a setter that a script put on Array.prototype.
function push(list, value) {
  defineProperty(list, list.length, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
}
function post(text) {
  const message = { __proto__: null, text, next: undefined };
  if (first === undefined) first = message;
  else last.next = message;
  last = message;
}
function nextMessage() {
  if (first === undefined) return "";
  const { text } = first;
  first = first.next;
  return text;
}
function stop(message) {
  overLimit(message);
  throw new NativeError(message);
}
function refTo(fn) {
  if (++held > settings.maxFunctions) stop("More than " + settings.maxFunctions + " functions are held by the host");
  refs[++lastRef] = fn;
  return lastRef;
}
function release(ref) {
  if (ref in refs) {
    delete refs[ref];
    held--;
  }
}
// Functions in a value, down to a depth, as [path, ref], and with a list to put them in abort signals, as [path, -place].
// Lists at the last level are data and not looked into.
function slotsOf(value, depth, path, found, given) {
  if (typeof value === "function") push(found, [path, refTo(value)]);
  else if (given !== undefined && isObject(value) && isSignal(value)) {
    push(given, value);
    push(found, [path, -given.length]);
  } else if (depth > 0 && typeof value === "object" && value !== null && !(depth === 1 && isArray(value))) {
    const names = keys(value);
    for (let i = 0; i < names.length; i++) {
      const inner = value[names[i]], kind = typeof inner;
      if (kind === "function" || (kind === "object" && (depth > 1 || (given !== undefined && isObject(inner) && isSignal(inner))))) {
        const inside = [];
        for (let j = 0; j < path.length; j++) push(inside, path[j]);
        push(inside, isArray(value) ? +names[i] : names[i]);
        slotsOf(inner, depth - 1, inside, found, given);
      }
    }
  }
  return found;
}
function isObject(value) {
  return typeof value === "object" && value !== null;
}
function encode(kind, id, details, value, depth, given) {
  const text = stringify(value);
  if (text !== undefined && text.length > settings.maxText) return undefined;
  let slots = "";
  if (typeof value === "function" || isObject(value)) {
    const found = slotsOf(value, depth, [], [], given);
    if (found.length > 0) slots = stringify(found);
  }
  return kind + id + " " + details + slots + "\\n" + (text === undefined ? "" : text);
}
function textOf(read, otherwise) {
  try {
    const text = read();
    return typeof text === "string" ? apply(slice, text, [0, 4000]) : otherwise;
  } catch {
    return otherwise;
  }
}
function scriptStack(stack) {
  const kept = [], all = apply(split, stack, ["\\n"]);
  for (let i = 0; i < all.length; i++) {
    if (apply(indexOf, all[i], ["turnwire:prelude"]) < 0) push(kept, all[i]);
  }
  // The first of them all is how the prelude called the script.
  while (kept.length > 0 && (kept[kept.length - 1] === "" || kept[kept.length - 1] === "    at apply (native)")) kept.length--;
  return apply(join, kept, ["\\n"]);
}
function describe(error, depth) {
  const out = { __proto__: null, name: "Error", message: "" };
  let isObject = false;
  try {
    isObject = error !== null && typeof error === "object" && typeof error.message === "string";
  } catch {}
  if (!isObject) {
    out.message = "Thrown: " + preview(error);
    out.thrown = true;
    return out;
  }
  out.name = textOf(() => error.name, "Error");
  out.message = textOf(() => error.message, "");
  out.stack = scriptStack(textOf(() => error.stack, ""));
  const code = textOf(() => error.code);
  if (code !== undefined) out.code = code;
  if (depth < 4) {
    try {
      if ("cause" in error) out.cause = describe(error.cause, depth + 1);
    } catch {}
  }
  return out;
}
function preview(value) {
  try {
    if (typeof value === "bigint") return toText(value) + "n";
    if (typeof value === "object" && value !== null) return textOf(() => stringify(value)) ?? "an object";
    if (typeof value === "function") return "a function";
    return apply(slice, toText(value), [0, 4000]);
  } catch {
    return "an object";
  }
}
function fail(id, error) {
  let text = '{"name":"Error","message":"An error that cannot be described"}';
  try {
    text = stringify(describe(error, 0));
  } catch {}
  post("!" + id + " \\n" + text);
}
function answer(id, value) {
  try {
    post(encode("=", id, "", value, 1) ?? "%" + id + " \\n");
  } catch (error) {
    fail(id, error);
  }
}
async function answerLater(id, promise) {
  try {
    answer(id, await promise);
  } catch (error) {
    fail(id, error);
  }
}
function call(id, ref, args) {
  try {
    const fn = refs[ref];
    if (fn === undefined) throw new TypeError("This function was released");
    const value = apply(fn, undefined, args);
    if (typeof value !== "object" || value === null) {
      if (typeof value !== "function" && first === undefined) return encode("=", id, "", value, 0) ?? "%" + id + " \\n";
      answer(id, value);
    } else if (typeof value.then === "function") void answerLater(id, value);
    else if (first === undefined) {
      const text = encode("=", id, "", value, 1);
      if (text !== undefined) return text;
      post("%" + id + " \\n");
    } else answer(id, value);
  } catch (error) {
    fail(id, error);
  }
  return "";
}
function callWithSlots(id, ref, text) {
  const { args, slots } = parse(text);
  for (let i = 0; i < slots.length; i++) {
    const index = slots[i][0], key = slots[i][1], kind = slots[i][2], number = slots[i][3];
    const value = kind === "f" ? (...given) => hostCall("f", number, "", given) : signalFor(number);
    if (key === null) args[index] = value;
    else defineProperty(args[index], key, { value, writable: true, enumerable: true, configurable: true });
  }
  return call(id, ref, args);
}
function hostCall(kind, target, name, args) {
  if (pending >= settings.maxPending) stop("More than " + settings.maxPending + " host calls and timers are pending");
  const id = ++lastHostCall, before = lastRef, given = [];
  return new NativePromise((resolve, reject) => {
    const text = encode(kind, id, kind === "f" ? target + " " : name + " ", args, 2, given);
    if (text === undefined) throw new RangeError("The arguments are longer than " + settings.maxText + " characters");
    hostCalls[id] = { __proto__: null, resolve, reject, from: before, to: lastRef, given };
    pending++;
    post(text);
    for (let i = 0; i < given.length; i++) {
      const tell = (reason) => post("a" + id + " " + (i + 1) + "\\n" + stringify(describe(reason, 0)));
      given[i] = watchSignal(given[i], tell);
    }
  });
}
// Functions and signals that a host call carried live until it has settled. Without a text it is only forgotten.
function settle(id, ok, text) {
  const found = hostCalls[id];
  if (found === undefined) return;
  delete hostCalls[id];
  pending--;
  for (let ref = found.from + 1; ref <= found.to; ref++) release(ref);
  for (let i = 0; i < found.given.length; i++) found.given[i]();
  if (text === undefined) return;
  if (ok) found.resolve(text === "" ? undefined : parse(text));
  else found.reject(toError(parse(text)));
}
function toError(plain) {
  const error = plain.dom ? new DOMException(plain.message, plain.name) : new NativeError(plain.message);
  defineProperty(error, "stack", { value: "", writable: true, configurable: true });
  if (!plain.dom) defineProperty(error, "name", { value: plain.name, writable: true, configurable: true });
  if (plain.code !== undefined && !plain.dom) error.code = plain.code;
  if (plain.cause !== undefined) {
    defineProperty(error, "cause", { value: toError(plain.cause), writable: true, configurable: true });
  }
  return error;
}
function signalFor(number) {
  const controller = (signals[number] ??= new AbortController());
  return controller.signal;
}
function abortSignal(number, text) {
  const controller = signals[number];
  delete signals[number];
  if (controller !== undefined && text !== "") controller.abort(toError(parse(text)));
}
function adopt(value) {
  const list = [], names = keys(value);
  namespace = value;
  for (let i = 0; i < names.length; i++) {
    const inner = value[names[i]], isFunction = typeof inner === "function";
    push(list, [names[i], isFunction ? refTo(inner) : 0]);
  }
  post("l0 \\n" + stringify(list));
}
async function adoptLater(promise) {
  try {
    adopt(await promise);
  } catch (error) {
    post("L0 \\n" + stringify(describe(error, 0)));
  }
}
function entry(operation, one, two, text) {
  lines = 0;
  switch (operation) {
    case 0: {
      let args;
      try {
        args = parse(text);
      } catch (error) {
        fail(one, error);
        return "";
      }
      return call(one, two, args);
    }
    case 1:
      try {
        return callWithSlots(one, two, text);
      } catch (error) {
        fail(one, error);
        return "";
      }
    case 2:
    case 3:
      settle(one, operation === 2, text);
      return "";
    case 4:
      fire(one);
      return "";
    case 5:
      abortSignal(one, text);
      return "";
    case 6:
      release(one);
      return "";
    case 7:
      return nextMessage();
    case 9:
      forgetTimer(one);
      return "";
    case 8:
      try {
        post(encode("=", one, "", namespace[text], 5) ?? "%" + one + " \\n");
      } catch (error) {
        fail(one, error);
      }
      return "";
    case 20:
      adopt(text);
      return "";
    case 21:
      void adoptLater(text);
      return "";
    case 22:
      post("L0 \\n" + stringify(describe(text, 0)));
      return "";
  }
}
`;
