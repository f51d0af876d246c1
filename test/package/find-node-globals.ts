import { isSyntaxNode, lineAt, parse, walk, type SyntaxNode } from "./syntax-tree.ts";

// `setTimeout` and the like are the Web's as well. These are not.
const NODE_GLOBALS = new Set([
  "process",
  "Buffer",
  "global",
  "require",
  "module",
  "__dirname",
  "__filename",
  "setImmediate",
]);

/**
 * Where a program mentions a global of Node's, bare or as a field of `globalThis`. A variable of its own with such a
 * name counts too: it is not worth telling apart, and a better name is easily found.
 */
export function findNodeGlobals(code: string): string[] {
  const found: string[] = [];
  for (const { node, parent } of walk(parse(code, "bundle.js"))) {
    const name = node.type === "Identifier" ? node["name"] : node.type === "Literal" ? node["value"] : undefined;
    if (typeof name !== "string" || !NODE_GLOBALS.has(name)) continue;
    if (node.type === "Identifier" ? !isFieldName(node, parent) : isFieldOfGlobal(node, parent)) {
      found.push(`${name} in line ${lineAt(code, node.start)}`);
    }
  }
  return found;
}

function isFieldName(node: SyntaxNode, parent: SyntaxNode | undefined): boolean {
  if (parent === undefined || isFieldOfGlobal(node, parent)) return false;
  if (parent["computed"] === true) return false;
  // A shorthand `{ process }` reads the variable.
  if (parent.type === "Property") return parent["key"] === node && parent["shorthand"] !== true;
  if (parent.type === "MemberExpression") return parent["property"] === node;
  return parent.type === "MethodDefinition" || (parent.type === "PropertyDefinition" && parent["key"] === node);
}

/** `globalThis.process`, `globalThis["process"]`, and the same on `self`. */
function isFieldOfGlobal(node: SyntaxNode, parent: SyntaxNode | undefined): boolean {
  if (parent?.type !== "MemberExpression" || parent["property"] !== node) return false;
  const object = parent["object"];
  return isSyntaxNode(object) && (object["name"] === "globalThis" || object["name"] === "self");
}
