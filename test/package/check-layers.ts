import { posix } from "node:path";
import { findImports } from "./find-imports.ts";
import { house, nodePlaces, partOf, type Room } from "./house.ts";

/** The modules of `src/`: paths from there, and their code. */
export type Sources = Readonly<Record<string, string>>;

/** Everything in which the modules break the rules of the house; empty when all is well. */
export function checkLayers(sources: Sources, packages: readonly string[]): string[] {
  const problems: string[] = [];
  const edges = new Map<string, Set<string>>();
  const nodeUsers = new Map<string, Set<string>>();
  for (const [file, code] of Object.entries(sources)) {
    const from = folderOf(file);
    const room = house[from];
    if (room === undefined) {
      problems.push(`${file}: the folder ${from} has no layer; give it one in the table`);
      continue;
    }
    for (const { specifier, line } of findImports(code, file)) {
      const report = (what: string): void => void problems.push(`${file}:${line}: ${what}`);
      if (specifier === undefined) report("imports something computed, which no check can follow");
      else if (specifier.startsWith("node:")) noteNodeUser(nodeUsers, file, specifier, report);
      else if (!specifier.startsWith(".")) checkPackage(specifier, from, room, packages, report);
      else {
        const to = checkPath(file, specifier, sources, report);
        if (to === undefined || to === from) continue;
        edges.set(from, (edges.get(from) ?? new Set()).add(to));
        checkDirection(from, room, to, specifier, report);
      }
    }
  }
  for (const [place, files] of nodeUsers) {
    if (files.size > 1)
      problems.push(`${place}: only one file may import node: modules, not ${[...files].join(" and ")}`);
  }
  const circle = findCircle(edges);
  if (circle !== undefined) problems.push(`Folders import each other in a circle: ${circle.join(" → ")}`);
  return problems;
}

type Report = (what: string) => void;

function checkPath(file: string, specifier: string, sources: Sources, report: Report): string | undefined {
  if (!specifier.endsWith(".ts")) {
    report(`"${specifier}" must end in .ts`);
    return undefined;
  }
  const target = posix.join(posix.dirname(file), specifier);
  if (Object.hasOwn(sources, target)) return folderOf(target);
  report(`"${specifier}" is no module of src/`);
  return undefined;
}

function checkDirection(from: string, room: Room, to: string, specifier: string, report: Report): void {
  const target = house[to];
  // A folder without a layer is reported once, at its own files.
  if (target === undefined) return;
  if (target.layer > room.layer) report(`"${specifier}" goes up, from ${from} to ${to}`);
  // The two of layer 0 may use each other, as long as that makes no circle.
  else if (target.layer === room.layer && room.layer !== 0)
    report(`"${specifier}" goes sideways, from ${from} to ${to}`);
  else if (room.only !== undefined && target.layer !== 0 && !room.only.includes(to)) {
    report(`"${specifier}": ${from} may import ${room.only.join(", ")} and layer 0 only`);
  }
}

function checkPackage(specifier: string, from: string, room: Room, packages: readonly string[], report: Report): void {
  const name = specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
  if (room.packages !== true) report(`"${specifier}": ${from} imports no packages`);
  else if (!packages.includes(name)) report(`"${specifier}" is not declared in package.json`);
}

function noteNodeUser(users: Map<string, Set<string>>, file: string, specifier: string, report: Report): void {
  const place = nodePlaces.find((start) => file.startsWith(start));
  if (place === undefined) report(`"${specifier}" may be imported in ${nodePlaces.join(" and ")} only`);
  else users.set(place, (users.get(place) ?? new Set()).add(file));
}

function folderOf(file: string): string {
  const [first = file] = file.split("/");
  return partOf[first] ?? first;
}

function findCircle(edges: ReadonlyMap<string, ReadonlySet<string>>): string[] | undefined {
  const cleared = new Set<string>();
  const visit = (folder: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(folder)) return [...path.slice(path.indexOf(folder)), folder];
    if (cleared.has(folder)) return undefined;
    for (const next of edges.get(folder) ?? []) {
      const circle = visit(next, [...path, folder]);
      if (circle !== undefined) return circle;
    }
    cleared.add(folder);
    return undefined;
  };
  for (const folder of edges.keys()) {
    const circle = visit(folder, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}
