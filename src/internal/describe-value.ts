/** Names a value for an error message ("got …"): in short, and nothing of what an object holds. */
export function describeValue(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(clip(value, 60));
  if (Object(value) !== value) return String(value);
  return Array.isArray(value) ? "an array" : typeof value === "object" ? "an object" : "a function";
}

/** At most `length` characters of `text`; what is missing is counted. */
export function clip(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}… (${text.length - length} more)`;
}
