// Values as text for the messages of failed expectations: one line, clipped, safe for cycles and throwing getters.

const MAX_DEPTH = 6;
const MAX_ITEMS = 30;
const MAX_LENGTH = 600;

export function showValue(value: unknown): string {
  const text = show(value, []);
  return text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH)}… (${text.length - MAX_LENGTH} more)`;
}

function show(value: unknown, parents: readonly object[]): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return `[function ${value.name || "anonymous"}]`;
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "-0" : String(value);
  if (parents.includes(value)) return "[circular]";
  if (parents.length >= MAX_DEPTH) return Array.isArray(value) ? "[…]" : "{…}";
  try {
    return showObject(value, [...parents, value]);
  } catch (error) {
    return `[unprintable: ${error instanceof Error ? error.message : String(error)}]`;
  }
}

function showObject(value: object, parents: readonly object[]): string {
  const list = (items: Iterable<unknown>, open: string, close: string): string => {
    const shown: string[] = [];
    for (const item of items) {
      if (shown.length === MAX_ITEMS) return `${open}${shown.join(", ")}, …${close}`;
      shown.push(show(item, parents));
    }
    return `${open}${shown.join(", ")}${close}`;
  };
  if (Array.isArray(value)) return list(value, "[", "]");
  if (value instanceof Error) return showError(value, parents);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Date(invalid)" : `Date(${value.toISOString()})`;
  if (value instanceof RegExp) return String(value);
  if (value instanceof Set) return list(value, "Set {", "}");
  if (value instanceof Map) {
    const entries = [...value].map(([key, item]) => `${show(key, parents)} => ${show(item, parents)}`);
    return `Map {${entries.join(", ")}}`;
  }
  const name = className(value);
  if (ArrayBuffer.isView(value) && Symbol.iterator in value) return list(value as Uint8Array, `${name} [`, "]");
  return `${name === "Object" ? "" : `${name} `}${showFields(value, parents)}`;
}

function showError(error: Error, parents: readonly object[]): string {
  const fields = Reflect.ownKeys(error).some((key) => isEnumerable(error, key)) ? ` ${showFields(error, parents)}` : "";
  const cause = error.cause === undefined ? "" : ` (cause: ${show(error.cause, parents)})`;
  return `${error.name}(${JSON.stringify(error.message)})${fields}${cause}`;
}

function showFields(value: object, parents: readonly object[]): string {
  const keys = Reflect.ownKeys(value).filter((key) => isEnumerable(value, key));
  const shown = keys.slice(0, MAX_ITEMS).map((key) => {
    const name = typeof key === "string" && /^[\w$]+$/.test(key) ? key : showKey(key);
    return `${name}: ${show(Reflect.get(value, key), parents)}`;
  });
  if (keys.length > MAX_ITEMS) shown.push("…");
  return shown.length === 0 ? "{}" : `{ ${shown.join(", ")} }`;
}

const showKey = (key: string | symbol): string => (typeof key === "string" ? JSON.stringify(key) : `[${String(key)}]`);

const isEnumerable = (value: object, key: string | symbol): boolean =>
  Object.getOwnPropertyDescriptor(value, key)?.enumerable === true;

function className(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null) return "[no prototype]";
  const name: unknown = (value.constructor as { name?: unknown } | undefined)?.name;
  return typeof name === "string" && name !== "" ? name : "Object";
}
