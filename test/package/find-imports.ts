import { isSyntaxNode, lineAt, parse, walk } from "./syntax-tree.ts";

export interface FoundImport {
  /** What is imported; undefined when it is computed, so that no check can know it. */
  readonly specifier: string | undefined;
  readonly line: number;
}

// Every way in which TypeScript code names another module, types included.
const NAMES_A_MODULE = new Set([
  "ImportDeclaration",
  "ExportNamedDeclaration",
  "ExportAllDeclaration",
  "ImportExpression",
  "TSImportType",
  "TSExternalModuleReference",
]);

/** All that a module imports: statements, `export … from`, `import()`, `import type`, `import("…").Type`, `require`. */
export function findImports(code: string, file: string): FoundImport[] {
  const found: FoundImport[] = [];
  for (const { node } of walk(parse(code, file))) {
    if (!NAMES_A_MODULE.has(node.type)) continue;
    const source = node["source"] ?? node["expression"];
    // `export { a }` and `export const a` come from nowhere else.
    if (!isSyntaxNode(source)) continue;
    const specifier = source.type === "Literal" && typeof source["value"] === "string" ? source["value"] : undefined;
    found.push({ specifier, line: lineAt(code, source.start) });
  }
  return found;
}
