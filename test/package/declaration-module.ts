import { isSyntaxNode, parse, type SyntaxNode, walk } from "./syntax-tree.ts";

/** A name in another module: `imported` is `*` for the whole of it. */
export interface Elsewhere {
  readonly specifier: string;
  readonly imported: string;
}

/** A `.d.ts` file as a table of names. */
export interface DeclarationModule {
  readonly code: string;
  readonly declarations: ReadonlyMap<string, readonly SyntaxNode[]>;
  readonly imports: ReadonlyMap<string, Elsewhere>;
  /** Exported name to local name, or to where it comes from. */
  readonly exports: ReadonlyMap<string, string | Elsewhere>;
  /** The modules of `export * from`. */
  readonly stars: readonly string[];
}

export function readDeclarationModule(code: string, file: string): DeclarationModule {
  const declarations = new Map<string, SyntaxNode[]>();
  const imports = new Map<string, Elsewhere>();
  const exports = new Map<string, string | Elsewhere>();
  const stars: string[] = [];
  const declare = (node: SyntaxNode): string[] => {
    const names = declaredNames(node);
    // Overloads and merged interfaces have several declarations.
    for (const name of names) declarations.set(name, [...(declarations.get(name) ?? []), node]);
    return names;
  };
  for (const node of nodesOf(parse(code, file), "body")) {
    const specifier = textOf(node, "source");
    if (node.type === "ImportDeclaration" && specifier !== undefined) {
      for (const one of nodesOf(node, "specifiers")) {
        const imported = one.type === "ImportNamespaceSpecifier" ? "*" : (textOf(one, "imported") ?? "default");
        imports.set(textOf(one, "local") ?? "", { specifier, imported });
      }
    } else if (node.type === "ExportAllDeclaration" && specifier !== undefined) {
      const name = textOf(node, "exported");
      if (name === undefined) stars.push(specifier);
      else exports.set(name, { specifier, imported: "*" });
    } else if (node.type === "ExportNamedDeclaration") {
      const declaration = node["declaration"];
      if (isSyntaxNode(declaration)) for (const name of declare(declaration)) exports.set(name, name);
      for (const one of nodesOf(node, "specifiers")) {
        const local = textOf(one, "local") ?? "";
        exports.set(textOf(one, "exported") ?? "", specifier === undefined ? local : { specifier, imported: local });
      }
    } else if (node.type === "ExportDefaultDeclaration") {
      throw new Error(`${file}: a default export; entries have named exports only`);
    } else declare(node);
  }
  return { code, declarations, imports, exports, stars };
}

/** The names of types and values that a declaration leans on. */
export function referencedNames(declaration: SyntaxNode): Set<string> {
  const names = new Set<string>();
  for (const { node } of walk(declaration)) {
    for (const field of REFERENCES[node.type] ?? []) {
      const name = leftmostName(node[field]);
      if (name !== undefined) names.add(name);
    }
    if (node["computed"] === true) {
      const name = leftmostName(node["key"]);
      if (name !== undefined) names.add(name);
    }
  }
  return names;
}

const REFERENCES: Readonly<Record<string, readonly string[]>> = {
  TSTypeReference: ["typeName"],
  TSTypeQuery: ["exprName"],
  TSInterfaceHeritage: ["expression"],
  TSClassImplements: ["expression"],
  ClassDeclaration: ["superClass"],
};

function leftmostName(node: unknown): string | undefined {
  if (!isSyntaxNode(node)) return undefined;
  if (node.type === "Identifier") return String(node["name"]);
  return leftmostName(node["left"] ?? node["object"]);
}

function declaredNames(node: SyntaxNode): string[] {
  const name = textOf(node, "id");
  return name === undefined ? nodesOf(node, "declarations").map((one) => textOf(one, "id") ?? "") : [name];
}

/** The name or text that a field holds, as an identifier or a string. */
function textOf(node: SyntaxNode, field: string): string | undefined {
  const value = node[field];
  if (!isSyntaxNode(value)) return undefined;
  const text = value["name"] ?? value["value"];
  return typeof text === "string" ? text : undefined;
}

function nodesOf(node: SyntaxNode, field: string): SyntaxNode[] {
  const value = node[field];
  return Array.isArray(value) ? (value as unknown[]).filter(isSyntaxNode) : [];
}
