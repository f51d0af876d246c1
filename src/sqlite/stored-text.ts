// SQLite keeps text as UTF-8, which cannot say half a surrogate pair, and some runtimes cut text at its first NUL.
// Ids that hold such a thing are stored as JSON behind a mark, so that no two of them become the same.

const MARK = "\u0001";
const UNSAFE = new RegExp(`^${MARK}|\0|\\p{Surrogate}`, "u");

/** An id as it is stored. */
export function encodeText(text: string): string {
  return UNSAFE.test(text) ? MARK + JSON.stringify(text) : text;
}

/** A stored id as it was given. */
export function decodeText(stored: string): string {
  return stored.charCodeAt(0) === 1 ? (JSON.parse(stored.slice(1)) as string) : stored;
}
