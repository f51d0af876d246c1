/*
 * The globals of scripts beside the language itself, for `"lib": ["ES2023"]`, which then is just what a script can use.
 * Where another library (DOM, WebWorker, Node) declares the same names, its own types stand.
 */

interface Event {
  readonly type: string;
  readonly target: EventTarget | null;
  readonly currentTarget: EventTarget | null;
  readonly cancelable: boolean;
  readonly defaultPrevented: boolean;
  preventDefault(): void;
  stopPropagation(): void;
  stopImmediatePropagation(): void;
}

interface EventTarget {
  addEventListener(
    type: string,
    listener: ((event: Event) => void) | { handleEvent(event: Event): void } | null,
    options?: boolean | { once?: boolean; signal?: AbortSignal },
  ): void;
  removeEventListener(
    type: string,
    listener: ((event: Event) => void) | { handleEvent(event: Event): void } | null,
  ): void;
  dispatchEvent(event: Event): boolean;
}

interface AbortSignal extends EventTarget {
  readonly aborted: boolean;
  // As the libraries declare it, so that the declarations merge.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly reason: any;
  throwIfAborted(): void;
}

interface AbortController {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}

interface DOMException extends Error {
  readonly code: number;
  readonly message: string;
  readonly name: string;
}

interface Console {
  debug(...data: unknown[]): void;
  log(...data: unknown[]): void;
  info(...data: unknown[]): void;
  warn(...data: unknown[]): void;
  error(...data: unknown[]): void;
}

declare var console: typeof globalThis extends { onmessage: unknown; console: infer T } ? T : Console;
declare var crypto: typeof globalThis extends { onmessage: unknown; crypto: infer T } ? T : { randomUUID(): string };
declare var Event: typeof globalThis extends { onmessage: unknown; Event: infer T }
  ? T
  : { prototype: Event; new (type: string, options?: { cancelable?: boolean }): Event };
declare var EventTarget: typeof globalThis extends { onmessage: unknown; EventTarget: infer T }
  ? T
  : { prototype: EventTarget; new (): EventTarget };
declare var AbortController: typeof globalThis extends { onmessage: unknown; AbortController: infer T }
  ? T
  : { prototype: AbortController; new (): AbortController };
declare var AbortSignal: typeof globalThis extends { onmessage: unknown; AbortSignal: infer T }
  ? T
  : {
      prototype: AbortSignal;
      abort(reason?: unknown): AbortSignal;
      timeout(ms: number): AbortSignal;
      any(signals: readonly AbortSignal[]): AbortSignal;
    };
declare var DOMException: typeof globalThis extends { onmessage: unknown; DOMException: infer T }
  ? T
  : { prototype: DOMException; new (message?: string, name?: string): DOMException };

declare function setTimeout<A extends unknown[]>(callback: (...args: A) => void, ms?: number, ...args: A): number;
declare function setInterval<A extends unknown[]>(callback: (...args: A) => void, ms?: number, ...args: A): number;
declare function clearTimeout(timer: number | undefined): void;
declare function clearInterval(timer: number | undefined): void;
declare function queueMicrotask(callback: () => void): void;
declare function structuredClone<T>(value: T): T;
