interface NodeProcess {
  getBuiltinModule?(name: string): unknown;
}

/**
 * A built-in module of Node, where there are any (Node from 20.16, Deno, Bun). Asked for at run time and not imported, so
 * that one and the same file loads on Workers and in browsers and a bundler has nothing to resolve.
 */
export function nodeBuiltin<T>(name: `node:${string}`): T | undefined {
  const { process } = globalThis as { readonly process?: NodeProcess };
  return process?.getBuiltinModule?.(name) as T | undefined;
}
