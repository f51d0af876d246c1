import { TurnError } from "../errors.ts";

/*
 * What crosses between host and VM is JSON text. Functions and abort signals stay where they are and cross as numbers, in
 * slots beside the text, so that no data can be mistaken for one: as an argument, or as a direct field of an argument.
 */

/** One function of a value that came from a VM: where it stood, and its number there; one below 0 is a signal. */
export type ScriptSlot = readonly [path: readonly (string | number)[], ref: number];

/** One function or signal in arguments that go to a VM. */
export type HostSlot = readonly [index: number, key: string | null, kind: "f" | "s", number: number];

/** Finds the functions and signals in arguments; `number` gives each of them its number. */
export function findHostSlots(
  args: readonly unknown[],
  number: (value: (...args: never[]) => unknown) => number,
  signalNumber: (value: AbortSignal) => number,
): HostSlot[] {
  let slots: HostSlot[] = NONE;
  const look = (value: unknown, index: number, key: string | null): void => {
    if (typeof value === "function") {
      const id = number(value as (...args: never[]) => unknown);
      slots = [...slots, [index, key, "f", id]];
    } else if (value instanceof AbortSignal) {
      slots = [...slots, [index, key, "s", signalNumber(value)]];
    }
  };
  for (let index = 0; index < args.length; index++) {
    const arg = args[index];
    if (typeof arg === "function") look(arg, index, null);
    else if (typeof arg !== "object" || arg === null || Array.isArray(arg)) continue;
    else if (arg instanceof AbortSignal) look(arg, index, null);
    else {
      for (const key in arg) {
        const inner = (arg as Readonly<Record<string, unknown>>)[key];
        if (typeof inner === "function" || (typeof inner === "object" && inner !== null)) look(inner, index, key);
      }
    }
  }
  return slots;
}

const NONE: HostSlot[] = [];

/** JSON text within the limit, or a `script-limit` error that says what was too long. */
export function encodeWithin(what: string, value: unknown, maxBytes: number): string {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) return "";
  if (isLonger(text, maxBytes)) throw tooLong(what, maxBytes);
  return text;
}

export function tooLong(what: string, maxBytes: number): TurnError {
  return new TurnError("script-limit", `${what} longer than ${maxBytes} bytes as JSON (messageBytes)`);
}

export function isLonger(text: string, maxBytes: number): boolean {
  return text.length * 3 > maxBytes && utf8Bytes(text) > maxBytes;
}

/** A value out of a VM: parsed, with its functions and signals put where they stood. */
export function decodeFromVm(text: string, slots: readonly ScriptSlot[], valueFor: (ref: number) => unknown): unknown {
  let value: unknown = text === "" ? undefined : JSON.parse(text);
  for (const [path, ref] of slots) {
    if (path.length === 0) value = valueFor(ref);
    else putAt(value, path, valueFor(ref));
  }
  return value;
}

/** The slots of a message. It came from a VM, so it is looked at before it is believed. */
export function parseSlots(text: string): readonly ScriptSlot[] {
  if (text === "") return [];
  const found: unknown = JSON.parse(text);
  if (!Array.isArray(found) || !found.every(isSlot)) throw new SyntaxError("Malformed functions in a message");
  return found;
}

function isSlot(value: unknown): value is ScriptSlot {
  return (
    Array.isArray(value) &&
    Array.isArray(value[0]) &&
    value[0].length <= 8 &&
    value[0].every((key: unknown) => typeof key === "string" || typeof key === "number") &&
    typeof value[1] === "number"
  );
}

function putAt(root: unknown, path: readonly (string | number)[], value: unknown): void {
  let place: unknown = root;
  for (const key of path.slice(0, -1)) {
    if (typeof place !== "object" || place === null || !Object.hasOwn(place, key)) return;
    place = (place as Record<string | number, unknown>)[key];
  }
  const last = path.at(-1);
  if (typeof place !== "object" || place === null || last === undefined) return;
  // Defined and not assigned: the key may be `__proto__`.
  Object.defineProperty(place, last, { value, writable: true, enumerable: true, configurable: true });
}

const encoder = new TextEncoder();

export function utf8Bytes(text: string): number {
  return encoder.encode(text).length;
}
