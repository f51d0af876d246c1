import type { JsonValue, TurnEvent } from "../../src/index.ts";
import type { Random } from "./random.ts";

/** Texts that have broken somebody's wire: separators, controls, halves of pairs, names of the language itself. */
export const HOSTILE_TEXTS: readonly string[] = [
  "",
  " ",
  "\n",
  "\r\n",
  "\r",
  "\u2028\u2029\u0085",
  "\0",
  "\ufeff",
  "a\ufeffb",
  "data: x\n\n",
  "id: 1",
  ":comment",
  '"',
  "\\",
  '\\"',
  "}{",
  "][",
  "é",
  "日本語",
  "👩‍👩‍👧‍👦",
  "e\u0301",
  "\ud83d",
  "\ude00",
  "x\ud83dy",
  "\u0001\u001f\u007f",
  "__proto__",
  "constructor",
  "toString",
  "toJSON",
  "then",
];

export function randomText(random: Random): string {
  let text = "";
  for (let pieces = random.below(4); pieces >= 0; pieces--) {
    text += random.chance(0.5) ? random.pick(HOSTILE_TEXTS) : String.fromCharCode(random.below(0x10000));
  }
  return text;
}

export function randomJson(random: Random, depth = 4): JsonValue {
  switch (random.below(depth > 0 ? 8 : 6)) {
    case 0:
      return null;
    case 1:
      return random.chance(0.5);
    case 2:
      return random.pick([0, -1, 1.5, 1e300, 5e-324, Number.MAX_SAFE_INTEGER, random.below(1e9)]);
    case 6:
      return Array.from({ length: random.below(4) }, () => randomJson(random, depth - 1));
    case 7:
      return randomObject(random, depth - 1);
    default:
      return randomText(random);
  }
}

export function randomObject(random: Random, depth = 3): { [key: string]: JsonValue } {
  // Defines its keys, so that `__proto__` is one like any other.
  return Object.fromEntries(
    Array.from({ length: random.below(4) }, () => [randomText(random), randomJson(random, depth)]),
  );
}

export function randomEvent(random: Random): TurnEvent {
  return {
    type: `t${randomText(random)}`,
    ...(random.chance(0.8) ? { data: randomObject(random) } : {}),
    ...(random.chance(0.5) ? { id: randomText(random) } : {}),
  };
}
