/** Names a value for an error message ("got …"): in short, and nothing of what an object holds. */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(clip(value, 60));
    case "bigint":
      return `${value}n`;
    case "function":
    case "symbol":
      return `a ${typeof value}`;
    default:
      if (Object(value) !== value) return String(value);
      return Array.isArray(value) ? "an array" : "an object";
  }
}

/** At most `length` characters of `text`; what is missing is counted. */
export function clip(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}… (${text.length - length} more)`;
}
