import { parseAst } from "rolldown/parseAst";

/** A node of a syntax tree (ESTree, with TypeScript's nodes), as far as the checks look into it. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** Throws on a syntax error. The file's name decides the dialect: `.ts`, `.d.ts` or `.js`. */
export function parse(code: string, file: string): SyntaxNode {
  const lang = file.endsWith(".d.ts") ? "dts" : file.endsWith(".ts") ? "ts" : "js";
  return parseAst(code, { lang, sourceType: "module" }, file) as unknown as SyntaxNode;
}

/** A node and all below it, each with the node above it. */
export function* walk(node: SyntaxNode, parent?: SyntaxNode): Generator<{ node: SyntaxNode; parent?: SyntaxNode }> {
  yield parent === undefined ? { node } : { node, parent };
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (isSyntaxNode(child)) yield* walk(child, node);
    }
  }
}

export function isSyntaxNode(value: unknown): value is SyntaxNode {
  return typeof (value as { type?: unknown } | null | undefined)?.type === "string";
}

/** The line, from 1, of a place in a text. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}
