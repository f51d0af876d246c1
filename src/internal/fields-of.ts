/** What a stranger's value holds by name: nothing, where it is no object. */
export function fieldsOf(value: unknown): Readonly<Record<PropertyKey, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>) : {};
}
