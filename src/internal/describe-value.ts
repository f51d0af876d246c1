/** Names a value for an error message ("got …"): short, and safe for values whose own methods throw. */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(clip(value, 60));
    case "bigint":
      return `${value}n`;
    case "function":
      return "a function";
    case "symbol":
      return "a symbol";
    case "object":
      if (value === null) return "null";
      return isArray(value) ? "an array" : "an object";
    default:
      return Object.is(value, -0) ? "-0" : String(value);
  }
}

function isArray(value: unknown): boolean {
  try {
    return Array.isArray(value);
  } catch {
    // A revoked proxy refuses even this question.
    return false;
  }
}

/** At most `length` characters of `text`; what is missing is counted. */
export function clip(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}… (${text.length - length} more)`;
}
