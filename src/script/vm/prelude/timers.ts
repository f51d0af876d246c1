/*
 * Timers and console. Time is the host's: a timer is a message to it, and it enters the VM again when the time has come,
 * so that all that ever runs in a VM is begun by its owner.
 */
export const timers: string = /* js */ `
const waiting = { __proto__: null };
let lastTimer = 0;
function startTimer(fn, ms, args, repeats) {
  if (typeof fn !== "function") throw new TypeError("A timer needs a function");
  if (pending >= settings.maxPending) stop("More than " + settings.maxPending + " host calls and timers are pending");
  const id = ++lastTimer;
  const delay = ms > 0 ? +ms : 0;
  waiting[id] = { __proto__: null, fn, args, delay, repeats };
  pending++;
  post("t" + id + " " + delay + "\\n");
  return id;
}
function forgetTimer(id) {
  if (typeof id !== "number" || !(id in waiting)) return false;
  delete waiting[id];
  pending--;
  return true;
}
function clearTimer(id) {
  if (forgetTimer(id)) post("x" + id + " \\n");
}
function fire(id) {
  const timer = waiting[id];
  if (timer === undefined) return;
  if (timer.repeats) post("t" + id + " " + timer.delay + "\\n");
  else {
    delete waiting[id];
    pending--;
  }
  try {
    apply(timer.fn, undefined, timer.args);
  } catch (error) {
    uncaught(error);
  }
}
function log(level, args) {
  if (++lines > 200) return;
  const words = [];
  for (let i = 0; i < args.length; i++) push(words, wordOf(args[i]));
  const text = apply(slice, apply(join, words, [" "]), [0, 8000]);
  post("c0 " + level + "\\n" + text);
}
function wordOf(value) {
  if (typeof value === "string") return value;
  let isError = false;
  try {
    isError = value instanceof NativeError;
  } catch {}
  if (!isError) return preview(value);
  const { name, message, stack } = describe(value, 4);
  return name + ": " + message + (stack ? "\\n" + stack : "");
}
function uncaught(error) {
  log("error", ["Uncaught", error]);
}
`;
