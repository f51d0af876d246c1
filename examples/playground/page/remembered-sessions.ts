/** A session that this browser has used. */
export interface RememberedSession {
  readonly id: string;
  /** Its first message. */
  readonly title: string;
  readonly at: number;
}

const KEY = "turnwire-sessions";
const MOST = 20;

/** Newest first. */
export function rememberedSessions(): readonly RememberedSession[] {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "[]") as RememberedSession[];
    return Array.isArray(kept) ? kept : [];
  } catch {
    // Somebody else's writing.
    return [];
  }
}

export function rememberSession(id: string, title: string): void {
  const known = rememberedSessions();
  const before = known.find((one) => one.id === id);
  if (before !== undefined && (title === "" || before.title !== "")) return;
  const kept = { id, title, at: before?.at ?? Date.now() };
  const others = known.filter((one) => one.id !== id);
  localStorage.setItem(KEY, JSON.stringify([kept, ...others].slice(0, MOST)));
}

/** The session that the address names. A new one is named there, so that a reload or a second tab finds it. */
export function sessionOfAddress(): string {
  const named = new URLSearchParams(location.hash.slice(1)).get("s");
  if (named !== null && /\S/.test(named) && named.length <= 100) return named;
  const id = newSessionId();
  history.replaceState(null, "", addressOf(id));
  return id;
}

export function newSessionId(): string {
  return `chat-${crypto.randomUUID().slice(0, 8)}`;
}

export function addressOf(sessionId: string): string {
  return `#s=${encodeURIComponent(sessionId)}`;
}
