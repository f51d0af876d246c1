/* A copy of what can be copied: cycles and shared parts stay what they are, functions and symbols are refused. */
export const structuredCloneSource: string = /* js */ `
function structuredClone(value) {
  const seen = new Map();
  const refuse = (what) => { throw new DOMException(what + " could not be cloned", "DataCloneError"); };
  const copy = (from) => {
    if (typeof from === "function") refuse("A function");
    if (typeof from === "symbol") refuse("A symbol");
    if (typeof from !== "object" || from === null) return from;
    if (seen.has(from)) return seen.get(from);
    const keep = (to) => (seen.set(from, to), to);
    if (isArray(from)) {
      const to = keep(new Array(from.length));
      for (const key of keys(from)) to[key] = copy(from[key]);
      return to;
    }
    if (from instanceof Date) return keep(new Date(from.getTime()));
    if (from instanceof RegExp) return keep(new RegExp(from.source, from.flags));
    if (from instanceof Map) {
      const to = keep(new Map());
      for (const [key, inner] of from) to.set(copy(key), copy(inner));
      return to;
    }
    if (from instanceof Set) {
      const to = keep(new Set());
      for (const inner of from) to.add(copy(inner));
      return to;
    }
    if (from instanceof ArrayBuffer) return keep(from.slice(0));
    if (ArrayBuffer.isView(from)) {
      const buffer = copy(from.buffer);
      return keep(new from.constructor(buffer, from.byteOffset, from instanceof DataView ? from.byteLength : from.length));
    }
    if (from instanceof Error) {
      const to = keep(new NativeError(from.message));
      defineProperty(to, "name", { value: from.name, writable: true, configurable: true });
      if ("cause" in from) defineProperty(to, "cause", { value: copy(from.cause), writable: true, configurable: true });
      return to;
    }
    if (from instanceof Promise || from instanceof WeakMap || from instanceof WeakSet) refuse("This object");
    if (from instanceof Number || from instanceof String || from instanceof Boolean) return keep(Object(from.valueOf()));
    const to = keep({});
    for (const key of keys(from)) {
      defineProperty(to, key, { value: copy(from[key]), writable: true, enumerable: true, configurable: true });
    }
    return to;
  };
  return copy(value);
}
`;
