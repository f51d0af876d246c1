interface Listenable {
  addEventListener?(type: string, listener: () => void): void;
  removeEventListener?(type: string, listener: () => void): void;
}

/** Calls `wake` when the page becomes visible or online; outside of a browser never. Returns what ends that. */
export function onPageWake(wake: () => void): () => void {
  const page = globalThis as Listenable & { document?: Listenable & { readonly visibilityState?: string } };
  const { document } = page;
  if (document === undefined) return () => undefined;
  const look = (): void => {
    if (document.visibilityState === "visible") wake();
  };
  document.addEventListener?.("visibilitychange", look);
  page.addEventListener?.("online", wake);
  return () => {
    document.removeEventListener?.("visibilitychange", look);
    page.removeEventListener?.("online", wake);
  };
}
