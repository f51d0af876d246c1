import { posix } from "node:path";
import {
  readDeclarationModule,
  referencedNames,
  type DeclarationModule,
  type Elsewhere,
} from "./declaration-module.ts";

/** Reads a `.d.ts` file by its path. */
export type ReadDeclarations = (file: string) => string;

/** A declaration that was traced to its file. */
interface Found {
  readonly file: string;
  readonly name: string;
}

/**
 * An entry's public surface as text: its exported names with their declarations, then what these declarations lean on
 * without exporting it. Comments are left out, and so are places: moving a declaration to another file changes nothing.
 */
export function describeSurface(entryFile: string, read: ReadDeclarations): string {
  const modules = new Map<string, DeclarationModule>();
  const load = (file: string): DeclarationModule => {
    const known = modules.get(file) ?? readDeclarationModule(read(file), file);
    modules.set(file, known);
    return known;
  };

  const exported = listExports(entryFile, load);
  const shown = new Set<string>();
  const pending: Found[] = [];
  const show = (found: Found, publicName: string): string => {
    shown.add(`${found.file}#${found.name}`);
    const { texts, leansOn } = readFound(found, load);
    pending.push(...leansOn);
    const alias = publicName === found.name ? "" : ` (as ${publicName})`;
    return `${texts.map((text) => text + alias).join("\n")}\n`;
  };
  const sections = [...exported]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, found]) => (found === undefined ? `${name} (a whole module)\n` : show(found, name)));

  const hidden: { readonly name: string; readonly text: string }[] = [];
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    if (!shown.has(`${next.file}#${next.name}`)) hidden.push({ name: next.name, text: show(next, next.name) });
  }
  hidden.sort((one, other) => (one.text < other.text ? -1 : 1));
  const names = `// ${[...exported.keys()].sort().join(", ")}\n`;
  const rest =
    hidden.length === 0 ? [] : ["// Not exported, but part of what is:\n", ...hidden.map(({ text }) => text)];
  return [names, ...sections, ...rest].join("\n");
}

type Load = (file: string) => DeclarationModule;

function listExports(file: string, load: Load): Map<string, Found | undefined> {
  const module = load(file);
  const names = new Map<string, Found | undefined>();
  for (const specifier of module.stars) {
    for (const [name, found] of listExports(resolve(file, specifier), load)) names.set(name, found);
  }
  for (const name of module.exports.keys()) names.set(name, trace(file, name, load));
  return names;
}

/** Where an exported name is declared; undefined for a whole module and for what comes from another package. */
function trace(file: string, name: string, load: Load): Found | undefined {
  const target = load(file).exports.get(name);
  if (typeof target === "string") return traceLocal(file, target, load);
  if (target !== undefined) return follow(file, target, load);
  for (const specifier of load(file).stars) {
    const found = trace(resolve(file, specifier), name, load);
    if (found !== undefined) return found;
  }
  return undefined;
}

function traceLocal(file: string, name: string, load: Load): Found | undefined {
  const module = load(file);
  if (module.declarations.has(name)) return { file, name };
  const elsewhere = module.imports.get(name);
  return elsewhere === undefined ? undefined : follow(file, elsewhere, load);
}

function follow(file: string, { specifier, imported }: Elsewhere, load: Load): Found | undefined {
  return imported === "*" || !specifier.startsWith(".") ? undefined : trace(resolve(file, specifier), imported, load);
}

function readFound({ file, name }: Found, load: Load): { texts: string[]; leansOn: Found[] } {
  const module = load(file);
  const nodes = module.declarations.get(name) ?? [];
  const leansOn = nodes.flatMap((node) => [...referencedNames(node)].map((used) => traceLocal(file, used, load)));
  return {
    texts: nodes.map((node) => withoutComments(module.code.slice(node.start, node.end)).replace(/^declare /, "")),
    leansOn: leansOn.filter((found) => found !== undefined),
  };
}

// Strings come first, so that what looks like a comment inside one is kept.
const STRING_OR_COMMENT = /("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`)|\/\*[\s\S]*?\*\/|\/\/.*/g;

function withoutComments(text: string): string {
  const bare = text.replace(STRING_OR_COMMENT, (_, kept: string | undefined) => kept ?? "");
  return bare.replace(/[ \t]+$/gm, "").replace(/\n{2,}/g, "\n");
}

// Declarations name each other as .ts or .js, by the compiler's version.
const resolve = (file: string, specifier: string): string =>
  posix.join(posix.dirname(file), specifier.replace(/\.[jt]s$/, ".d.ts"));
